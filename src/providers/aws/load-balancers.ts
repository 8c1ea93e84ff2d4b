import type { LoadBalancer as AwsLoadBalancer } from "@aws-sdk/client-elastic-load-balancing-v2";
import type { LoadBalancer, LoadBalancersFacet } from "../cloud-facets.ts";
import type { Aws } from "./client.ts";
import { fromWire, type Wire } from "./tags.ts";

/** "DescribeLoadBalancers" gives so many a page at most, "DescribeTags" takes so many of them. */
const pageSize = 400;
const taggedAtOnce = 20;

/** Application, network and gateway load balancers. */
export class AwsLoadBalancers implements LoadBalancersFacet {
  readonly #aws: Aws;

  constructor(aws: Aws) {
    this.#aws = aws;
  }

  async *listLoadBalancers(signal: AbortSignal): AsyncGenerator<LoadBalancer> {
    const subject = { operation: "list load balancers", resource: this.#aws.site };
    let marker: string | undefined;
    do {
      const input = { PageSize: pageSize, Marker: marker };
      const { LoadBalancers = [], NextMarker } = await this.#aws.elb.send(
        (sdk) => new sdk.DescribeLoadBalancersCommand(input),
        subject,
        signal,
      );
      for (let at = 0; at < LoadBalancers.length; at += taggedAtOnce) {
        const part = LoadBalancers.slice(at, at + taggedAtOnce);
        const tags = await this.#tagsOf(part, signal);
        for (const balancer of part) yield toLoadBalancer(balancer, tags.get(balancer.LoadBalancerArn ?? ""));
      }
      marker = NextMarker || undefined;
    } while (marker !== undefined);
  }

  async #tagsOf(balancers: readonly AwsLoadBalancer[], signal: AbortSignal): Promise<Map<string, Wire>> {
    const subject = { operation: "read the tags of load balancers", resource: this.#aws.site };
    const ResourceArns = balancers.flatMap(({ LoadBalancerArn }) => LoadBalancerArn ?? []);
    const { TagDescriptions = [] } = await this.#aws.elb.send(
      (sdk) => new sdk.DescribeTagsCommand({ ResourceArns }),
      subject,
      signal,
    );
    return new Map(TagDescriptions.map(({ ResourceArn = "", Tags = [] }) => [ResourceArn, Tags]));
  }
}

function toLoadBalancer(balancer: AwsLoadBalancer, wire: Wire | undefined): LoadBalancer {
  const { LoadBalancerArn = "", LoadBalancerName = "", DNSName, VpcId, CreatedTime, AvailabilityZones = [] } = balancer;
  return {
    loadBalancerId: LoadBalancerArn,
    name: LoadBalancerName,
    type: balancer.Type ?? "application",
    state: balancer.State?.Code ?? "unknown",
    internetFacing: balancer.Scheme === "internet-facing",
    ...(DNSName === undefined ? {} : { dnsName: DNSName }),
    ...(VpcId === undefined ? {} : { virtualNetworkId: VpcId }),
    networkIds: AvailabilityZones.flatMap(({ SubnetId }) => SubnetId ?? []),
    ...(CreatedTime === undefined ? {} : { createdAt: CreatedTime.toISOString() }),
    tags: fromWire(wire).tags,
  };
}
