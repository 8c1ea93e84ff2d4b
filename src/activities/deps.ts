import type { MigrationDefaults } from "../domain/migration-parts.ts";
import type { Place } from "../domain/resource.ts";
import type { Provider } from "../providers/provider.ts";
import type { Store } from "../store/index.ts";
import type { createBandwidthLimiter } from "../transfer/bandwidth.ts";
import type { inspectGuest } from "../transfer/inspect/index.ts";
import type { padSource } from "../transfer/padded-source.ts";
import type { prove } from "../transfer/proof.ts";
import type { pump } from "../transfer/pump.ts";

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
}

/** What activities use of the data plane. */
export interface DataPlane {
  readonly pump: typeof pump;
  readonly padSource: typeof padSource;
  readonly inspectGuest: typeof inspectGuest;
  readonly prove: typeof prove;
  readonly createBandwidthLimiter: typeof createBandwidthLimiter;
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

/** What activities are made with; the worker's composition root supplies it. */
export interface ActivityDeps {
  readonly registry: {
    readonly sites: readonly (Place & { readonly simulated: boolean })[];
    /** @throws ProviderError InvalidInput for a site that is not configured, with the ones that are. */
    provider(site: string): Promise<Provider>;
  };
  readonly store: Store;
  readonly transfer: DataPlane;
  readonly defaults: MigrationDefaults;
  /** Migrations that work at the same time, over all workers; more wait. */
  readonly parallelMigrations: number;
  /** Whether a run still exists and has not ended. */
  runIsOpen(workflowId: string, runId: string): Promise<boolean>;
  settings(site: string): SiteSettings;
  /** The file that a site's credentials come from, where they come from one. */
  credentialFile(site: string): string | undefined;
  /** Tells a run how far a disk's copy is. */
  signalCopyProgress(workflowId: string, progress: { diskId: string; fraction: number }): Promise<void>;
  /** Tells a run that the first round of its replication is proven. */
  signalReplicated(workflowId: string): Promise<void>;
  readonly log: { warn(message: string, error?: unknown): void };
  readonly copies?: CopyWatch;
}
