import type { LayeredDisk } from "../cloud/disks/points.ts";
import type { Document, Documents } from "../cloud/documents.ts";

/** What the simulated Azure remembers, table by table. Times are milliseconds since 1970. */

export type Tags = Readonly<Record<string, string>>;
export type Json = Readonly<Record<string, unknown>>;

export type ProvisioningState = "Creating" | "Updating" | "Succeeded" | "Failed" | "Deleting";

/** Any resource of Azure Resource Manager. Its document's id is its ARM id in lower case: names don't tell case apart. */
export interface Resource<F extends object = object> extends Document {
  /** Its ARM id as it was first written. */
  readonly path: string;
  /** Such as `Microsoft.Compute/disks`. */
  readonly type: string;
  readonly group: string;
  readonly name: string;
  readonly location: string;
  readonly createdAt: number;
  readonly tags: Tags;
  readonly zones?: readonly string[];
  readonly sku?: Json;
  readonly identity?: Json;
  readonly properties: Json;
  readonly provisioningState: ProvisioningState;
  readonly etag: string;
  /** What the sandbox keeps of it and no answer shows. */
  readonly facts: F;
}

/** A managed disk's or a snapshot's place in the table of their bytes. */
export interface DiskFacts {
  readonly diskId: string;
}

/** The bytes of a managed disk or a snapshot. Its id is also what QEMU calls the disk. */
export interface DiskBytes extends LayeredDisk {
  readonly resourceId: string;
  /** Without the footer. An overlay may still be smaller: it grows when its guest is off. */
  readonly sizeBytes: number;
  /** The page layer that an upload goes to. */
  readonly pagesId?: string | undefined;
  readonly uniqueId: string;
  /** What its contents descend from; snapshots of one lineage can be compared. */
  readonly lineage: string;
  /** Why its bytes are no VHD, where an upload left no good footer. */
  readonly footerProblem?: string | undefined;
  /** When the copy of a snapshot's bytes is over. */
  readonly copiedAt?: number;
}

export type Disk = Resource<DiskFacts>;

export type PowerState = "starting" | "running" | "stopping" | "stopped" | "deallocating" | "deallocated";

export interface VmFacts {
  readonly vmId: string;
  /** Short: it names the guest's sockets. */
  readonly guestId: string;
  readonly power: PowerState;
  /** Ran when the sandbox was last ended in good order. */
  readonly resume?: boolean;
  /** Ports that its security groups open and that this machine would not forward, with the reason. */
  readonly unforwarded: readonly string[];
  readonly problem?: { readonly code: string; readonly message: string };
}

export type Vm = Resource<VmFacts>;

/** A long-running operation. */
export interface Operation extends Document {
  readonly service: string;
  readonly resourceId: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly status: "InProgress" | "Succeeded" | "Failed";
  readonly error?: { readonly code: string; readonly message: string };
  /** What GET of its Location answers once it has succeeded. */
  readonly output?: Json;
  /** The output is the resource as it is by then. */
  readonly showsResource: boolean;
}

/** A shared access signature of a managed disk, a snapshot or a serial log, by the random host and path it is for. */
export interface Grant extends Document {
  readonly resourceId: string;
  readonly access: "Read" | "Write" | "Log";
  readonly signature: string;
  /** The stored access policy that the signature names. */
  readonly policy: string;
  readonly expiresAt: number;
  /** What it reads: fixed at the grant. */
  readonly layerId?: string;
}

export interface Setting extends Document {
  readonly value: unknown;
}

/** A password of an application, by its id. */
export interface ClientSecret extends Document {
  readonly clientId: string;
  readonly value: string;
  readonly displayName: string;
  readonly createdAt: number;
}

/** One that is gone, and shown for a moment still. */
export interface RemovedSecret extends ClientSecret {
  readonly removedAt: number;
}

/** A queue of the storage account. */
export type Queue = Document;

export interface QueueMessage extends Document {
  readonly queue: string;
  /** In base64. */
  readonly body: string;
  readonly insertedAt: number;
  /** Until then nobody else is given it. */
  readonly visibleAt: number;
  /** Of whoever was given it last. */
  readonly receipt: string;
}

/** Who is told of changes in a resource group. */
export interface EventSubscription extends Document {
  readonly group: string;
  readonly queue: string;
  readonly eventTypes: readonly string[];
}

/** Everything under its name; the tables are read once and shared. */
export function tablesOf(documents: Documents) {
  return {
    resources: documents.table<Resource>("resource"),
    bytes: documents.table<DiskBytes>("disk-bytes"),
    operations: documents.table<Operation>("operation"),
    grants: documents.table<Grant>("grant"),
    queues: documents.table<Queue>("queue"),
    queueMessages: documents.table<QueueMessage>("queue-message"),
    eventSubscriptions: documents.table<EventSubscription>("event-subscription"),
    secrets: documents.table<ClientSecret>("client-secret"),
    removedSecrets: documents.table<RemovedSecret>("removed-client-secret"),
    settings: documents.table<Setting>("setting"),
  };
}
export type Tables = ReturnType<typeof tablesOf>;
