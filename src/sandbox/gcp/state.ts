import type { Document, Documents } from "../cloud/documents.ts";

/** What the simulated Google Cloud remembers. Ids are paths under the project; times are milliseconds since 1970. */

export type Labels = Readonly<Record<string, string>>;

export interface Resource extends Document {
  readonly numericId: string;
  readonly createdAt: number;
  readonly description?: string;
}

export interface Labelled extends Resource {
  readonly labels: Labels;
}

/** What a disk's bytes say of themselves; it goes on to what is made of them. */
export interface DiskTraits {
  readonly guestOsFeatures: readonly string[];
  readonly architecture?: string;
  readonly licenses: readonly string[];
}

export interface Disk extends Labelled, DiskTraits {
  readonly sizeGb: number;
  /** `pd-balanced`. */
  readonly type: string;
  readonly status: "CREATING" | "READY" | "FAILED" | "DELETING";
  /** The top of its layers in the disk store. */
  readonly layerId: string;
  /** Set while its bytes go over to another layer. */
  readonly nextLayerId?: string;
  readonly sourceImage?: string;
  readonly sourceImageId?: string;
  readonly sourceSnapshot?: string;
  readonly sourceSnapshotId?: string;
  readonly kmsKeyName?: string;
  readonly lastAttachAt?: number;
  readonly lastDetachAt?: number;
  readonly locationHint?: string;
}

export interface Snapshot extends Labelled, DiskTraits {
  readonly sizeGb: number;
  readonly status: "CREATING" | "UPLOADING" | "READY" | "FAILED" | "DELETING";
  readonly sourceDisk: string;
  readonly sourceDiskId: string;
  readonly layerId: string;
  readonly storageBytes: number;
  readonly storageLocations: readonly string[];
  readonly kmsKeyName?: string;
}

export interface Image extends Labelled, DiskTraits {
  /** `debian-cloud` for those that everybody sees. */
  readonly project: string;
  readonly sizeGb: number;
  readonly family?: string;
  readonly status: "PENDING" | "READY" | "FAILED" | "DELETING";
  readonly layerId: string;
  readonly archiveBytes: number;
  readonly rawSource?: string;
  readonly sourceDisk?: string;
  readonly sourceDiskId?: string;
  readonly sourceSnapshot?: string;
  readonly sourceSnapshotId?: string;
  readonly sourceImage?: string;
  readonly sourceImageId?: string;
  readonly deprecated?: string;
}

export interface AttachedDisk {
  readonly diskId: string;
  readonly deviceName: string;
  readonly boot: boolean;
  readonly autoDelete: boolean;
  readonly mode: "READ_WRITE" | "READ_ONLY";
  readonly index: number;
}

export type InstanceStatus = "PROVISIONING" | "STAGING" | "RUNNING" | "STOPPING" | "TERMINATED";

export interface Nic {
  readonly name: string;
  readonly networkId: string;
  readonly subnetworkId: string;
  readonly networkIp: string;
  readonly access?: {
    readonly name: string;
    readonly tier: string;
    /** Present while it runs, or always for a reserved address. */
    readonly natIp?: string;
    readonly addressId?: string;
  };
}

export interface Instance extends Labelled {
  readonly machineType: string;
  readonly status: InstanceStatus;
  readonly statusMessage?: string;
  readonly disks: readonly AttachedDisk[];
  readonly nics: readonly Nic[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly scheduling: object;
  readonly spot: boolean;
  readonly deletionProtection: boolean;
  readonly serviceAccounts: readonly object[];
  readonly canIpForward: boolean;
  readonly lastStartAt?: number;
  readonly lastStopAt?: number;
  /** It ran when the sandbox ended, and is to run again. */
  readonly resume?: boolean;
  /** Ports that its firewall rules open and that this machine did not. */
  readonly unforwarded: readonly string[];
}

export interface Network extends Resource {
  readonly auto: boolean;
  readonly mtu: number;
  readonly builtIn: boolean;
  readonly routingMode: string;
}

export interface Subnetwork extends Resource {
  readonly networkId: string;
  readonly cidr: string;
  readonly builtIn: boolean;
  readonly privateIpGoogleAccess: boolean;
}

export interface FirewallRule {
  readonly protocol: string;
  readonly ports: readonly string[];
}

export interface Firewall extends Resource {
  readonly networkId: string;
  readonly direction: "INGRESS" | "EGRESS";
  readonly priority: number;
  readonly allowed: readonly FirewallRule[];
  readonly denied: readonly FirewallRule[];
  readonly sourceRanges: readonly string[];
  readonly destinationRanges: readonly string[];
  readonly sourceTags: readonly string[];
  readonly targetTags: readonly string[];
  readonly disabled: boolean;
  readonly builtIn: boolean;
}

/** A way out of a network. */
export interface Route extends Resource {
  readonly networkId: string;
  readonly destRange: string;
  readonly priority: number;
  readonly builtIn: boolean;
}

export interface Address extends Labelled {
  readonly address: string;
  readonly tier: string;
}

/** What NovaCron only lists, as Google describes it; of an instance group, the paths of its instances. */
export interface ListedResource extends Resource {
  readonly json: object;
  readonly members?: readonly string[];
}

/** A long-running operation. Its path says where it lies; its work is found by its type when it has to go on. */
export interface Operation extends Document {
  readonly numericId: string;
  /** `disks.insert`. */
  readonly method: string;
  readonly operationType: string;
  readonly targetId: string;
  readonly targetNumericId: string;
  readonly user: string;
  readonly requestId?: string;
  readonly insertedAt: number;
  readonly endedAt?: number;
  readonly error?: { readonly code: string; readonly message: string; readonly httpStatus: number };
  /** What its work needs to know. */
  readonly work: Readonly<Record<string, unknown>>;
}

/** Anything else that is kept under a name. */
export interface Setting extends Document {
  readonly value: unknown;
}

export function tablesOf(documents: Documents) {
  return {
    disks: documents.table<Disk>("disk"),
    snapshots: documents.table<Snapshot>("snapshot"),
    images: documents.table<Image>("image"),
    instances: documents.table<Instance>("instance"),
    networks: documents.table<Network>("network"),
    subnetworks: documents.table<Subnetwork>("subnetwork"),
    firewalls: documents.table<Firewall>("firewall"),
    routes: documents.table<Route>("route"),
    addresses: documents.table<Address>("address"),
    listed: documents.table<ListedResource>("listed"),
    operations: documents.table<Operation>("operation"),
    settings: documents.table<Setting>("setting"),
  };
}
export type Tables = ReturnType<typeof tablesOf>;
