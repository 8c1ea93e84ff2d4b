import { randomBytes } from "node:crypto";
import type * as elb from "@aws-sdk/client-elastic-load-balancing-v2";
import type { AwsCloud, Call } from "../cloud.ts";
import { resource } from "../ec2/default-network.ts";
import { pageOf } from "../ec2/filters.ts";
import { tagList } from "../ec2/registry.ts";
import { withTags } from "../ec2/tags.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import type { LoadBalancer } from "../listed-state.ts";

/** "DescribeTags" takes so many at once. */
const taggedAtOnce = 20;
/** In a load balancer's ARN. */
const words: Readonly<Record<string, string>> = { application: "app", network: "net", gateway: "gwy" };

/** Elastic Load Balancing v2: that load balancers are there. They have no listeners, and pass nothing on. */
export function elbOperations(cloud: AwsCloud) {
  const { tables } = cloud;
  const all = (call: Call) => tables.loadBalancers.where(({ region }) => region === call.region);
  const find = (call: Call, arn: string | undefined): LoadBalancer => {
    const balancer = all(call).find(({ id }) => id === arn);
    if (!balancer) throw new AwsError("LoadBalancerNotFound", `Load balancer '${arn}' not found`);
    return balancer;
  };
  const describe = (balancer: LoadBalancer): elb.LoadBalancer => {
    const prefix = balancer.internetFacing ? "" : "internal-";
    return {
      LoadBalancerArn: balancer.id,
      LoadBalancerName: balancer.name,
      DNSName: `${prefix}${balancer.name}-${balancer.id.slice(-16)}.elb.${balancer.region}.amazonaws.com`,
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
      const place = `${words[type] ?? "app"}/${name}/${randomBytes(8).toString("hex")}`;
      const id = `arn:aws:elasticloadbalancing:${call.region}:${accountId}:loadbalancer/${place}`;
      const balancer = tables.loadBalancers.put({
        ...resource("elb", call.region, withTags({}, input.Tags)),
        ...{ id, name, type, subnetIds, internetFacing: Scheme === "internet-facing" },
        groupIds: input.SecurityGroups ?? [],
        vpcId: subnets[0]?.vpcId ?? "",
      });
      return { LoadBalancers: [describe(balancer)] };
    },

    DescribeLoadBalancers: (call: Call, input: elb.DescribeLoadBalancersInput): elb.DescribeLoadBalancersOutput => {
      const byArn = input.LoadBalancerArns?.map((arn) => find(call, arn));
      const byName = input.Names?.map((name) => find(call, all(call).find((one) => one.name === name)?.id ?? name));
      const { items, NextToken } = pageOf(
        byArn ?? byName ?? all(call),
        {
          ...(input.PageSize === undefined ? {} : { MaxResults: input.PageSize }),
          ...(input.Marker === undefined ? {} : { NextToken: input.Marker }),
        },
        { least: 1, most: 400 },
      );
      return { LoadBalancers: items.map(describe), ...(NextToken ? { NextMarker: NextToken } : {}) };
    },

    DescribeTags: (call: Call, input: elb.DescribeTagsInput): elb.DescribeTagsOutput => {
      const arns = input.ResourceArns ?? [];
      if (arns.length > taggedAtOnce)
        throw new AwsError("ValidationError", `Up to ${taggedAtOnce} resources at a time`);
      return {
        TagDescriptions: arns.map((arn) => ({ ResourceArn: arn, Tags: tagList(find(call, arn).tags) })),
      };
    },

    AddTags: (call: Call, input: elb.AddTagsInput): elb.AddTagsOutput => {
      for (const arn of input.ResourceArns ?? []) {
        const balancer = find(call, arn);
        tables.loadBalancers.put({ ...balancer, tags: withTags(balancer.tags, input.Tags) });
      }
      return {};
    },

    /** One that is gone is fine, as at AWS. */
    DeleteLoadBalancer: (call: Call, input: elb.DeleteLoadBalancerInput): elb.DeleteLoadBalancerOutput => {
      const known = all(call).find(({ id }) => id === input.LoadBalancerArn);
      if (known) tables.loadBalancers.delete(known.id);
      return {};
    },
  };
}
