import type { PlannedRange } from "./address-plan.ts";
import { readRange } from "./address-range.ts";
import type { ResourceKind } from "./resource.ts";
import type { Expression } from "./search/query.ts";

/** What the inventory is asked for to see all ranges. */
export const networksOnly: Expression = {
  type: "or",
  items: (["network", "subnet"] as const).map((kind) => ({
    type: "match",
    field: "kind",
    pattern: { type: "exact", value: kind },
  })),
};

export interface NetworkResource {
  readonly site: string;
  readonly kind: ResourceKind;
  readonly resourceId: string;
  readonly name: string;
  readonly document: Readonly<Record<string, unknown>>;
}

/** The ranges that networks have. Parts of a network whose own ranges are known say nothing more. */
export function rangesOf(resources: readonly NetworkResource[]): PlannedRange[] {
  const networks = resources
    .filter(({ kind }) => kind === "network")
    .flatMap((network) => cidrsOf(network, network.resourceId));
  const known = new Set(networks.map(keyOf));
  const parts = resources
    .filter(({ kind }) => kind === "subnet")
    .flatMap((subnet) => {
      const { virtual_network_id: parent } = subnet.document;
      return cidrsOf(subnet, typeof parent === "string" ? parent : subnet.resourceId);
    })
    .filter((range) => !known.has(keyOf(range)));
  return [...networks, ...parts];
}

function cidrsOf({ site, name, document }: NetworkResource, networkId: string): PlannedRange[] {
  const { cidrs, cidr } = document;
  const all: readonly unknown[] = Array.isArray(cidrs) ? cidrs : [cidr];
  return all
    .filter((each): each is string => typeof each === "string" && readRange(each) !== undefined)
    .map((each) => ({ site, networkId, name, cidr: each }));
}

function keyOf({ site, networkId }: PlannedRange): string {
  return JSON.stringify([site, networkId]);
}
