import type { ProviderCredentials } from "../registry.ts";

/** A site of Azure: one resource group of a subscription, in one region. */
export interface AzureEntry {
  readonly region: string;
  readonly subscriptionId: string;
  /** Where everything is looked for and made. */
  readonly resourceGroup: string;
  /** The storage account that replicas and objects lie in; it is in the same subscription. */
  readonly storageAccount: string;
  /** Where all requests go instead of to Azure's own hosts. */
  readonly endpoint?: string;
  readonly simulated: boolean;
  /** Of new VMs that name none. */
  readonly securityGroups?: readonly string[];
  /** Of disks that name none: a disk encryption set's resource id. */
  readonly encryptionKey?: string;
  /** The tag that costs are told by; default `project`. */
  readonly costTag?: string;
  /** Absent takes what the machine offers: environment, workload identity, managed identity, the Azure CLI. */
  readonly credentials?: () => Promise<ProviderCredentials>;
}

/** How patient the adapter is. The defaults are for Azure; a server on the same machine answers sooner. */
export interface AzurePatience {
  /** Between two looks at something that takes its time: begins at `first` and grows to `most`. Azure's own `Retry-After`
   *  wins for its long operations. */
  readonly pollMs: { readonly first: number; readonly most: number };
  /** How long an interface that Azure keeps for a VM which failed or has just gone is asked for: it says three minutes. */
  readonly reservedNicMs: number;
  /** Without an answer for so long a request counts as lost. */
  readonly requestTimeoutMs: number;
  /** How often a request is made in all before its failure is passed on; a block's is more patient, as a whole copy would
   *  have to start over from its checkpoint. */
  readonly attempts: number;
  readonly blockAttempts: number;
  readonly firstRetryMs: number;
  /** Signed addresses of disks are asked for again ahead of this long. */
  readonly signedSeconds: number;
  /** Secrets may be rotated where they are kept: they are asked for again after this long. */
  readonly credentialsKeptMs: number;
  /** Between two looks into a queue of events that was empty. */
  readonly eventsEveryMs: number;
}

export const patience: AzurePatience = {
  pollMs: { first: 100, most: 10_000 },
  reservedNicMs: 4 * 60_000,
  requestTimeoutMs: 60_000,
  attempts: 4,
  blockAttempts: 8,
  firstRetryMs: 200,
  signedSeconds: 4 * 3_600,
  credentialsKeptMs: 10 * 60_000,
  eventsEveryMs: 5_000,
};
