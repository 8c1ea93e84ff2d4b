import type { LayeredDisk } from "../cloud/disks/points.ts";
import type { Document, Documents } from "../cloud/documents.ts";
import type * as network from "./core/network-state.ts";
import type { RecordSet } from "./dns/records.ts";
import type { Zone } from "./dns/zones.ts";
import type { InstancePool, IpSecConnection } from "./listed.ts";
import type { BalancerWork, LoadBalancer } from "./loadbalancer/state.ts";
import type { Alarm } from "./monitoring/alarms.ts";
import type { EventRule, Stream, StreamGroup, StreamMessage } from "./streaming.ts";

export type Tags = Readonly<Record<string, string>>;
export type DefinedTags = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What everything has that an OCID names. */
export interface Resource extends Document {
  readonly compartmentId: string;
  readonly displayName: string;
  readonly freeformTags: Tags;
  readonly definedTags: DefinedTags;
  readonly createdAt: number;
  readonly deletedAt?: number | undefined;
  /** It came with the sandbox; nobody made it. */
  readonly builtIn?: true;
}

/** A block volume, or a boot volume. */
export interface Volume extends Resource, LayeredDisk {
  readonly boot: boolean;
  readonly availabilityDomain: string;
  readonly sizeGib: number;
  readonly vpusPerGib: number;
  readonly kmsKeyId?: string | undefined;
  readonly source?: { readonly type: string; readonly id: string } | undefined;
  readonly imageId?: string | undefined;
  readonly groupId?: string | undefined;
}

/** Of a block or a boot volume; its bytes are an immutable layer. */
export interface Backup extends Resource {
  readonly boot: boolean;
  readonly volumeId: string;
  readonly type: "FULL" | "INCREMENTAL";
  readonly sizeGib: number;
  readonly layerId: string;
  readonly kmsKeyId?: string | undefined;
  readonly imageId?: string | undefined;
  readonly groupBackupId?: string | undefined;
  readonly sourceBackupId?: string | undefined;
}

export interface VolumeGroup extends Resource {
  readonly availabilityDomain: string;
  readonly volumeIds: readonly string[];
}

export interface GroupBackup extends Resource {
  readonly groupId: string;
  readonly type: "FULL" | "INCREMENTAL";
  readonly backupIds: readonly string[];
  readonly sizeGib: number;
}

export interface WorkRequest extends Document {
  readonly operationType: string;
  readonly compartmentId: string;
  readonly resources: readonly {
    readonly actionType: "CREATED" | "UPDATED" | "DELETED" | "RELATED";
    readonly entityType: string;
    readonly identifier: string;
  }[];
  readonly acceptedAt: number;
  readonly finishedAt?: number;
  readonly failure?: { readonly code: string; readonly message: string };
}

/** What a call with a retry token made. */
export interface RetryToken extends Document {
  readonly fingerprint: string;
  readonly resourceId: string;
  readonly workRequestId?: string;
  readonly at: number;
}

/** Where a disk is plugged in. */
export interface Attachment extends Resource {
  readonly boot: boolean;
  readonly volumeId: string;
  readonly instanceId: string;
  readonly availabilityDomain: string;
  readonly device?: string | undefined;
  readonly readOnly: boolean;
  readonly shareable: boolean;
  /** It is not plugged in yet. */
  readonly attaching?: boolean | undefined;
  /** Its guest was asked to let go of it, and has not yet. */
  readonly detaching?: boolean | undefined;
}

export type InstanceState =
  | "PROVISIONING"
  | "STARTING"
  | "RUNNING"
  | "STOPPING"
  | "STOPPED"
  | "CREATING_IMAGE"
  | "TERMINATING"
  | "TERMINATED";

export interface Instance extends Resource {
  /** Its QEMU's name. */
  readonly guestId: string;
  readonly availabilityDomain: string;
  readonly faultDomain: string;
  readonly shape: string;
  readonly ocpus: number;
  readonly memoryGib: number;
  readonly imageId?: string | undefined;
  readonly sourceBootVolumeId?: string | undefined;
  readonly metadata: Tags;
  readonly extendedMetadata: Readonly<Record<string, unknown>>;
  readonly launchOptions: Readonly<Record<string, unknown>>;
  readonly uefi: boolean;
  readonly preserveBootVolume?: boolean | undefined;
  readonly state: InstanceState;
  /** It ran when the sandbox was ended, and is to run again. */
  readonly resume?: boolean | undefined;
  /** Ports that could not be opened, and why. */
  readonly unforwarded: readonly string[];
}

export interface Image extends Resource {
  readonly operatingSystem: string;
  readonly operatingSystemVersion: string;
  readonly baseImageId?: string | undefined;
  readonly launchMode: string;
  readonly launchOptions: Readonly<Record<string, unknown>>;
  readonly sizeMib: number;
  readonly layerId?: string | undefined;
  /** AVAILABLE when the work that makes it is done. */
  readonly state: "PROVISIONING" | "IMPORTING" | "AVAILABLE" | "EXPORTING" | "DELETED";
  readonly shapes: readonly string[];
  readonly public?: boolean;
}

export interface ConsoleHistory extends Resource {
  readonly instanceId: string;
  readonly availabilityDomain: string;
  /** Base 64. */
  readonly content: string;
}

/** The public half of a user's API signing key, by its fingerprint. */
export interface ApiKey extends Document {
  readonly userId: string;
  /** PEM. */
  readonly publicKey: string;
  readonly createdAt: number;
}

export function tablesOf(documents: Documents) {
  return {
    settings: documents.table<Document & { value: object }>("settings"),
    apiKeys: documents.table<ApiKey>("api-key"),
    tokens: documents.table<RetryToken>("retry-token"),
    workRequests: documents.table<WorkRequest>("work-request"),
    volumes: documents.table<Volume>("volume"),
    backups: documents.table<Backup>("backup"),
    volumeGroups: documents.table<VolumeGroup>("volume-group"),
    groupBackups: documents.table<GroupBackup>("group-backup"),
    attachments: documents.table<Attachment>("attachment"),
    instances: documents.table<Instance>("instance"),
    images: documents.table<Image>("image"),
    histories: documents.table<ConsoleHistory>("console-history"),
    vcns: documents.table<network.Vcn>("vcn"),
    subnets: documents.table<network.Subnet>("subnet"),
    gateways: documents.table<network.InternetGateway>("internet-gateway"),
    routeTables: documents.table<network.RouteTable>("route-table"),
    securityLists: documents.table<network.SecurityList>("security-list"),
    groups: documents.table<network.SecurityGroup>("security-group"),
    vnics: documents.table<network.Vnic>("vnic"),
    publicIps: documents.table<network.PublicIp>("public-ip"),
    streams: documents.table<Stream>("stream"),
    streamMessages: documents.table<StreamMessage>("stream-message"),
    streamGroups: documents.table<StreamGroup>("stream-group"),
    eventRules: documents.table<EventRule>("event-rule"),
    instancePools: documents.table<InstancePool>("instance-pool"),
    ipSecConnections: documents.table<IpSecConnection>("ipsec-connection"),
    balancers: documents.table<LoadBalancer>("load-balancer"),
    balancerWork: documents.table<BalancerWork>("load-balancer-work-request"),
    alarms: documents.table<Alarm>("alarm"),
    zones: documents.table<Zone>("dns-zone"),
    recordSets: documents.table<RecordSet>("dns-record-set"),
  };
}
export type Tables = ReturnType<typeof tablesOf>;
