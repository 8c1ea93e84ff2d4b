import { sql } from "kysely";

import { AddressRepository } from "./address-repository.ts";

import { AlertDeliveryRepository } from "./alert-delivery-repository.ts";
import { AlertRepository } from "./alert-repository.ts";
import { AlertRuleRepository } from "./alert-rule-repository.ts";

import { AssessmentRepository } from "./assessment-repository.ts";
import { AuditRepository } from "./audit-repository.ts";
import { BackupRepository } from "./backup-repository.ts";
import { BindingRepository } from "./binding-repository.ts";
import { BudgetRepository } from "./budget-repository.ts";
import { BurstLeaseRepository } from "./burst-lease-repository.ts";
import { BurstPoolRepository } from "./burst-pool-repository.ts";
import { type CallRate, PostgresCallBudget } from "./call-budget.ts";
import { CertificateRepository } from "./certificate-repository.ts";
import { PostgresCheckpointStore } from "./checkpoint-store.ts";
import { ConnectionRepository } from "./connection-repository.ts";
import { ControlPlaneRepository } from "./control-plane-repository.ts";
import { CostRepository } from "./cost-repository.ts";
import { clientConfig, type DatabaseOptions, openDatabase, type StoreLog } from "./database.ts";
import { dumpStore } from "./dump.ts";
import { FilePipe } from "./file-pipe.ts";
import { FindingRepository } from "./finding-repository.ts";
import { GroupPointRepository } from "./group-point-repository.ts";
import { GuardRepository } from "./guard-repository.ts";
import { HealthRepository } from "./health-repository.ts";
import { IdempotencyRepository } from "./idempotency-repository.ts";
import { InventoryWriter } from "./inventory-writer.ts";
import { LeaseAskRepository } from "./lease-ask-repository.ts";
import { Listener } from "./listener.ts";
import { LiveRepository } from "./live-repository.ts";
import { type LoadedStore, loadStore } from "./load.ts";
import { LogRepository } from "./log-repository.ts";
import { MapRepository } from "./map-repository.ts";
import { MetricRepository } from "./metric-repository.ts";
import { migrateDatabase } from "./migrate.ts";
import { MigrationRepository } from "./migration-repository.ts";
import { MigrationTestRepository } from "./migration-test-repository.ts";
import { OperationRepository } from "./operation-repository.ts";
import { PlanRepository } from "./plan-repository.ts";
import { PointHoldRepository } from "./point-hold-repository.ts";
import { PointRepository } from "./point-repository.ts";
import { PolicyRepository } from "./policy-repository.ts";
import { shippedPriceList } from "./price-catalogue.ts";
import { PriceRepository } from "./price-repository.ts";
import { ProtectionRepository } from "./protection-repository.ts";
import { PostgresRateLeases } from "./rate-leases.ts";
import { RecoveryPlanRepository } from "./recovery-plan-repository.ts";
import { RecoveryRunRepository } from "./recovery-run-repository.ts";
import { ReplicaRoundRepository } from "./replica-round-repository.ts";
import { ResourceRepository } from "./resource-repository.ts";
import { RestoreRepository } from "./restore-repository.ts";
import { SavedSearchRepository } from "./saved-search-repository.ts";
import { SavingsRepository } from "./savings-repository.ts";
import { SessionRepository } from "./session-repository.ts";
import { SiteWorkerRepository } from "./site-worker-repository.ts";
import { SlotRepository } from "./slot-repository.ts";
import { TakeoverRepository } from "./takeover-repository.ts";
import { TokenRepository } from "./token-repository.ts";
import { UserRepository } from "./user-repository.ts";
import { VmRepository } from "./vm-repository.ts";
import { WarmRepository } from "./warm-repository.ts";
import { WatchRepository } from "./watch-repository.ts";
import { WaveRepository } from "./wave-repository.ts";

export type { Delivery, ToldNotification } from "./alert-delivery-repository.ts";
export type { AlertEvent, TrackedAlert } from "./alert-repository.ts";
export type { AuditQuery } from "./audit-repository.ts";
export type { Backup } from "./backup-repository.ts";
export type { BindingRecord } from "./binding-repository.ts";
export type { BurstLeasePatch, KeptLease, NewBurstLease } from "./burst-lease-repository.ts";
export { poolSubject } from "./burst-pool-repository.ts";
export type { ConnectionPatch } from "./connection-repository.ts";
export type { BackupPlace } from "./control-plane-repository.ts";
export type { CostRepository, CostSegment, CostSource } from "./cost-repository.ts";
export type { StoreLog } from "./database.ts";
export type { HealthDecision } from "./health-repository.ts";
export type { DecisionAnswer } from "./health-schema.ts";
export type { IdempotencyClaim, StoredResponse } from "./idempotency-repository.ts";
export type { ReadingResult } from "./inventory-writer.ts";
export type { LogFilter } from "./log-repository.ts";
export type { LatestQuery, MetricRange } from "./metric-repository.ts";
export type { NewMigrationEvent } from "./migration-events.ts";
export type { MigrationPatch, NewMigration } from "./migration-repository.ts";
export type { MigrationTestPatch } from "./migration-test-repository.ts";
export type { Page } from "./paging.ts";
export type { PointDecision } from "./point-hold-repository.ts";
export type { PointKind, PointRecord } from "./point-repository.ts";
export type { KeptPolicy, NewPolicy } from "./policy-repository.ts";
export type { TriedPolicy } from "./policy-scans.ts";
export type { PriceList, PriceQuery } from "./price-repository.ts";
export type { NewProtectionEvent } from "./protection-events.ts";
export type { MemberPatch, NewProtectionGroup } from "./protection-repository.ts";
export type { RecoveryRunPatch } from "./recovery-run-repository.ts";
export type { KeptReading, ResourceChange, ResourceKey, ResourceVersion } from "./resource-repository.ts";
export type { InventoryResource } from "./resource-rows.ts";
export type { SearchPage, SearchRequest } from "./resource-search.ts";
export type { RestorePatch } from "./restore-repository.ts";
export type { SavedSearch } from "./saved-search-repository.ts";
export type { FindingQuery } from "./savings-repository.ts";
export type { CliSignIn, SessionRecord, SignedIn } from "./session-repository.ts";
export type { SiteWorker } from "./site-worker-repository.ts";
export type { SlotAnswer } from "./slot-repository.ts";
export type { TokenRecord } from "./token-repository.ts";
export { hashToken, newToken } from "./token-secret.ts";
export type { UserRecord } from "./user-repository.ts";
export type { InventoryVm, SiteFreshness, VmPage, VmQuery } from "./vm-repository.ts";
export type { SiteWatch } from "./watch-repository.ts";

export interface StoreOptions extends Omit<DatabaseOptions, "log"> {
  readonly log?: StoreLog;
  /** How often subscribers look for news that no notification told them of. Default 2000. */
  readonly pollMs?: number;
}

/**
 * Everything that is kept in PostgreSQL. Calls fail with `ProviderError`s only; a database that is away is `Unavailable`,
 * which every caller retries, and connections come back by themselves.
 */
export interface Store {
  readonly plans: PlanRepository;
  readonly migrations: MigrationRepository;
  readonly tests: MigrationTestRepository;
  readonly maps: MapRepository;
  /** Connections between sites. */
  readonly connections: ConnectionRepository;
  /** Pools of addresses for new networks. */
  readonly addresses: AddressRepository;
  readonly recoveryPlans: RecoveryPlanRepository;
  readonly recoveryRuns: RecoveryRunRepository;
  readonly operations: OperationRepository;
  /** What could cost less. */
  readonly savings: SavingsRepository;
  readonly vms: VmRepository;
  /** What writes the inventory; reading it is for {@link vms} and {@link resources}. */
  readonly inventory: InventoryWriter;
  readonly resources: ResourceRepository;
  readonly searches: SavedSearchRepository;
  readonly policies: PolicyRepository;
  /** What breaks policies. */
  readonly findings: FindingRepository;
  readonly points: PointRepository;
  readonly rounds: ReplicaRoundRepository;
  readonly warm: WarmRepository;
  readonly live: LiveRepository;
  readonly checkpoints: PostgresCheckpointStore;
  readonly leases: PostgresRateLeases;
  readonly slots: SlotRepository;
  readonly watches: WatchRepository;
  /** What was seen of sites, and what was decided on that. */
  readonly health: HealthRepository;
  /** What watchdogs of sites ask. */
  readonly leaseAsks: LeaseAskRepository;
  readonly waves: WaveRepository;
  readonly assessments: AssessmentRepository;
  readonly protection: ProtectionRepository;
  readonly groupPoints: GroupPointRepository;
  /** What people decide of single points. */
  readonly pointHolds: PointHoldRepository;
  readonly takeovers: TakeoverRepository;
  /** The points, VM by VM. */
  readonly backups: BackupRepository;
  readonly restores: RestoreRepository;
  /** Pools that come and go with a load, and their VMs. */
  readonly burstPools: BurstPoolRepository;
  readonly burstLeases: BurstLeaseRepository;
  /** Files on their way to who asked for them. */
  readonly filePipe: FilePipe;
  readonly siteWorkers: SiteWorkerRepository;
  readonly certificates: CertificateRepository;
  readonly users: UserRepository;
  readonly bindings: BindingRepository;
  readonly sessions: SessionRepository;
  readonly guard: GuardRepository;
  readonly tokens: TokenRepository;
  readonly audit: AuditRepository;
  /** This control plane itself. */
  readonly controlPlane: ControlPlaneRepository;
  readonly idempotency: IdempotencyRepository;
  readonly prices: PriceRepository;
  /** Cost rows as they lie; `src/costs` reads and sums them. */
  readonly costs: CostRepository;
  readonly budgets: BudgetRepository;
  /** What all processes said. */
  readonly logs: LogRepository;
  /** Figures over time. */
  readonly metrics: MetricRepository;
  readonly alertRules: AlertRuleRepository;
  readonly alerts: AlertRepository;
  readonly alertDeliveries: AlertDeliveryRepository;
  /** Calls per second of one account, kept by all workers together. Keep one object for each resource. */
  callBudget(resource: string, rate: CallRate): PostgresCallBudget;
  /** Applies missing schema migrations; returns their names. Safe to call from several processes at once. */
  migrate(): Promise<readonly string[]>;
  /** Loads the price list that comes with the product, unless this state of it is there; returns whether it was loaded.
   *  Safe to call from several processes at once. */
  seedPrices(): Promise<boolean>;
  /** Everything that is kept, as it is at one moment: one JSON text a line, for {@link load}. */
  dump(): AsyncGenerator<string>;
  /** Makes an empty database what a dump shows. @throws ProviderError Conflict for one that is in use. */
  load(lines: AsyncIterable<string>): Promise<LoadedStore>;
  /** Resolves when the database answers.
   *  @throws ProviderError Unavailable. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Connects lazily: it resolves also while the database is away. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const database = { ...options, log: options.log ?? (() => undefined) };
  const db = openDatabase(database);
  const listener = new Listener(clientConfig(database), database.log, options.pollMs ?? 2_000);
  const prices = new PriceRepository(db);
  const audit = new AuditRepository(db);
  return {
    plans: new PlanRepository(db),
    migrations: new MigrationRepository(db, listener),
    tests: new MigrationTestRepository(db),
    maps: new MapRepository(db),
    connections: new ConnectionRepository(db),
    addresses: new AddressRepository(db),
    recoveryPlans: new RecoveryPlanRepository(db),
    recoveryRuns: new RecoveryRunRepository(db),
    operations: new OperationRepository(db),
    savings: new SavingsRepository(db),
    vms: new VmRepository(db),
    inventory: new InventoryWriter(db),
    resources: new ResourceRepository(db),
    searches: new SavedSearchRepository(db),
    policies: new PolicyRepository(db),
    findings: new FindingRepository(db),
    points: new PointRepository(db),
    rounds: new ReplicaRoundRepository(db),
    warm: new WarmRepository(db),
    live: new LiveRepository(db),
    checkpoints: new PostgresCheckpointStore(db),
    leases: new PostgresRateLeases(db),
    slots: new SlotRepository(db),
    health: new HealthRepository(db),
    leaseAsks: new LeaseAskRepository(db),
    watches: new WatchRepository(db),
    waves: new WaveRepository(db),
    assessments: new AssessmentRepository(db),
    protection: new ProtectionRepository(db),
    groupPoints: new GroupPointRepository(db),
    pointHolds: new PointHoldRepository(db),
    takeovers: new TakeoverRepository(db),
    backups: new BackupRepository(db),
    restores: new RestoreRepository(db),
    burstPools: new BurstPoolRepository(db),
    burstLeases: new BurstLeaseRepository(db),
    filePipe: new FilePipe(db),
    siteWorkers: new SiteWorkerRepository(db),
    certificates: new CertificateRepository(db),
    users: new UserRepository(db),
    bindings: new BindingRepository(db),
    sessions: new SessionRepository(db),
    guard: new GuardRepository(db),
    tokens: new TokenRepository(db),
    audit,
    controlPlane: new ControlPlaneRepository(db),
    idempotency: new IdempotencyRepository(db),
    prices,
    costs: new CostRepository(db),
    budgets: new BudgetRepository(db),
    logs: new LogRepository(db),
    metrics: new MetricRepository(db),
    alertRules: new AlertRuleRepository(db),
    alerts: new AlertRepository(db),
    alertDeliveries: new AlertDeliveryRepository(db),
    callBudget: (resource, rate) => new PostgresCallBudget(db, resource, rate),
    migrate: () => migrateDatabase(clientConfig(database)),
    async seedPrices() {
      return prices.load(await shippedPriceList());
    },
    dump: () => dumpStore(clientConfig(database)),
    load: (lines) => loadStore(clientConfig(database), lines),
    async ping() {
      await sql`select 1`.execute(db);
    },
    async close() {
      await listener.close();
      await audit.settled();
      await db.destroy();
    },
  };
}
