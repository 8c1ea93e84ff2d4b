import type { ProviderCredentials } from "../registry.ts";

/** A site of Google Cloud: one zone of one project. */
export interface GcpEntry {
  /** Absent takes that of the service account's key. */
  readonly project?: string;
  readonly zone: string;
  /** Where all services are called instead of at Google. */
  readonly endpoint?: string;
  readonly simulated: boolean;
  /** Network tags of new VMs that name none: firewall rules choose their targets by these. */
  readonly securityGroups?: readonly string[];
  /** Of disks that name none: a Cloud KMS key's resource name. */
  readonly encryptionKey?: string;
  /** An image that has Node and this program, for helper instances; and the subnetwork that they are in, default the default
   *  network's. */
  readonly helperImage?: string;
  readonly helperNetwork?: string;
  /** The table of BigQuery that Cloud Billing exports to, `project.dataset.table`; without it costs are not known. */
  readonly billingTable?: string;
  /** Absent takes what the machine offers (application default credentials). */
  readonly credentials?: () => Promise<ProviderCredentials>;
}

/** How patient the adapter is. The defaults are for Google; a server on the same machine answers sooner. */
export interface GcpPatience {
  readonly pollMs: { readonly first: number; readonly most: number };
  readonly requestTimeoutMs: number;
  /** `operations.wait` answers after "no more than 2 minutes" by itself. */
  readonly waitTimeoutMs: number;
  readonly attempts: number;
  readonly firstRetryMs: number;
  /** How long a key is used before it is asked for again. */
  readonly credentialsKeptMs: number;
  /** Between two looks for operations that have ended. */
  readonly eventsEveryMs: number;
  /** How much later than one that began after it an operation may show in a list; and how far back lists are read for
   *  operations that had not ended: what runs for longer is asked for by its name. */
  readonly eventsBackMs: { readonly overlap: number; readonly listed: number };
  /** From the order for a helper instance to its block service's answer. */
  readonly helperStartMs: number;
  /** The smallest persistent disk is 10 GB: "Persistent Disk", volume sizes. */
  readonly smallestDiskGb: number;
}

export const patience: GcpPatience = {
  pollMs: { first: 100, most: 5_000 },
  requestTimeoutMs: 30_000,
  waitTimeoutMs: 150_000,
  attempts: 4,
  firstRetryMs: 100,
  credentialsKeptMs: 10 * 60_000,
  eventsEveryMs: 5_000,
  eventsBackMs: { overlap: 60_000, listed: 10 * 60_000 },
  helperStartMs: 5 * 60_000,
  smallestDiskGb: 10,
};

/** `us-central1-a` lies in `us-central1`. */
export function regionOf(zone: string): string {
  return zone.replace(/-[^-]+$/, "");
}
