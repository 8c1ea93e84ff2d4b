import type { ProviderCredentials } from "../registry.ts";

/** A site of Oracle Cloud: one compartment in one region. */
export interface OciEntry {
  readonly region: string;
  /** Where all services are called instead of at Oracle. */
  readonly endpoint?: string;
  readonly simulated: boolean;
  /** The compartment's OCID; absent takes the tenancy itself. */
  readonly compartment?: string;
  /** Network security groups of new VMs that name none. */
  readonly securityGroups?: readonly string[];
  /** Of disks that name none: a Vault key's OCID. */
  readonly encryptionKey?: string;
  /** What helper instances are launched from (Node and our block service are on it), by name or id; and their subnet. */
  readonly helperImage?: string;
  readonly helperNetwork?: string;
  /** The free-form tag that costs are told by; default `project`. */
  readonly costTag?: string;
  /** Absent takes the instance principal of the machine that the worker runs on. */
  readonly credentials?: () => Promise<ProviderCredentials>;
}

/** How patient the adapter is. The defaults are for Oracle Cloud; a server on the same machine answers sooner. */
export interface OciPatience {
  /** Between two looks at something that takes its time: begins at `first` and grows to `most`. */
  readonly pollMs: { readonly first: number; readonly most: number };
  /** Without an answer for so long a request counts as lost. */
  readonly requestTimeoutMs: number;
  /** A link that is no faster than this still counts as one: a request with a body gets as much longer as all the bodies on
   *  their way would take over it. */
  readonly slowestBytesPerSecond: number;
  /** How often a request is made in all before its failure is passed on. */
  readonly attempts: number;
  readonly firstRetryMs: number;
  /** How long Oracle may take to show what it has just made. What is missing for longer is missing. */
  readonly consistencyMs: number;
  /** Secrets may be rotated where they are kept: they are asked for again after this long. */
  readonly credentialsKeptMs: number;
  /** Between two looks into a stream of events that had no more. */
  readonly eventsEveryMs: number;
  /** "Overview of Block Volume": volumes have 50 GB at least. Less is for simulations whose disks are to be small. */
  readonly smallestVolumeGib: number;
  /** From the order of a helper instance to a service that answers: a machine boots meanwhile. */
  readonly helperStartMs: number;
}

export const patience: OciPatience = {
  pollMs: { first: 200, most: 5_000 },
  requestTimeoutMs: 60_000,
  slowestBytesPerSecond: 128 * 1024,
  attempts: 4,
  firstRetryMs: 200,
  consistencyMs: 15_000,
  credentialsKeptMs: 10 * 60_000,
  eventsEveryMs: 5_000,
  smallestVolumeGib: 50,
  helperStartMs: 10 * 60_000,
};
