import type { ResourceKind } from "./resource.ts";

/** What resources of one site and kind come to, of those that match. */
export interface ResourceSums {
  readonly site: string;
  readonly kind: ResourceKind;
  readonly provider: string;
  readonly resources: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Of those whose cost is known. */
  readonly costMicros: number;
  readonly costUnknown: number;
  readonly unused: number;
  readonly unusedCostMicros: number;
  readonly unusedCostUnknown: number;
}

/** A sum of list prices a month, with what it lacks. */
export interface CostSum {
  /** Of what is known, in micro-dollars; absent when nothing is. */
  readonly knownMicros?: number;
  /** Resources whose cost isn't known: the whole is more than what is known. */
  readonly unknownResources: number;
}

export interface ProviderPart {
  readonly vms: number;
  readonly cpus: number;
  readonly cost: CostSum;
}

export interface UnifiedTotals {
  readonly totalVms: number;
  readonly totalCpus: number;
  readonly totalMemoryBytes: number;
  readonly totalCost: CostSum;
  readonly providerBreakdown: Readonly<Record<string, ProviderPart>>;
  /** What stands there unused. */
  readonly costSavings: CostSum;
}

/** Kinds that have a price of their own. Networks, subnets and security groups have none anywhere; images, recovery points
 *  and scaling groups are billed as the snapshots, volumes and VMs that they consist of, which have rows of their own. */
const billedKinds: ReadonlySet<ResourceKind> = new Set([
  ...(["vm", "volume", "snapshot", "address", "load-balancer", "tunnel"] as const),
]);

/** Adds up parts; the totals are the sums of the providers', whatever the parts were filtered by. */
export function unifiedTotals(parts: readonly ResourceSums[]): UnifiedTotals {
  const byProvider = [...Map.groupBy(parts, ({ provider }) => provider)].sort(([a], [b]) => (a < b ? -1 : 1));
  const providerBreakdown = Object.fromEntries(
    byProvider.map(([provider, of]) => {
      const vms = of.filter(({ kind }) => kind === "vm");
      return [provider, { vms: sum(vms, "resources"), cpus: sum(vms, "cpus"), cost: costOf(of) }];
    }),
  );
  const providers = Object.values(providerBreakdown);
  return {
    totalVms: providers.reduce((all, { vms }) => all + vms, 0),
    totalCpus: providers.reduce((all, { cpus }) => all + cpus, 0),
    totalMemoryBytes: sum(
      parts.filter(({ kind }) => kind === "vm"),
      "memoryBytes",
    ),
    totalCost: addCosts(providers.map(({ cost }) => cost)),
    providerBreakdown,
    costSavings: savingsOf(parts),
  };
}

function costOf(parts: readonly ResourceSums[]): CostSum {
  return addCosts(
    billed(parts).map((part) => ({
      ...(part.resources > part.costUnknown ? { knownMicros: part.costMicros } : {}),
      unknownResources: part.costUnknown,
    })),
  );
}

function savingsOf(parts: readonly ResourceSums[]): CostSum {
  return addCosts(
    billed(parts).map((part) => ({
      ...(part.unused > part.unusedCostUnknown ? { knownMicros: part.unusedCostMicros } : {}),
      unknownResources: part.unusedCostUnknown,
    })),
  );
}

/** Nothing at all costs 0, which is known; things of which nothing is known don't. */
function addCosts(costs: readonly CostSum[]): CostSum {
  const unknownResources = costs.reduce((all, cost) => all + cost.unknownResources, 0);
  const known = costs.flatMap(({ knownMicros }) => knownMicros ?? []);
  if (known.length === 0 && unknownResources > 0) return { unknownResources };
  return { knownMicros: known.reduce((all, micros) => all + micros, 0), unknownResources };
}

function billed(parts: readonly ResourceSums[]): readonly ResourceSums[] {
  return parts.filter(({ kind }) => billedKinds.has(kind));
}

function sum(parts: readonly ResourceSums[], member: "resources" | "cpus" | "memoryBytes"): number {
  return parts.reduce((all, part) => all + part[member], 0);
}
