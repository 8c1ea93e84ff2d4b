import type { LoadBalancer } from "../listed-state.ts";

export function balancerDomain(region: string): string {
  return `${region}.elb.amazonaws.com`;
}

/** In lower case, as name servers have it. */
export function balancerName(balancer: LoadBalancer): string {
  return balancerLabel(balancer).toLowerCase();
}

/** As the API shows it. */
export function balancerLabel({ id, name, region, internetFacing }: LoadBalancer): string {
  return `${internetFacing ? "" : "internal-"}${name}-${id.slice(-16)}.${balancerDomain(region)}`;
}
