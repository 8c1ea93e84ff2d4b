import type * as ec2 from "@aws-sdk/client-ec2";
import { type Cidr, contains, formatCidr, overlaps, parseCidr, sizeOf } from "../../cloud/ipv4.ts";
import type { Call } from "../cloud.ts";
import { AwsError, incorrectState, invalidParameter, missingParameter } from "../errors.ts";
import { accountId } from "../identity.ts";
import { zoneId, zonesOf } from "../regions.ts";
import type { Subnet, Vpc } from "../state.ts";
import { createVpc, ensureDefaultNetwork, resource } from "./default-network.ts";
import { matcher, pageOf } from "./filters.ts";
import { type Registry, tagList } from "./registry.ts";
import { specifiedTags } from "./tags.ts";

const pageBounds = { least: 5, most: 1000 };
/** First four addresses and the last: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html */
export const reservedAddresses = 5;

export function vpcOperations(registry: Registry) {
  const { cloud, kinds } = registry;
  const { tables } = cloud;

  const free = (subnet: Subnet): number => {
    const taken = tables.interfaces.where(({ subnetId }) => subnetId === subnet.id).length;
    return sizeOf(parseCidr(subnet.cidr) as Cidr) - reservedAddresses - taken;
  };
  const describeVpc = (vpc: Vpc): ec2.Vpc => ({
    VpcId: vpc.id,
    CidrBlock: vpc.cidr,
    State: "available",
    IsDefault: vpc.isDefault,
    OwnerId: accountId,
    InstanceTenancy: "default",
    DhcpOptionsId: "default",
    CidrBlockAssociationSet: [
      {
        AssociationId: vpc.id.replace("vpc-", "vpc-cidr-assoc-"),
        CidrBlock: vpc.cidr,
        CidrBlockState: { State: "associated" },
      },
    ],
    Tags: tagList(vpc.tags),
  });
  const describeSubnet = (subnet: Subnet): ec2.Subnet => ({
    SubnetId: subnet.id,
    SubnetArn: `arn:aws:ec2:${subnet.region}:${accountId}:subnet/${subnet.id}`,
    VpcId: subnet.vpcId,
    CidrBlock: subnet.cidr,
    AvailabilityZone: subnet.zone,
    AvailabilityZoneId: zoneId(subnet.zone),
    AvailableIpAddressCount: free(subnet),
    DefaultForAz: subnet.isDefault,
    MapPublicIpOnLaunch: subnet.mapPublicIp,
    AssignIpv6AddressOnCreation: false,
    State: "available",
    OwnerId: accountId,
    Tags: tagList(subnet.tags),
  });

  return {
    CreateVpc: (call: Call, input: ec2.CreateVpcRequest): ec2.CreateVpcResult => {
      if (input.CidrBlock === undefined) throw missingParameter("cidrBlock");
      const cidr = parseCidr(input.CidrBlock);
      if (!cidr) throw invalidParameter("cidrBlock", input.CidrBlock);
      if (cidr.prefix < 16 || cidr.prefix > 28) {
        throw new AwsError("InvalidVpc.Range", `The CIDR '${input.CidrBlock}' is invalid.`);
      }
      const tags = specifiedTags(input.TagSpecifications, "vpc");
      const vpc = createVpc(cloud, call.region, formatCidr(cidr), false, tags);
      return { Vpc: { ...describeVpc(vpc), State: "pending" } };
    },

    DescribeVpcs: (call: Call, input: ec2.DescribeVpcsRequest): ec2.DescribeVpcsResult => {
      ensureDefaultNetwork(cloud, call.region);
      const matches = matcher<Vpc>(input.Filters, {
        "vpc-id": ({ id }) => id,
        cidr: ({ cidr }) => cidr,
        "cidr-block-association.cidr-block": ({ cidr }) => cidr,
        "is-default": ({ isDefault }) => isDefault,
        isDefault: ({ isDefault }) => isDefault,
        state: () => "available",
        "owner-id": () => accountId,
      });
      const wanted = input.VpcIds?.length
        ? input.VpcIds.map((id) => registry.find(call, kinds.vpc, id))
        : registry.all(call, kinds.vpc);
      const { items, NextToken } = pageOf(wanted.filter(matches), input, pageBounds);
      return { Vpcs: items.map(describeVpc), ...(NextToken ? { NextToken } : {}) };
    },

    DeleteVpc: (call: Call, input: ec2.DeleteVpcRequest): object => {
      const vpc = registry.find(call, kinds.vpc, input.VpcId);
      const used =
        tables.subnets.find(({ vpcId }) => vpcId === vpc.id) ??
        tables.gateways.find(({ vpcId }) => vpcId === vpc.id) ??
        tables.groups.find(({ vpcId, name }) => vpcId === vpc.id && name !== "default") ??
        tables.routeTables.find(
          ({ vpcId, associations }) => vpcId === vpc.id && !associations.some(({ main }) => main),
        );
      if (used) {
        throw incorrectState("DependencyViolation", `The vpc '${vpc.id}' has dependencies and cannot be deleted.`);
      }
      cloud.documents.together(() => {
        for (const table of [tables.routeTables, tables.groups]) {
          for (const { id } of table.where(({ vpcId }: { vpcId: string }) => vpcId === vpc.id)) table.delete(id);
        }
        tables.vpcs.delete(vpc.id);
      });
      return {};
    },

    ModifyVpcAttribute: (call: Call, input: ec2.ModifyVpcAttributeRequest): object => {
      const { id } = registry.find(call, kinds.vpc, input.VpcId);
      const { EnableDnsHostnames: hostnames, EnableDnsSupport: support } = input;
      if (hostnames?.Value !== undefined) tables.vpcs.change(id, { dnsHostnames: hostnames.Value });
      if (support?.Value !== undefined) tables.vpcs.change(id, { dnsSupport: support.Value });
      return {};
    },

    DescribeVpcAttribute: (call: Call, input: ec2.DescribeVpcAttributeRequest): ec2.DescribeVpcAttributeResult => {
      const vpc = registry.find(call, kinds.vpc, input.VpcId);
      if (input.Attribute === "enableDnsSupport") return { VpcId: vpc.id, EnableDnsSupport: { Value: vpc.dnsSupport } };
      if (input.Attribute === "enableDnsHostnames")
        return { VpcId: vpc.id, EnableDnsHostnames: { Value: vpc.dnsHostnames } };
      return { VpcId: vpc.id, EnableNetworkAddressUsageMetrics: { Value: false } };
    },

    CreateSubnet: (call: Call, input: ec2.CreateSubnetRequest): ec2.CreateSubnetResult => {
      const vpc = registry.find(call, kinds.vpc, input.VpcId);
      const cidr = parseCidr(input.CidrBlock ?? "");
      if (!cidr) throw invalidParameter("cidrBlock", input.CidrBlock);
      if (cidr.prefix > 28 || !contains(parseCidr(vpc.cidr) as Cidr, cidr)) {
        throw new AwsError("InvalidSubnet.Range", `The CIDR '${input.CidrBlock}' is invalid.`);
      }
      const siblings = tables.subnets.where(({ vpcId }) => vpcId === vpc.id);
      if (siblings.some((sibling) => overlaps(parseCidr(sibling.cidr) as Cidr, cidr))) {
        throw new AwsError("InvalidSubnet.Conflict", `The CIDR '${input.CidrBlock}' conflicts with another subnet`);
      }
      const zone =
        input.AvailabilityZone ??
        zonesOf(call.region).find((name) => zoneId(name) === input.AvailabilityZoneId) ??
        `${call.region}a`;
      if (!zonesOf(call.region).includes(zone)) throw invalidParameter("availabilityZone", zone);
      const tags = specifiedTags(input.TagSpecifications, "subnet");
      const subnet = tables.subnets.put({
        ...resource("subnet", call.region, tags),
        vpcId: vpc.id,
        cidr: formatCidr(cidr),
        zone,
        isDefault: false,
        mapPublicIp: false,
      });
      return { Subnet: describeSubnet(subnet) };
    },

    DescribeSubnets: (call: Call, input: ec2.DescribeSubnetsRequest): ec2.DescribeSubnetsResult => {
      ensureDefaultNetwork(cloud, call.region);
      const matches = matcher<Subnet>(input.Filters, {
        "subnet-id": ({ id }) => id,
        "vpc-id": ({ vpcId }) => vpcId,
        "availability-zone": ({ zone }) => zone,
        availabilityZone: ({ zone }) => zone,
        "availability-zone-id": ({ zone }) => zoneId(zone),
        cidr: ({ cidr }) => cidr,
        "cidr-block": ({ cidr }) => cidr,
        "default-for-az": ({ isDefault }) => isDefault,
        defaultForAz: ({ isDefault }) => isDefault,
        "map-public-ip-on-launch": ({ mapPublicIp }) => mapPublicIp,
        state: () => "available",
        "owner-id": () => accountId,
      });
      const wanted = input.SubnetIds?.length
        ? input.SubnetIds.map((id) => registry.find(call, kinds.subnet, id))
        : registry.all(call, kinds.subnet);
      const { items, NextToken } = pageOf(wanted.filter(matches), input, pageBounds);
      return { Subnets: items.map(describeSubnet), ...(NextToken ? { NextToken } : {}) };
    },

    ModifySubnetAttribute: (call: Call, input: ec2.ModifySubnetAttributeRequest): object => {
      const { id } = registry.find(call, kinds.subnet, input.SubnetId);
      const wanted = input.MapPublicIpOnLaunch?.Value;
      if (wanted !== undefined) tables.subnets.change(id, { mapPublicIp: wanted });
      return {};
    },

    DeleteSubnet: (call: Call, input: ec2.DeleteSubnetRequest): object => {
      const { id } = registry.find(call, kinds.subnet, input.SubnetId);
      if (tables.interfaces.find(({ subnetId }) => subnetId === id)) {
        throw incorrectState("DependencyViolation", `The subnet '${id}' has dependencies and cannot be deleted.`);
      }
      cloud.documents.together(() => {
        for (const table of tables.routeTables.where(({ associations }) =>
          associations.some(({ subnetId }) => subnetId === id),
        )) {
          tables.routeTables.put({
            ...table,
            associations: table.associations.filter(({ subnetId }) => subnetId !== id),
          });
        }
        tables.subnets.delete(id);
      });
      return {};
    },
  };
}
