import type { Document, Documents } from "../cloud/documents.ts";

/** What the simulated DigitalOcean remembers. Times are milliseconds since 1970. */

export interface Resource extends Document {
  readonly createdAt: number;
  readonly builtIn?: boolean;
}

/** Tagged by words, in the order in which they came. */
export interface Tagged extends Resource {
  readonly tags: readonly string[];
}

export type DropletStatus = "new" | "active" | "off";

/** Its id is a number, as text. */
export interface Droplet extends Tagged {
  readonly name: string;
  readonly region: string;
  readonly size: string;
  /** GiB of the disk that comes with it. */
  readonly diskGb: number;
  readonly imageId: string;
  readonly layerId: string;
  readonly status: DropletStatus;
  readonly volumeIds: readonly string[];
  readonly vpcId: string;
  readonly privateIp: string;
  /** Its own for as long as it is there; none without public networking. */
  readonly publicIp?: string;
  readonly userData?: string;
  /** Its machine is being ended; nobody is shown it any more. */
  readonly destroyed?: true;
  /** It ran when the sandbox ended, and is to run again. */
  readonly resume?: boolean;
  /** Ports that its firewalls open and that this machine did not. */
  readonly unforwarded: readonly string[];
}

export interface Volume extends Tagged {
  readonly name: string;
  readonly region: string;
  readonly sizeGb: number;
  readonly description: string;
  /** The droplet that it is attached to. */
  readonly dropletId?: string;
  readonly layerId: string;
  /** Set while its bytes go over to another layer. */
  readonly nextLayerId?: string;
}

/** Of a volume. */
export interface Snapshot extends Tagged {
  readonly name: string;
  readonly region: string;
  readonly volumeId: string;
  readonly sizeGb: number;
  readonly layerId: string;
}

/** Its id is a number, as text. */
export interface Image extends Tagged {
  readonly name: string;
  readonly slug?: string;
  readonly type: "base" | "custom" | "snapshot";
  readonly distribution: string;
  readonly description: string;
  readonly regions: readonly string[];
  readonly status: "NEW" | "available" | "pending" | "retired";
  readonly errorMessage?: string;
  readonly minDiskGb: number;
  readonly sizeGb: number;
  readonly layerId: string;
  /** Where a custom one is fetched from. */
  readonly url?: string;
}

export interface Vpc extends Resource {
  readonly name: string;
  readonly description: string;
  readonly region: string;
  readonly ipRange: string;
  readonly isDefault: boolean;
}

export interface RuleEnd {
  readonly addresses?: readonly string[];
  readonly tags?: readonly string[];
  readonly droplet_ids?: readonly number[];
}

export interface Rule {
  readonly protocol: string;
  readonly ports: string;
  readonly sources?: RuleEnd;
  readonly destinations?: RuleEnd;
}

export interface Firewall extends Resource {
  readonly name: string;
  readonly inbound: readonly Rule[];
  readonly outbound: readonly Rule[];
  readonly dropletIds: readonly string[];
  readonly tags: readonly string[];
}

/** Its id is the address. */
export interface ReservedIp extends Resource {
  readonly region: string;
  readonly dropletId?: string;
}

/** Its id is its name. */
export interface Tag extends Resource {}

/** Its id is a number, as text. */
export interface Action extends Document {
  readonly type: string;
  readonly status: "in-progress" | "completed" | "errored";
  readonly startedAt: number;
  readonly completedAt?: number;
  /** A number, as text; of a volume none is shown. */
  readonly resourceId: string;
  readonly resourceType: "droplet" | "volume" | "image" | "reserved_ip";
  readonly region: string;
}

export interface Setting extends Document {
  readonly value: unknown;
}

export function tablesOf(documents: Documents) {
  return {
    droplets: documents.table<Droplet>("droplet"),
    volumes: documents.table<Volume>("volume"),
    snapshots: documents.table<Snapshot>("snapshot"),
    images: documents.table<Image>("image"),
    vpcs: documents.table<Vpc>("vpc"),
    firewalls: documents.table<Firewall>("firewall"),
    reservedIps: documents.table<ReservedIp>("reserved-ip"),
    tags: documents.table<Tag>("tag"),
    actions: documents.table<Action>("action"),
    settings: documents.table<Setting>("setting"),
  };
}
export type Tables = ReturnType<typeof tablesOf>;
