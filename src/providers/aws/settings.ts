import type { ProviderCredentials } from "../registry.ts";

/** A site of AWS: one account in one region. */
export interface AwsEntry {
  readonly region: string;
  /** Where all services are called instead of at AWS. */
  readonly endpoint?: string;
  readonly simulated: boolean;
  /** Of new VMs that name none. */
  readonly securityGroups?: readonly string[];
  /** Of disks that name none: a KMS key's id, ARN or alias. */
  readonly encryptionKey?: string;
  /** The cost allocation tag that costs are told by; default `project`. */
  readonly costTag?: string;
  /** Absent takes what the SDK finds by itself: environment, shared files, container or instance role. */
  readonly credentials?: () => Promise<ProviderCredentials>;
}

/** How patient the adapter is. The defaults are for AWS; a server on the same machine answers sooner. */
export interface AwsPatience {
  /** Between two looks at something that takes its time: begins at `first` and grows to `most`. */
  readonly pollMs: { readonly first: number; readonly most: number };
  /** Without an answer for so long a request counts as lost. */
  readonly requestTimeoutMs: number;
  /** A link that is no faster than this still counts as one: a request with a body gets as much longer as all the bodies on
   *  their way would take over it. */
  readonly slowestBytesPerSecond: number;
  /** How often a request is made in all before its failure is passed on; a block's is more patient, as a whole copy
   *  would have to start over from its checkpoint. */
  readonly attempts: number;
  readonly blockAttempts: number;
  readonly firstRetryMs: number;
  /** How long AWS may take to show what it has just made ("eventual consistency" in the EC2 API's reference: "up to a
   *  few minutes"; seconds as a rule). What is missing for longer is missing. */
  readonly consistencyMs: number;
  /** Secrets may be rotated where they are kept: they are asked for again after this long. The SDK renews five minutes
   *  ahead of an expiry. */
  readonly credentialsKeptMs: number;
}

export const patience: AwsPatience = {
  pollMs: { first: 50, most: 5_000 },
  requestTimeoutMs: 30_000,
  slowestBytesPerSecond: 128 * 1024,
  attempts: 4,
  blockAttempts: 8,
  firstRetryMs: 100,
  consistencyMs: 15_000,
  credentialsKeptMs: 10 * 60_000,
};
