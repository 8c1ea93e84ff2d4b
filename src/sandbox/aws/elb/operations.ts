import type * as elb from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Table } from "../../cloud/documents.ts";
import type { AwsCloud, Call } from "../cloud.ts";
import { resource } from "../ec2/default-network.ts";
import { tagList } from "../ec2/registry.ts";
import { withTags } from "../ec2/tags.ts";
import { AwsError } from "../errors.ts";
import type { LoadBalancer } from "../listed-state.ts";
import type { Resource, Tags } from "../state.ts";
import { arn, elbPage, findBalancer, newPlace } from "./find.ts";
import { listenerOperations } from "./listeners.ts";
import { balancerLabel } from "./names.ts";
import { targetGroupOperations } from "./target-groups.ts";
import { targetOperations } from "./targets.ts";
import type { Traffic } from "./traffic.ts";

/** "DescribeTags" takes so many at once. */
const taggedAtOnce = 20;
/** In a load balancer's ARN. */
const words: Readonly<Record<string, string>> = { application: "app", network: "net", gateway: "gwy" };

/** Elastic Load Balancing v2: application and network load balancers, which really listen and pass on. */
export function elbOperations(cloud: AwsCloud, traffic: Traffic) {
  return {
    ...balancerOperations(cloud),
    ...targetGroupOperations(cloud, traffic),
    ...targetOperations(cloud, traffic),
    ...listenerOperations(cloud, traffic),
  };
}

/** Addresses of load balancers are loopback's, as those of instances: 127.86.0.0/16. */
function unusedAddress(cloud: AwsCloud): string {
  const used = new Set([...cloud.tables.loadBalancers.values()].map(({ address }) => address));
  for (;;) {
    const address = `127.86.${Math.floor(Math.random() * 256)}.${1 + Math.floor(Math.random() * 254)}`;
    if (!used.has(address)) return address;
  }
}

/** That load balancers are there. */
export function balancerOperations(cloud: AwsCloud) {
  const { tables } = cloud;
  const all = (call: Call) => tables.loadBalancers.where(({ region }) => region === call.region);
  const find = (call: Call, id: string | undefined): LoadBalancer => findBalancer(cloud, call, id);
  const describe = (balancer: LoadBalancer): elb.LoadBalancer => {
    return {
      LoadBalancerArn: balancer.id,
      LoadBalancerName: balancer.name,
      DNSName: balancerLabel(balancer),
      CreatedTime: new Date(balancer.createdAt),
      Scheme: balancer.internetFacing ? "internet-facing" : "internal",
      Type: balancer.type as elb.LoadBalancerTypeEnum,
      VpcId: balancer.vpcId,
      State: { Code: Date.now() - balancer.createdAt < cloud.settings.networkPendingMs ? "provisioning" : "active" },
      AvailabilityZones: balancer.subnetIds.map((SubnetId) => ({
        SubnetId,
        ZoneName: tables.subnets.get(SubnetId)?.zone ?? "",
      })),
      SecurityGroups: [...balancer.groupIds],
      IpAddressType: "ipv4",
    };
  };

  const tagged = (call: Call, id: string): { table: Pick<Table<Resource>, "change">; tags: Tags } => {
    for (const table of [tables.loadBalancers, tables.targetGroups, tables.listeners]) {
      const found = table.get(id);
      if (found?.region === call.region) return { table, tags: found.tags };
    }
    return { table: tables.loadBalancers, tags: find(call, id).tags };
  };

  return {
    CreateLoadBalancer: (call: Call, input: elb.CreateLoadBalancerInput): elb.CreateLoadBalancerOutput => {
      const { Name: name = "", Type: type = "application", Scheme = "internet-facing" } = input;
      if (!/^(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/.test(name)) {
        throw new AwsError("ValidationError", `The load balancer name '${name}' is not valid`);
      }
      const subnetIds = input.Subnets ?? (input.SubnetMappings ?? []).map(({ SubnetId = "" }) => SubnetId);
      const subnets = subnetIds.map((id) => {
        const subnet = tables.subnets.get(id);
        if (subnet?.region !== call.region)
          throw new AwsError("SubnetNotFound", `The subnet ID '${id}' does not exist`);
        return subnet;
      });
      const zones = new Set(subnets.map(({ zone }) => zone));
      if (zones.size < (type === "application" ? 2 : 1)) {
        throw new AwsError(
          "ValidationError",
          "At least two subnets in two different Availability Zones must be specified",
        );
      }
      const known = all(call).find((balancer) => balancer.name === name);
      if (known) {
        const same = known.type === type && known.internetFacing === (Scheme === "internet-facing");
        if (same && known.subnetIds.join() === subnetIds.join()) return { LoadBalancers: [describe(known)] };
        throw new AwsError("DuplicateLoadBalancerName", `A load balancer with the name '${name}' exists`);
      }
      const id = arn(call.region, `loadbalancer/${words[type] ?? "app"}/${name}/${newPlace()}`);
      const balancer = tables.loadBalancers.put({
        ...resource("elb", call.region, withTags({}, input.Tags)),
        ...{ id, name, type, subnetIds, internetFacing: Scheme === "internet-facing" },
        groupIds: input.SecurityGroups ?? [],
        vpcId: subnets[0]?.vpcId ?? "",
        address: unusedAddress(cloud),
      });
      return { LoadBalancers: [describe(balancer)] };
    },

    DescribeLoadBalancers: (call: Call, input: elb.DescribeLoadBalancersInput): elb.DescribeLoadBalancersOutput => {
      const byArn = input.LoadBalancerArns?.map((arn) => find(call, arn));
      const byName = input.Names?.map((name) => find(call, all(call).find((one) => one.name === name)?.id ?? name));
      const { items, NextMarker } = elbPage(byArn ?? byName ?? all(call), input);
      return { LoadBalancers: items.map(describe), ...(NextMarker ? { NextMarker } : {}) };
    },

    DescribeTags: (call: Call, input: elb.DescribeTagsInput): elb.DescribeTagsOutput => {
      const arns = input.ResourceArns ?? [];
      if (arns.length > taggedAtOnce)
        throw new AwsError("ValidationError", `Up to ${taggedAtOnce} resources at a time`);
      return { TagDescriptions: arns.map((id) => ({ ResourceArn: id, Tags: tagList(tagged(call, id).tags) })) };
    },

    AddTags: (call: Call, input: elb.AddTagsInput): elb.AddTagsOutput => {
      for (const id of input.ResourceArns ?? []) {
        const { table, tags } = tagged(call, id);
        table.change(id, { tags: withTags(tags, input.Tags) });
      }
      return {};
    },

    /** One that is gone is fine, as at AWS. */
    DeleteLoadBalancer: (call: Call, input: elb.DeleteLoadBalancerInput): elb.DeleteLoadBalancerOutput => {
      const known = all(call).find(({ id }) => id === input.LoadBalancerArn);
      if (!known) return {};
      for (const { id } of tables.listeners.where(({ balancerId }) => balancerId === known.id))
        tables.listeners.delete(id);
      tables.loadBalancers.delete(known.id);
      return {};
    },
  };
}
