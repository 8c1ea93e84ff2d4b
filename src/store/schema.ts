// Long because it is one list of tables.

import type { ColumnType, Generated, JSONColumnType } from "kysely";
import type { Certificate } from "../domain/certificate.ts";
import type { Consistency } from "../domain/consistency.ts";
import type { LeftAlone } from "../domain/finalize.ts";
import type { LiveView } from "../domain/live.ts";
import type { DiskResult, MigrationProblem } from "../domain/migration.ts";
import type { MapContent } from "../domain/migration-map.ts";
import type { Plan } from "../domain/plan.ts";
import type { TrafficView } from "../domain/traffic.ts";
import type { UndoView } from "../domain/undo.ts";
import type { RoundDisk, WarmView } from "../domain/warm.ts";
import type {
  ApprovalTable,
  AuditCheckpointTable,
  AuditHeadTable,
  AuditTable,
  BreakGlassTable,
  FreezeTable,
  PlanRequesterTable,
  RoleBindingTable,
  SessionTable,
  SignInCodeTable,
  SignInTable,
  TokenTable,
  UserTable,
} from "./access-schema.ts";

import type { AddressAllocationTable, AddressPoolTable } from "./address-schema.ts";

import type {
  AlertDeliveryTable,
  AlertEventTable,
  AlertNotificationTable,
  AlertRuleTable,
  AlertSilenceTable,
  AlertStandingTable,
  AlertTable,
} from "./alert-schema.ts";

import type { AssessmentTable, AssessmentVmTable } from "./assessment-schema.ts";
import type { BurstBackOffTable, BurstDecisionTable, BurstLeaseTable, BurstPoolTable } from "./burst-schema.ts";
import type { ConnectionTable } from "./connection-schema.ts";
import type { ControlPlanePlaceTable, ControlPlaneTable, InterruptedRunTable } from "./control-plane-schema.ts";
import type {
  BudgetTable,
  CostForecastTable,
  CostImportTable,
  CostSegmentChunkTable,
  CostSegmentTable,
  CostSourceTable,
  CostStatementTable,
  CostUploadTable,
  ExchangeRateTable,
  SplitRuleTable,
} from "./cost-schema.ts";
import type { HealthDecisionTable, HealthSampleTable, LeaseAskTable } from "./health-schema.ts";
import type {
  InventoryReadTable,
  InventoryWatchTable,
  ResourceDocumentTable,
  ResourceHistoryTable,
  ResourceTable,
  SavedSearchTable,
} from "./inventory-schema.ts";
import type { LogLineTable } from "./log-schema.ts";
import type { MetricRollupTable, MetricSampleTable, MetricSeriesTable } from "./metric-schema.ts";
import type { MigrationTestTable } from "./migration-test-schema.ts";
import type { OperationItemTable, OperationTable } from "./operation-schema.ts";
import type {
  PolicyApprovalTable,
  PolicyExemptionTable,
  PolicyFindingTable,
  PolicyScanResultTable,
  PolicyScanTable,
  PolicyTable,
} from "./policy-schema.ts";
import type {
  GroupPointTable,
  ProtectionEventTable,
  ProtectionGroupTable,
  ProtectionMemberTable,
} from "./protection-schema.ts";
import type { RecoveryPlanTable, RecoveryRunTable, RecoveryStepTable } from "./recovery-schema.ts";
import type { FilePipeTable, RestoreTable } from "./restore-schema.ts";
import type { SavingsAnalysisTable, SavingsFindingTable } from "./savings-schema.ts";
import type { JoinTokenTable, SiteWorkerMetricsTable, SiteWorkerTable } from "./site-worker-schema.ts";
import type { WaveMemberTable, WaveTable } from "./wave-schema.ts";

/** bigint columns are read as numbers (all are safe integers), timestamps as ISO 8601 UTC strings. */
export type Time = ColumnType<string, string, string>;
export type DefaultTime = ColumnType<string, string | undefined, string>;
export type OptionalTime = ColumnType<string | null, string | null | undefined, string | null>;
/** JSON goes in as text, so that arrays are not taken for PostgreSQL arrays. */
export type Json<T extends object> = JSONColumnType<T>;
export type Tags = ColumnType<Record<string, string>, string | undefined, string>;
export type OptionalJson<T extends object> = ColumnType<T | null, string | null | undefined, string | null>;

export interface PlanTable {
  plan_id: string;
  kind: string;
  hash: string;
  body: Json<Plan>;
  created_at: DefaultTime;
}

export interface MigrationTable {
  migration_id: string;
  plan_id: string;
  workflow_id: string;
  vm_name: string;
  source_vm_id: string;
  target_vm_id: string | null;
  from_site: string;
  to_site: string;
  state: string;
  step: string | null;
  progress: Generated<number>;
  bytes_to_move: Generated<number>;
  bytes_copied: Generated<number>;
  bytes_resent: Generated<number>;
  disks: ColumnType<DiskResult[], string | undefined, string>;
  downtime_seconds: number | null;
  boot_proof: string | null;
  certificate_id: string | null;
  problem: OptionalJson<MigrationProblem>;
  created_at: DefaultTime;
  updated_at: DefaultTime;
  ended_at: ColumnType<string | null, string | null | undefined, string | null>;
  last_sequence: Generated<number>;
  tags: Tags;
  warm: OptionalJson<WarmView>;
  live: OptionalJson<LiveView>;
  cutover_asked: Generated<boolean>;
  wave_id: string | null;
  undo: OptionalJson<UndoView>;
  traffic: OptionalJson<TrafficView>;
  left_alone: OptionalJson<readonly LeftAlone[]>;
}

export interface MigrationStepTable {
  migration_id: string;
  step: string;
  ordinal: Generated<number>;
  state: string;
  started_at: Time;
  ended_at: ColumnType<string | null, string | null | undefined, string | null>;
  detail: string | null;
}

export interface MigrationEventTable {
  migration_id: string;
  sequence: number;
  at: Time;
  type: string;
  message: string;
  data: Json<Record<string, unknown>>;
  dedupe_key: string | null;
}

export interface ReplicaRoundTable {
  replication_id: string;
  round: number;
  given_up: Generated<boolean>;
  source_point_id: string | null;
  taken_at: OptionalTime;
  proven_at: OptionalTime;
  disks: ColumnType<RoundDisk[], string | undefined, string>;
  consistency: OptionalJson<Consistency>;
}

export interface MigrationMapTable {
  name: string;
  version: number;
  from_site: string;
  to_site: string;
  content: OptionalJson<MapContent>;
  created_by: string;
  created_at: DefaultTime;
}

export interface PointTable {
  site: string;
  point_id: string;
  kind: string;
  lineage: string;
  disk_id: string;
  size_bytes: number;
  manifest_id: string;
  root_hash: string;
  migration_id: string;
  created_at: Time;
}

export interface GenerationTable {
  generation_id: string;
  size_bytes: number;
  parent_manifest_id: string | null;
  attempt: Generated<number>;
  sealed: Generated<boolean>;
  root_hash: string | null;
  bytes_done: Generated<number>;
  bytes_to_move: Generated<number>;
  bytes_copied: Generated<number>;
  bytes_resent: Generated<number>;
  leaves_written: Generated<number>;
  bytes_on_wire: Generated<number>;
  attempt_sent: Generated<number>;
  attempt_base: Generated<number>;
  created_at: DefaultTime;
  sealed_at: ColumnType<string | null, string | null | undefined, string | null>;
}

export interface ManifestChunkTable {
  manifest_id: string;
  chunk_index: number;
  leaves: Buffer | null;
  leaf_repeat: Generated<number>;
  leaves_from: string | null;
  done: Buffer;
}

export interface RateLeaseTable {
  resource: string;
  holder: string;
  expires_at: Time;
  per_second: Generated<number>;
  ticket: Generated<number>;
  rank: Generated<number>;
  needs: number | null;
}

export interface SlotLeaseTable {
  resource: string;
  holder: string;
  ticket: Generated<number>;
  granted: Generated<boolean>;
  expires_at: Time;
}

export interface CallBudgetTable {
  resource: string;
  tokens: number;
  refilled_at: Time;
  held_until: Time | null;
  held_seconds: Generated<number>;
}

export interface CertificateTable {
  certificate_id: string;
  migration_id: string;
  body: Json<Certificate>;
  created_at: DefaultTime;
}

export interface IdempotencyTable {
  route: string;
  key: string;
  body_hash: string;
  response: OptionalJson<object>;
  claimed_at: DefaultTime;
}

export interface PriceListTable {
  list_id: string;
  content_hash: string;
  loaded_at: DefaultTime;
}

export interface PriceSourceTable {
  list_id: string;
  source_id: string;
  source: string;
  derived: string | null;
}

export interface PriceTable {
  provider: string;
  region: string;
  kind: string;
  item: string;
  terms: string;
  above: number;
  micros: number;
  currency: string;
  unit: string;
  priced_on: string;
  list_id: string;
  source_id: string;
  cpus: number | null;
  memory_bytes: number | null;
  architecture: "x86_64" | "aarch64" | null;
  gpus: number | null;
  burstable: boolean | null;
  interruption_band: number | null;
}

export interface Database {
  plans: PlanTable;
  migrations: MigrationTable;
  migration_steps: MigrationStepTable;
  migration_events: MigrationEventTable;
  operations: OperationTable;
  savings_analyses: SavingsAnalysisTable;
  savings_findings: SavingsFindingTable;
  operation_items: OperationItemTable;
  replica_rounds: ReplicaRoundTable;
  migration_tests: MigrationTestTable;
  restores: RestoreTable;
  file_pipe: FilePipeTable;
  burst_pools: BurstPoolTable;
  burst_decisions: BurstDecisionTable;
  burst_leases: BurstLeaseTable;
  burst_back_offs: BurstBackOffTable;
  migration_maps: MigrationMapTable;
  recovery_plans: RecoveryPlanTable;
  recovery_runs: RecoveryRunTable;
  recovery_steps: RecoveryStepTable;
  resources: ResourceTable;
  resource_documents: ResourceDocumentTable;
  resource_history: ResourceHistoryTable;
  inventory_reads: InventoryReadTable;
  inventory_watches: InventoryWatchTable;
  health_samples: HealthSampleTable;
  health_decisions: HealthDecisionTable;
  lease_asks: LeaseAskTable;
  connections: ConnectionTable;
  address_pools: AddressPoolTable;
  address_allocations: AddressAllocationTable;
  saved_searches: SavedSearchTable;
  points: PointTable;
  generations: GenerationTable;
  manifest_chunks: ManifestChunkTable;
  rate_leases: RateLeaseTable;
  slot_leases: SlotLeaseTable;
  assessments: AssessmentTable;
  assessment_vms: AssessmentVmTable;
  waves: WaveTable;
  wave_members: WaveMemberTable;
  call_budgets: CallBudgetTable;
  certificates: CertificateTable;
  users: UserTable;
  role_bindings: RoleBindingTable;
  sessions: SessionTable;
  site_workers: SiteWorkerTable;
  site_worker_metrics: SiteWorkerMetricsTable;
  join_tokens: JoinTokenTable;
  sign_ins: SignInTable;
  sign_in_codes: SignInCodeTable;
  freezes: FreezeTable;
  plan_requesters: PlanRequesterTable;
  approvals: ApprovalTable;
  break_glass: BreakGlassTable;
  tokens: TokenTable;
  audit: AuditTable;
  audit_head: AuditHeadTable;
  audit_checkpoints: AuditCheckpointTable;
  idempotency_keys: IdempotencyTable;
  price_lists: PriceListTable;
  price_sources: PriceSourceTable;
  prices: PriceTable;
  cost_sources: CostSourceTable;
  cost_forecasts: CostForecastTable;
  cost_imports: CostImportTable;
  cost_uploads: CostUploadTable;
  cost_segments: CostSegmentTable;
  cost_segment_chunks: CostSegmentChunkTable;
  exchange_rates: ExchangeRateTable;
  cost_statements: CostStatementTable;
  budgets: BudgetTable;
  cost_split_rules: SplitRuleTable;
  log_lines: LogLineTable;
  alert_rules: AlertRuleTable;
  alerts: AlertTable;
  alert_events: AlertEventTable;
  alert_notifications: AlertNotificationTable;
  alert_deliveries: AlertDeliveryTable;
  alert_silences: AlertSilenceTable;
  alert_standing: AlertStandingTable;
  metric_series: MetricSeriesTable;
  metric_samples: MetricSampleTable;
  metric_minutes: MetricRollupTable;
  metric_hours: MetricRollupTable;
  protection_groups: ProtectionGroupTable;
  protection_members: ProtectionMemberTable;
  protection_events: ProtectionEventTable;
  group_points: GroupPointTable;
  control_plane: ControlPlaneTable;
  control_plane_places: ControlPlanePlaceTable;
  interrupted_runs: InterruptedRunTable;
  policies: PolicyTable;
  policy_exemptions: PolicyExemptionTable;
  policy_approvals: PolicyApprovalTable;
  policy_findings: PolicyFindingTable;
  policy_scans: PolicyScanTable;
  policy_scan_results: PolicyScanResultTable;
}
