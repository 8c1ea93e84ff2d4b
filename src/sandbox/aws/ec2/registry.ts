import type { Table } from "../../cloud/documents.ts";
import type { AwsCloud, Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import type { Resource, Tags } from "../state.ts";

/** What EC2 calls a kind of resource: its id's prefix, its name in tag specifications, its errors. */
export interface Kind<T extends Resource> {
  readonly prefix: string;
  /** As in `ResourceType`. */
  readonly type: string;
  readonly table: Table<T>;
  readonly notFound: string;
  readonly malformed: string;
  readonly says: (id: string) => string;
}

/** The kinds of resources, for finding one by its id alone. Codes and sentences:
 *  https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
export function kindsOf({ tables }: AwsCloud) {
  const kind = <T extends Resource>(
    prefix: string,
    type: string,
    table: Table<T>,
    notFound: string,
    malformed: string,
    says: (id: string) => string,
  ): Kind<T> => ({ prefix, type, table, notFound, malformed, says });
  return {
    vpc: kind(
      "vpc",
      "vpc",
      tables.vpcs,
      "InvalidVpcID.NotFound",
      "InvalidVpcId.Malformed",
      (id) => `The vpc ID '${id}' does not exist`,
    ),
    subnet: kind(
      "subnet",
      "subnet",
      tables.subnets,
      "InvalidSubnetID.NotFound",
      "InvalidSubnetID.Malformed",
      (id) => `The subnet ID '${id}' does not exist`,
    ),
    routeTable: kind(
      "rtb",
      "route-table",
      tables.routeTables,
      "InvalidRouteTableID.NotFound",
      "InvalidRouteTableId.Malformed",
      (id) => `The routeTable ID '${id}' does not exist`,
    ),
    gateway: kind(
      "igw",
      "internet-gateway",
      tables.gateways,
      "InvalidInternetGatewayID.NotFound",
      "InvalidInternetGatewayId.Malformed",
      (id) => `The internetGateway ID '${id}' does not exist`,
    ),
    group: kind(
      "sg",
      "security-group",
      tables.groups,
      "InvalidGroup.NotFound",
      "InvalidGroupId.Malformed",
      (id) => `The security group '${id}' does not exist`,
    ),
    address: kind(
      "eipalloc",
      "elastic-ip",
      tables.addresses,
      "InvalidAllocationID.NotFound",
      "InvalidAllocationID.NotFound",
      (id) => `The allocation ID '${id}' does not exist`,
    ),
    interface: kind(
      "eni",
      "network-interface",
      tables.interfaces,
      "InvalidNetworkInterfaceID.NotFound",
      "InvalidNetworkInterfaceId.Malformed",
      (id) => `The networkInterface ID '${id}' does not exist`,
    ),
    instance: kind(
      "i",
      "instance",
      tables.instances,
      "InvalidInstanceID.NotFound",
      "InvalidInstanceID.Malformed",
      (id) => `The instance ID '${id}' does not exist`,
    ),
    volume: kind(
      "vol",
      "volume",
      tables.volumes,
      "InvalidVolume.NotFound",
      "InvalidVolumeID.Malformed",
      (id) => `The volume '${id}' does not exist.`,
    ),
    snapshot: kind(
      "snap",
      "snapshot",
      tables.snapshots,
      "InvalidSnapshot.NotFound",
      "InvalidSnapshotID.Malformed",
      (id) => `The snapshot '${id}' does not exist.`,
    ),
    image: kind(
      "ami",
      "image",
      tables.images,
      "InvalidAMIID.NotFound",
      "InvalidAMIID.Malformed",
      (id) => `The image id '[${id}]' does not exist`,
    ),
    keyPair: kind(
      "key",
      "key-pair",
      tables.keyPairs,
      "InvalidKeyPair.NotFound",
      "InvalidKeyPair.NotFound",
      (id) => `The key pair '${id}' does not exist`,
    ),
    customerGateway: kind(
      "cgw",
      "customer-gateway",
      tables.customerGateways,
      "InvalidCustomerGatewayID.NotFound",
      "InvalidCustomerGatewayId.Malformed",
      (id) => `The customerGateway ID '${id}' does not exist`,
    ),
    vpnGateway: kind(
      "vgw",
      "vpn-gateway",
      tables.vpnGateways,
      "InvalidVpnGatewayID.NotFound",
      "InvalidVpnGatewayID.NotFound",
      (id) => `The vpnGateway ID '${id}' does not exist`,
    ),
    vpnConnection: kind(
      "vpn",
      "vpn-connection",
      tables.vpnConnections,
      "InvalidVpnConnectionID.NotFound",
      "InvalidVpnConnectionID.NotFound",
      (id) => `The vpnConnection ID '${id}' does not exist`,
    ),
    importTask: kind(
      "import-snap",
      "import-snapshot-task",
      tables.importTasks,
      "InvalidConversionTaskId.Malformed",
      "InvalidConversionTaskId.Malformed",
      (id) => `The import task ${id} does not exist`,
    ),
  };
}
export type Kinds = ReturnType<typeof kindsOf>;

/** Finds resources for calls, with AWS's refusals. */
export class Registry {
  readonly cloud: AwsCloud;
  readonly kinds: Kinds;

  constructor(cloud: AwsCloud) {
    this.cloud = cloud;
    this.kinds = kindsOf(cloud);
  }

  /** @throws AwsError the kind's malformed or not-found code, also while the resource is too new to be seen. */
  find<T extends Resource>(call: Call, kind: Kind<T>, id: string | undefined): T {
    if (!id || !new RegExp(`^${kind.prefix}-(?:[0-9a-f]{8}|[0-9a-f]{17})$`).test(id)) {
      throw new AwsError(kind.malformed, `Invalid id: "${id ?? ""}"`);
    }
    const resource = kind.table.get(id);
    if (!resource || resource.region !== call.region || !this.cloud.isVisible(resource)) {
      throw new AwsError(kind.notFound, kind.says(id));
    }
    return resource;
  }

  /** All of a region that can be seen. */
  all<T extends Resource>(call: Call, kind: Kind<T>): T[] {
    return kind.table.where((resource) => resource.region === call.region && this.cloud.isVisible(resource));
  }

  /** The resource of whatever kind that has the id. */
  findAny(call: Call, id: string): { kind: Kind<Resource>; resource: Resource } {
    const kinds = Object.values(this.kinds) as unknown as Kind<Resource>[];
    const kind = kinds.find(({ prefix }) => new RegExp(`^${prefix}-[0-9a-f]+$`).test(id));
    if (!kind) throw new AwsError("InvalidID", `The ID '${id}' is not valid`);
    return { kind, resource: this.find(call, kind, id) };
  }
}

export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
