import type * as route53 from "@aws-sdk/client-route-53";
import type { ServedRecord, ServedZone } from "../../cloud/dns/zones.ts";
import { balancerDomain, balancerName } from "../elb/names.ts";
import type { Tables } from "../state.ts";
import { bare } from "./names.ts";
import type { Route53State } from "./state.ts";

/** Resolvers keep a load balancer's addresses for so long:
 *  https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html */
const balancerTtlSeconds = 60;

/** What the name servers of the simulated AWS know: all public hosted zones, and the names of load balancers. */
export function servedZones({ zones, records }: Route53State, tables: Tables): ServedZone[] {
  const balancers = [...tables.loadBalancers.values()];
  const addressOf = (name: string): string | undefined =>
    balancers.find((balancer) => balancerName(balancer) === name)?.address;
  const resolve = (record: ServedRecord & { readonly more?: Readonly<Record<string, unknown>> }): ServedRecord => {
    const alias = record.more?.alias as route53.AliasTarget | undefined;
    const address =
      alias &&
      addressOf(
        bare(alias.DNSName ?? "")
          .toLowerCase()
          .replace(/^dualstack\./, ""),
      );
    if (address === undefined) return record;
    return { ...record, ttlSeconds: balancerTtlSeconds, values: [address] };
  };
  const hosted = [...zones.values()]
    .filter((zone) => !zone.private)
    .map((zone) => ({ name: bare(zone.name), records: records.served(zone.id).map(resolve) }));
  const ofBalancers = [...new Set(balancers.map(({ region }) => region))].map((region) => ({
    name: balancerDomain(region),
    records: balancers
      .filter((balancer) => balancer.region === region && balancer.address !== undefined)
      .map((balancer) => ({
        ...{ name: balancerName(balancer), type: "A", ttlSeconds: balancerTtlSeconds },
        values: [balancer.address ?? ""],
      })),
  }));
  return [...hosted, ...ofBalancers];
}
