import type { CostBook } from "../costs/index.ts";
import type { LeaseTerms } from "../domain/lease.ts";
import type { HealthSettings } from "../domain/lookout.ts";
import type { MigrationDefaults } from "../domain/migration-parts.ts";
import type { Notification } from "../domain/notification.ts";
import type { Place } from "../domain/resource.ts";
import type { SavingsSettings } from "../domain/savings/settings.ts";
import type { TrafficProxy } from "../domain/traffic-proxy.ts";
import type { DisksFacet, Provider } from "../providers/provider.ts";
import type { Store } from "../store/index.ts";
import type { alsoChanged } from "../transfer/also-changed.ts";
import type { createBandwidthLimiter } from "../transfer/bandwidth.ts";
import type { EntropyMeter } from "../transfer/entropy.ts";
import type { createHoursLimiter } from "../transfer/hours-limiter.ts";
import type { openGuestFiles } from "../transfer/inspect/guest-files.ts";
import type { inspectGuest } from "../transfer/inspect/index.ts";
import type { firstDifference, manifestDataBytes, writtenRanges } from "../transfer/manifest.ts";
import type { padSource } from "../transfer/padded-source.ts";
import type { CheckpointStore, RateLeases } from "../transfer/ports.ts";
import type { preparedSince, prepareGuest } from "../transfer/prepare/index.ts";
import type { prove } from "../transfer/proof.ts";
import type { pump } from "../transfer/pump.ts";
import type { tar } from "../transfer/tar.ts";
import type { movedFrom, unchangedUntil } from "../transfer/unchanged.ts";

/** Our own ceilings for a site beside its own quotas; undefined is no ceiling. */
export interface SiteCeilings {
  readonly maxVms?: number;
  readonly maxCpus?: number;
  readonly maxMemoryBytes?: number;
  readonly maxDiskBytes?: number;
}

/** What the configuration says of a site, as far as plans ask for it. */
export interface SiteSettings {
  readonly ceilings: SiteCeilings;
  /** The price list that is its: the kind of cloud and the region. */
  readonly market?: { readonly provider: string; readonly region: string };
  readonly securityGroups?: readonly string[];
  readonly encryptionKey?: string;
  /** Places where its data stays. */
  readonly residency?: readonly string[];
  /** Nobody but workers of its own reaches it. */
  readonly ownWorkersOnly?: boolean;
}

/** What activities use of the data plane. */
export interface DataPlane {
  readonly pump: typeof pump;
  readonly padSource: typeof padSource;
  readonly inspectGuest: typeof inspectGuest;
  readonly openGuestFiles: typeof openGuestFiles;
  /** An archive of entries, as they come. */
  readonly tar: typeof tar;
  readonly prepareGuest: typeof prepareGuest;
  readonly preparedSince: typeof preparedSince;
  readonly prove: typeof prove;
  /** Measures how much like noise copied bytes are. */
  readonly entropyMeter: () => EntropyMeter;
  readonly createBandwidthLimiter: typeof createBandwidthLimiter;
  readonly createHoursLimiter: typeof createHoursLimiter;
  readonly manifestDataBytes: typeof manifestDataBytes;
  readonly writtenRanges: typeof writtenRanges;
  readonly firstDifference: typeof firstDifference;
  readonly unchangedUntil: typeof unchangedUntil;
  readonly movedFrom: typeof movedFrom;
  readonly alsoChanged: typeof alsoChanged;
  readonly leafBytes: number;
}

/** Told how copies of disks go on in this process. */
export interface CopyWatch {
  /** `sofar` is what earlier attempts had already moved. */
  began(route: { from: string; to: string }, sofar: Moved): { moved(total: Moved): void; ended(): void };
}

export interface Moved {
  readonly bytesCopied: number;
  readonly bytesResent: number;
}

/** What of the store work at a site needs: a worker without the database has it over the API. */
export interface SiteStore {
  readonly checkpoints: CheckpointStore;
  readonly leases: RateLeases;
  readonly points: Pick<Store["points"], "record" | "delete" | "findByRootHash">;
  readonly migrations: Pick<Store["migrations"], "noteProgress" | "appendEvent">;
  readonly guard: Pick<Store["guard"], "admit">;
  readonly audit: Pick<Store["audit"], "append">;
  readonly health: Pick<Store["health"], "note">;
}

/** The ends of copies that are at sites which this worker does not reach itself. */
export interface PeerSites {
  /** What opens that end of a generation's copy over a link; undefined where this worker reaches the site itself. */
  disks(site: string, generationId: string): Pick<DisksFacet, "openGeneration" | "openSource"> | undefined;
}

/** What work at a site is made with: no more than a worker of that one site has. */
export interface SiteDeps {
  readonly registry: {
    /** @throws ProviderError InvalidInput for a site that is not configured, with the ones that are. */
    provider(site: string): Promise<Provider>;
  };
  readonly store: SiteStore;
  readonly transfer: DataPlane;
  readonly peers?: PeerSites;
  readonly copies?: CopyWatch;
  /** Tells a run how far a disk's copy is. */
  signalCopyProgress(workflowId: string, progress: { diskId: string; fraction: number }): Promise<void>;
}

/** What the configuration says of connections between sites. */
export interface NetworkSettings {
  readonly vpn: boolean;
  readonly vpnType: "ipsec" | "wireguard";
  readonly encryption: "aes128" | "aes256";
  readonly latencyTargetMs?: number;
  /** Absent: drills are only ordered by people. */
  readonly drillIntervalMs?: number;
  /** The pre-shared key of a tunnel; absent where the configuration has nothing to make one from. Secret. */
  keyOf?(name: string): Promise<string>;
}

/** Backs this control plane up. */
export interface ControlPlaneBackups {
  /** Resolves when all of it has been read back from the site. */
  backUp(site: string, signal: AbortSignal): Promise<ControlPlaneBackup>;
}

export interface ControlPlaneBackup {
  readonly site: string;
  readonly backupId: string;
  /** The moment that it shows. */
  readonly takenAt: string;
  readonly provenAt: string;
  /** As it lies there. */
  readonly bytes: number;
  readonly rows: number;
  /** So many are there by now. */
  readonly kept: number;
}

/** What activities are made with; the worker's composition root supplies it. */
export interface ActivityDeps extends SiteDeps {
  readonly registry: SiteDeps["registry"] & {
    readonly sites: readonly (Place & { readonly simulated: boolean })[];
  };
  readonly store: Store;
  /** Cost rows, taken and summed. */
  readonly costs: CostBook;
  readonly defaults: MigrationDefaults;
  /** Migrations that work at the same time, over all workers; more wait. */
  readonly parallelMigrations: number;
  readonly savings: SavingsSettings;
  /** Whether a run still exists and has not ended. */
  runIsOpen(workflowId: string, runId: string): Promise<boolean>;
  settings(site: string): SiteSettings;
  /** A proxy of ours by its name in the configuration. @throws ProviderError InvalidInput for one that is not there. */
  proxy(name: string): TrafficProxy;
  /** What calls of recovery plans' scripts are signed with; undefined where none is configured. */
  webhookKey(): Promise<string | undefined>;
  /** The file that a site's credentials come from, where they come from one. */
  credentialFile(site: string): string | undefined;
  /** Between two readings of what a site measures, two looks at all rules, and two signs of life to the dead man's switch. */
  readonly intervals: { readonly metricsMs: number; readonly alertsMs: number; readonly heartbeatMs: number };
  /** How people are told. */
  readonly notify: {
    /** Actions that tell of new findings of policies. */
    readonly findings: readonly string[];
    /** @throws ProviderError InvalidInput where another try makes no sense. */
    send(action: string, notification: Notification, signal: AbortSignal): Promise<void>;
    /** Tells the dead man's switch that we are there; absent where there is none. */
    readonly beat?: (signal: AbortSignal) => Promise<void>;
  };
  /** Of leases of protected groups. */
  readonly leaseTerms: LeaseTerms;
  readonly network: NetworkSettings;
  /** From where sites are looked at. */
  readonly health: HealthSettings;
  /** Sees to it that the site is looked at. */
  ensureSiteHealth(site: string): Promise<void>;
  /** Begins a group's failover; for one group and epoch once. Absent where there is nothing that could: a person is told then. */
  readonly startFailover?: (input: {
    readonly groupId: string;
    readonly epoch: number;
    readonly reason: string;
    readonly requestedBy: string;
    readonly decisionId: string;
    /** When the outage was first seen. */
    readonly outageAt?: string;
    /** What a person has made sure of already. */
    readonly madeSureOf?: string;
  }) => Promise<void>;
  /** Begins a drill of a group, one of the id once. */
  startDrill(input: { readonly groupId: string; readonly runId: string }): Promise<void>;
  /** Tells a run that the first round of its replication is proven. */
  signalReplicated(workflowId: string): Promise<void>;
  /** Absent where this worker has no folder of an instance. */
  readonly controlPlane?: ControlPlaneBackups;
  /** Tells people at once what they must hear of. Absent where nobody is told. */
  readonly alarm?: (alarm: { readonly event: string; readonly by: string; readonly text: string }) => void;
  readonly log: { warn(message: string, error?: unknown): void };
}
