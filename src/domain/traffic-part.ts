import type { MigrationObservations } from "./migration-parts.ts";
import type { ObservedResource, PlanAction, PlanChoice } from "./plan.ts";
import type { SourcePort } from "./traffic.ts";
import { formatAddress } from "./traffic-proxy.ts";

/** What one record, pool or listener adds to a plan. */
export interface TrafficPart {
  readonly action?: PlanAction;
  readonly choice?: PlanChoice;
  readonly observed?: ObservedResource;
}

/** Whether that is where a port of the source is reached. */
export function sourcePort(
  { request, vm, traffic }: MigrationObservations,
  address: string,
): { readonly source?: SourcePort } {
  const found = traffic?.endpoints.find((endpoint) => formatAddress(endpoint) === address);
  return found ? { source: { site: request.from, vmId: vm.vmId, guestPort: found.guestPort } } : {};
}
