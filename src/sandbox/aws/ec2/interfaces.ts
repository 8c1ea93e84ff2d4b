import type * as ec2 from "@aws-sdk/client-ec2";
import { type Cidr, contains, formatAddress, parseAddress, parseCidr, sizeOf } from "../../cloud/ipv4.ts";
import type { Call } from "../cloud.ts";
import { AwsError, incorrectState, invalidParameter } from "../errors.ts";
import { accountId } from "../identity.ts";
import { newId, newMac } from "../ids.ts";
import type { NetworkInterface, SecurityGroup, Subnet, Tags } from "../state.ts";
import { resource } from "./default-network.ts";
import { matcher, pageOf } from "./filters.ts";
import { privateName, publicAddressOf, publicName } from "./public-addresses.ts";
import { type Registry, tagList } from "./registry.ts";
import { specifiedTags } from "./tags.ts";

const pageBounds = { least: 5, most: 1000 };

export interface InterfaceWish {
  readonly subnet: Subnet;
  readonly groupIds?: readonly string[];
  readonly privateIp?: string;
  readonly description?: string;
  readonly wantsPublicIp?: boolean;
  readonly tags?: Tags;
}

/** A new interface, not yet stored. @throws AwsError as for CreateNetworkInterface. */
export function newInterface(registry: Registry, call: Call, wish: InterfaceWish): NetworkInterface {
  const { subnet, description = "", wantsPublicIp = false } = wish;
  return {
    ...resource("eni", call.region, wish.tags),
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    zone: subnet.zone,
    mac: newMac(),
    privateIp: freeAddress(registry, subnet, wish.privateIp),
    description,
    groupIds: groupsOf(registry, call, subnet, wish.groupIds).map(({ id }) => id),
    sourceDestCheck: true,
    wantsPublicIp,
  };
}

function groupsOf(registry: Registry, call: Call, subnet: Subnet, ids: readonly string[] | undefined): SecurityGroup[] {
  const { kinds, cloud } = registry;
  if (!ids?.length) return cloud.tables.groups.where(({ vpcId, name }) => vpcId === subnet.vpcId && name === "default");
  const groups = ids.map((id) => registry.find(call, kinds.group, id));
  if (groups.some(({ vpcId }) => vpcId !== subnet.vpcId)) {
    throw new AwsError(
      "InvalidParameter",
      `Security group ${ids.join(", ")} and subnet ${subnet.id} belong to different networks.`,
    );
  }
  return groups;
}

function freeAddress(registry: Registry, subnet: Subnet, wanted: string | undefined): string {
  const cidr = parseCidr(subnet.cidr) as Cidr;
  const taken = new Set(
    registry.cloud.tables.interfaces.where(({ subnetId }) => subnetId === subnet.id).map(({ privateIp }) => privateIp),
  );
  if (wanted !== undefined) {
    const base = parseAddress(wanted);
    if (base === undefined || !contains(cidr, { base, prefix: 32 })) {
      throw new AwsError("InvalidParameterValue", "Address does not fall within the subnet's address range");
    }
    if (taken.has(wanted)) throw new AwsError("InvalidIPAddress.InUse", `Address ${wanted} is in use.`);
    return wanted;
  }
  // The first four and the last are AWS's own.
  const usable = sizeOf(cidr) - 5;
  const start = Math.floor(Math.random() * usable);
  for (let step = 0; step < usable; step++) {
    const address = formatAddress(cidr.base + 4 + ((start + step) % usable));
    if (!taken.has(address)) return address;
  }
  throw new AwsError("InsufficientFreeAddressesInSubnet", "There are not enough free addresses in the subnet.");
}

export function interfaceOperations(registry: Registry) {
  const { cloud, kinds } = registry;
  const { tables } = cloud;

  const describe = (eni: NetworkInterface): ec2.NetworkInterface => {
    const publicIp = publicAddressOf(tables, eni.id);
    const elastic = tables.addresses.find(({ interfaceId }) => interfaceId === eni.id);
    const association = publicIp && {
      PublicIp: publicIp,
      PublicDnsName: publicName(publicIp, eni.region),
      IpOwnerId: elastic ? accountId : "amazon",
      ...(elastic ? { AllocationId: elastic.id, AssociationId: elastic.associationId } : {}),
    };
    return {
      NetworkInterfaceId: eni.id,
      SubnetId: eni.subnetId,
      VpcId: eni.vpcId,
      AvailabilityZone: eni.zone,
      Description: eni.description,
      OwnerId: accountId,
      RequesterManaged: false,
      Status: eni.attachment ? "in-use" : "available",
      InterfaceType: "interface",
      MacAddress: eni.mac,
      PrivateIpAddress: eni.privateIp,
      PrivateDnsName: privateName(eni.privateIp, eni.region),
      SourceDestCheck: eni.sourceDestCheck,
      Groups: eni.groupIds.map((id) => ({ GroupId: id, GroupName: tables.groups.get(id)?.name ?? "" })),
      ...(association ? { Association: association } : {}),
      ...(eni.attachment ? { Attachment: describeAttachment(eni.attachment) } : {}),
      PrivateIpAddresses: [
        {
          PrivateIpAddress: eni.privateIp,
          PrivateDnsName: privateName(eni.privateIp, eni.region),
          Primary: true,
          ...(association ? { Association: association } : {}),
        },
      ],
      TagSet: tagList(eni.tags),
    };
  };

  return {
    CreateNetworkInterface: (
      call: Call,
      input: ec2.CreateNetworkInterfaceRequest,
    ): ec2.CreateNetworkInterfaceResult => {
      const subnet = registry.find(call, kinds.subnet, input.SubnetId);
      const eni = newInterface(registry, call, {
        subnet,
        ...(input.Groups ? { groupIds: input.Groups } : {}),
        ...(input.PrivateIpAddress ? { privateIp: input.PrivateIpAddress } : {}),
        ...(input.Description ? { description: input.Description } : {}),
        tags: specifiedTags(input.TagSpecifications, "network-interface"),
      });
      return { NetworkInterface: describe(tables.interfaces.put(eni)) };
    },

    DescribeNetworkInterfaces: (
      call: Call,
      input: ec2.DescribeNetworkInterfacesRequest,
    ): ec2.DescribeNetworkInterfacesResult => {
      const matches = matcher<NetworkInterface>(input.Filters, {
        "network-interface-id": ({ id }) => id,
        "vpc-id": ({ vpcId }) => vpcId,
        "subnet-id": ({ subnetId }) => subnetId,
        "availability-zone": ({ zone }) => zone,
        "group-id": ({ groupIds }) => groupIds,
        "private-ip-address": ({ privateIp }) => privateIp,
        "addresses.private-ip-address": ({ privateIp }) => privateIp,
        "association.public-ip": ({ id }) => publicAddressOf(tables, id),
        "attachment.instance-id": ({ attachment }) => attachment?.instanceId,
        "attachment.attachment-id": ({ attachment }) => attachment?.id,
        "mac-address": ({ mac }) => mac,
        status: ({ attachment }) => (attachment ? "in-use" : "available"),
      });
      const wanted = input.NetworkInterfaceIds?.length
        ? input.NetworkInterfaceIds.map((id) => registry.find(call, kinds.interface, id))
        : registry.all(call, kinds.interface);
      const { items, NextToken } = pageOf(wanted.filter(matches), input, pageBounds);
      return { NetworkInterfaces: items.map(describe), ...(NextToken ? { NextToken } : {}) };
    },

    ModifyNetworkInterfaceAttribute: (call: Call, input: ec2.ModifyNetworkInterfaceAttributeRequest): object => {
      const eni = registry.find(call, kinds.interface, input.NetworkInterfaceId);
      if (input.SourceDestCheck?.Value !== undefined)
        tables.interfaces.change(eni.id, { sourceDestCheck: input.SourceDestCheck.Value });
      if (input.Description?.Value !== undefined)
        tables.interfaces.change(eni.id, { description: input.Description.Value });
      if (input.Groups) {
        const subnet = tables.subnets.get(eni.subnetId) as Subnet;
        tables.interfaces.change(eni.id, {
          groupIds: groupsOf(registry, call, subnet, input.Groups).map(({ id }) => id),
        });
      }
      const { attachment } = eni;
      const deleteIt = input.Attachment?.DeleteOnTermination;
      if (attachment && deleteIt !== undefined) {
        tables.interfaces.change(eni.id, { attachment: { ...attachment, deleteOnTermination: deleteIt } });
      }
      return {};
    },

    AttachNetworkInterface: (
      call: Call,
      input: ec2.AttachNetworkInterfaceRequest,
    ): ec2.AttachNetworkInterfaceResult => {
      const eni = registry.find(call, kinds.interface, input.NetworkInterfaceId);
      const instance = registry.find(call, kinds.instance, input.InstanceId);
      if (eni.attachment) throw new AwsError("InvalidNetworkInterface.InUse", `Interface ${eni.id} is in use.`);
      if (eni.zone !== instance.zone) throw invalidParameter("networkInterfaceId", eni.id);
      const deviceIndex = input.DeviceIndex ?? 1;
      if (
        tables.interfaces.find(
          ({ attachment }) => attachment?.instanceId === instance.id && attachment.deviceIndex === deviceIndex,
        )
      ) {
        throw new AwsError(
          "InvalidParameterValue",
          `Instance '${instance.id}' already has an interface attached at device index '${deviceIndex}'.`,
        );
      }
      const id = newId("eni-attach");
      const attachment = { id, instanceId: instance.id, deviceIndex, deleteOnTermination: false, at: Date.now() };
      tables.interfaces.put({ ...eni, attachment });
      return { AttachmentId: id };
    },

    DetachNetworkInterface: (_call: Call, input: ec2.DetachNetworkInterfaceRequest): object => {
      const eni = tables.interfaces.find(({ attachment }) => attachment?.id === input.AttachmentId);
      if (!eni) {
        throw new AwsError(
          "InvalidAttachmentID.NotFound",
          `The interface attachment '${input.AttachmentId}' does not exist.`,
        );
      }
      if (eni.attachment?.deviceIndex === 0) {
        throw new AwsError("OperationNotPermitted", "The network interface at device index 0 cannot be detached.");
      }
      const { attachment: _, ...detached } = eni;
      tables.interfaces.put(detached);
      return {};
    },

    DeleteNetworkInterface: (call: Call, input: ec2.DeleteNetworkInterfaceRequest): object => {
      const eni = registry.find(call, kinds.interface, input.NetworkInterfaceId);
      if (eni.attachment) {
        throw incorrectState("InvalidParameterValue", `Network interface '${eni.id}' is currently in use.`);
      }
      tables.interfaces.delete(eni.id);
      return {};
    },
  };
}

function describeAttachment(attachment: NonNullable<NetworkInterface["attachment"]>): ec2.NetworkInterfaceAttachment {
  return {
    AttachmentId: attachment.id,
    InstanceId: attachment.instanceId,
    InstanceOwnerId: accountId,
    DeviceIndex: attachment.deviceIndex,
    DeleteOnTermination: attachment.deleteOnTermination,
    AttachTime: new Date(attachment.at),
    Status: "attached",
  };
}
