import type { Document, Documents } from "../cloud/documents.ts";
import type { Listener, RegisteredTarget, TargetGroup } from "./elb/state.ts";
import type { CustomerGateway, LoadBalancer, ScalingGroup, VpnConnection, VpnGateway } from "./listed-state.ts";

/** What the simulated AWS remembers, table by table. Times are milliseconds since 1970. */

export type Tags = Readonly<Record<string, string>>;

/** What all resources of a region have. */
export interface Resource extends Document {
  readonly region: string;
  readonly createdAt: number;
  readonly tags: Tags;
}

export interface Vpc extends Resource {
  readonly cidr: string;
  readonly isDefault: boolean;
  readonly dnsSupport: boolean;
  readonly dnsHostnames: boolean;
}

export interface Subnet extends Resource {
  readonly vpcId: string;
  readonly cidr: string;
  readonly zone: string;
  readonly isDefault: boolean;
  readonly mapPublicIp: boolean;
}

export interface RouteTable extends Resource {
  readonly vpcId: string;
  readonly routes: readonly {
    readonly destination: string;
    readonly gatewayId?: string;
    readonly interfaceId?: string;
  }[];
  readonly associations: readonly { readonly id: string; readonly main: boolean; readonly subnetId?: string }[];
}

export interface InternetGateway extends Resource {
  readonly vpcId?: string;
}

export interface SecurityGroup extends Resource {
  readonly vpcId: string;
  readonly name: string;
  readonly description: string;
  readonly rules: readonly SecurityGroupRule[];
}

export interface SecurityGroupRule {
  readonly id: string;
  readonly egress: boolean;
  /** A protocol's name or number; `-1`: all. */
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly cidr?: string;
  readonly cidr6?: string;
  readonly prefixListId?: string;
  readonly groupId?: string;
  readonly description?: string;
}

export interface Address extends Resource {
  readonly publicIp: string;
  readonly associationId?: string;
  readonly interfaceId?: string;
  readonly privateIp?: string;
}

export interface NetworkInterface extends Resource {
  readonly vpcId: string;
  readonly subnetId: string;
  readonly zone: string;
  readonly mac: string;
  readonly privateIp: string;
  readonly description: string;
  readonly groupIds: readonly string[];
  readonly sourceDestCheck: boolean;
  readonly attachment?: InterfaceAttachment;
  /** Lent for as long as the instance runs; an Elastic IP is a resource of its own. */
  readonly lentPublicIp?: string;
  /** Whether a public address is lent at every start. */
  readonly wantsPublicIp: boolean;
}

export interface InterfaceAttachment {
  readonly id: string;
  readonly instanceId: string;
  readonly deviceIndex: number;
  readonly deleteOnTermination: boolean;
  readonly at: number;
}

export type InstanceStateName = "pending" | "running" | "stopping" | "stopped" | "shutting-down" | "terminated";

export interface Instance extends Resource {
  readonly reservationId: string;
  readonly launchIndex: number;
  readonly clientToken?: string;
  readonly imageId: string;
  readonly type: string;
  readonly architecture: string;
  readonly bootMode?: string;
  readonly uefi: boolean;
  readonly enaSupport: boolean;
  readonly zone: string;
  readonly subnetId: string;
  readonly vpcId: string;
  readonly keyName?: string;
  readonly profileArn?: string;
  readonly userData?: string;
  readonly rootDeviceName: string;
  readonly state: InstanceStateName;
  readonly stateReason?: { readonly code: string; readonly message: string };
  readonly transitionReason: string;
  readonly launchedAt: number;
  readonly terminatedAt?: number;
  readonly spot: boolean;
  readonly monitoring: boolean;
  readonly disableApiTermination: boolean;
  readonly disableApiStop: boolean;
  readonly ebsOptimized: boolean;
  readonly shutdownBehavior: "stop" | "terminate";
  readonly metadataTokensRequired: boolean;
  /** Ran when the sandbox was last ended in good order. */
  readonly resume?: boolean;
  /** Ports that its security groups open and that this machine would not forward, with the reason. */
  readonly unforwarded: readonly string[];
}

export interface VolumeAttachment {
  readonly instanceId: string;
  readonly device: string;
  readonly deleteOnTermination: boolean;
  readonly at: number;
  readonly state: "attaching" | "attached" | "detaching" | "busy";
}

export interface Volume extends Resource {
  readonly zone: string;
  readonly sizeGib: number;
  readonly type: string;
  readonly iops?: number;
  readonly throughput?: number;
  readonly snapshotId?: string;
  readonly encrypted: boolean;
  readonly kmsKeyArn?: string;
  readonly multiAttach: boolean;
  readonly attachment?: VolumeAttachment;
  /** What its contents descend from; snapshots of one lineage can be compared. */
  readonly lineage: string;
  readonly layerId: string;
  /** A switch of layers in progress: what is to become {@link layerId}. */
  readonly nextLayerId?: string;
  readonly modification?: VolumeModification;
}

export interface VolumeModification {
  readonly startedAt: number;
  readonly before: {
    readonly sizeGib: number;
    readonly type: string;
    readonly iops?: number;
    readonly throughput?: number;
  };
  readonly after: {
    readonly sizeGib: number;
    readonly type: string;
    readonly iops?: number;
    readonly throughput?: number;
  };
}

export interface Snapshot extends Resource {
  readonly ownerId: string;
  readonly volumeId: string;
  readonly sizeGib: number;
  readonly description: string;
  readonly encrypted: boolean;
  readonly kmsKeyArn?: string;
  readonly lineage: string;
  readonly layerId: string;
  readonly parentSnapshotId?: string;
  /** `writing`: made by StartSnapshot and not yet completed. */
  readonly phase: "writing" | "sealed" | "error";
  readonly stateMessage?: string;
  readonly sealedAt?: number;
  /** EBS direct: for how long a write may be missing, and when the last one was. */
  readonly timeoutMinutes?: number;
  /** Of the simulated public images. */
  readonly public?: boolean;
}

export interface ImageDevice {
  readonly device: string;
  readonly virtualName?: string;
  readonly snapshotId?: string;
  readonly sizeGib?: number;
  readonly type?: string;
  readonly iops?: number;
  readonly throughput?: number;
  readonly encrypted?: boolean;
  readonly kmsKeyArn?: string;
  readonly deleteOnTermination?: boolean;
}

export interface Image extends Resource {
  readonly ownerId: string;
  readonly ownerAlias?: string;
  readonly name: string;
  readonly description?: string;
  readonly architecture: string;
  readonly virtualizationType: string;
  readonly rootDeviceName: string;
  readonly enaSupport: boolean;
  readonly sriovNetSupport?: string;
  readonly bootMode?: string;
  readonly tpmSupport?: string;
  readonly imdsSupport?: string;
  readonly devices: readonly ImageDevice[];
  readonly public: boolean;
  readonly sourceImageId?: string;
  readonly sourceInstanceId?: string;
  readonly sourceRegion?: string;
  readonly ssmParameter?: string;
}

export interface KeyPair extends Resource {
  readonly name: string;
  readonly fingerprint: string;
  readonly type: "rsa" | "ed25519";
}

/** A client token that was used, and what came of it. */
export interface UsedToken extends Document {
  readonly fingerprint: string;
  readonly resourceIds: readonly string[];
  readonly at: number;
}

export interface ImportTask extends Resource {
  readonly kind: "snapshot";
  readonly status: string;
  readonly message?: string;
  readonly snapshotId?: string;
  readonly description?: string;
  readonly format?: string;
  readonly source?: string;
}

/** Everything under its name; the tables are read once and shared. */
export function tablesOf(documents: Documents) {
  return {
    vpcs: documents.table<Vpc>("vpc"),
    subnets: documents.table<Subnet>("subnet"),
    routeTables: documents.table<RouteTable>("route-table"),
    gateways: documents.table<InternetGateway>("internet-gateway"),
    groups: documents.table<SecurityGroup>("security-group"),
    addresses: documents.table<Address>("address"),
    interfaces: documents.table<NetworkInterface>("network-interface"),
    instances: documents.table<Instance>("instance"),
    volumes: documents.table<Volume>("volume"),
    snapshots: documents.table<Snapshot>("snapshot"),
    images: documents.table<Image>("image"),
    keyPairs: documents.table<KeyPair>("key-pair"),
    importTasks: documents.table<ImportTask>("import-task"),
    customerGateways: documents.table<CustomerGateway>("customer-gateway"),
    vpnGateways: documents.table<VpnGateway>("vpn-gateway"),
    vpnConnections: documents.table<VpnConnection>("vpn-connection"),
    loadBalancers: documents.table<LoadBalancer>("load-balancer"),
    listeners: documents.table<Listener>("listener"),
    targetGroups: documents.table<TargetGroup>("target-group"),
    targets: documents.table<RegisteredTarget>("target"),
    scalingGroups: documents.table<ScalingGroup>("scaling-group"),
    tokens: documents.table<UsedToken>("client-token"),
    settings: documents.table<Document & { readonly value: unknown }>("setting"),
  };
}
export type Tables = ReturnType<typeof tablesOf>;
