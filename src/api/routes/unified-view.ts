import { allOf, type Expression } from "../../domain/search/query.ts";
import { type CostSum, unifiedTotals } from "../../domain/unified-view.ts";
import { tagKeys } from "../../domain/vm.ts";
import { toWire } from "../../domain/wire.ts";
import { freshness } from "../inventory-freshness.ts";
import { type Answer, route } from "../route.ts";
import { type UnifiedViewBody, unifiedViewQuery, unifiedViewSchema } from "../schemas/unified-view.ts";
import { readPast, readSearch } from "../search-text.ts";
import type { ApiContext } from "./context.ts";

const bursting: Expression = {
  type: "and",
  items: [
    { type: "match", field: "kind", pattern: { type: "exact", value: "vm" } },
    { type: "tag", key: tagKeys.burst },
  ],
};

export function unifiedViewRoutes(context: ApiContext) {
  const { store, historyMs } = context;
  return [
    route({
      method: "get",
      path: "/v1/unified-view",
      operationId: "getUnifiedView",
      tag: "inventory",
      summary: "All sites in one: how much there is, and what it costs",
      description: "Totals are the sums of their parts, whatever is looked for; what is unknown is said to be.",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      query: unifiedViewQuery,
      responses: { 200: { description: "The view", schema: unifiedViewSchema } },
      async handle({ query, access, actor }): Promise<Answer> {
        const now = Date.now();
        const asOf = query.as_of === undefined ? undefined : readPast("as_of", query.as_of, { now, historyMs });
        const { where } = readSearch(query.q ?? "", undefined, asOf === undefined ? now : Date.parse(asOf));
        const { scopes } = access;
        const moves = actor?.grants.get("migrations:read");
        const moment = asOf === undefined ? {} : { asOf };
        const [parts, bursts, activeMigrations, policyViolations, age] = await Promise.all([
          store.resources.sums({ where, scopes, ...moment }),
          store.resources.sums({ where: allOf(where, bursting), scopes, ...moment }),
          moves && store.migrations.countActive({ where, vmScopes: scopes, scopes: moves, asOf }),
          store.findings.openCount(scopes),
          freshness(context, access, { where, asOf }),
        ]);
        const totals = unifiedTotals(parts);
        const body: UnifiedViewBody = {
          total_vms: totals.totalVms,
          total_cpus: totals.totalCpus,
          total_memory_gb: totals.totalMemoryBytes / 2 ** 30,
          total_cost: costView(totals.totalCost),
          provider_breakdown: Object.fromEntries(
            Object.entries(totals.providerBreakdown).map(([provider, { vms, cpus, cost }]) => [
              provider,
              { vms, cpus, cost: costView(cost) },
            ]),
          ),
          cost_savings: costView(totals.costSavings),
          burst_workloads: bursts.reduce((sum, { resources }) => sum + resources, 0),
          ...(activeMigrations === undefined ? {} : { active_migrations: activeMigrations }),
          policy_violations: policyViolations,
          ...(asOf === undefined ? {} : { as_of: asOf }),
          freshness: toWire(age) as UnifiedViewBody["freshness"],
        };
        return { status: 200, json: JSON.stringify(body) };
      },
    }),
  ];
}

function costView({ knownMicros, unknownResources }: CostSum): UnifiedViewBody["total_cost"] {
  return {
    ...(knownMicros === undefined ? {} : { known: { micros: knownMicros, currency: "USD" } }),
    unknown_resources: unknownResources,
  };
}
