import * as z from "zod";
import { timestamp } from "./common.ts";
import { freshnessSchema } from "./freshness.ts";
import { moneySchema } from "./price.ts";
import { moment, searchText } from "./resource.ts";

const costSum = z
  .strictObject({
    known: moneySchema.optional().meta({ description: "Of what is known, a month; absent when nothing is" }),
    unknown_resources: z
      .int()
      .min(0)
      .meta({ description: "Resources whose cost isn't known: the whole is more than what is known" }),
  })
  .meta({ id: "CostSum", description: "List prices a month. What is unknown is counted, never taken for 0" });

const count = z.int().min(0);

export const unifiedViewQuery = z.strictObject({
  q: searchText.optional().meta({ description: "Only of what matches, in the search language" }),
  as_of: moment.optional().meta({ description: "As it was then: a time, a day or an age (`2h`)" }),
});

export const unifiedViewSchema = z
  .strictObject({
    total_vms: count,
    total_cpus: count.meta({ description: "Of the VMs" }),
    total_memory_gb: z.number().min(0).meta({ description: "Of the VMs, in GiB" }),
    total_cost: costSum.meta({ description: "Of everything that has a price: VMs, volumes, snapshots, addresses" }),
    provider_breakdown: z
      .record(z.string(), z.strictObject({ vms: count, cpus: count, cost: costSum }))
      .meta({ description: "By the provider's kind; the totals are the sums of these" }),
    cost_savings: costSum.meta({ description: "What stands there and nothing uses: volumes and addresses" }),
    burst_workloads: count.meta({ description: "VMs that run what another site has no room for (`novacron:burst`)" }),
    active_migrations: count.optional().meta({
      description: "Of those VMs, from their start until they are final or undone; absent without `migrations:read`",
    }),
    policy_violations: count.meta({
      description: "Open findings of policies on resources within reach, whatever `q` filters",
    }),
    as_of: timestamp.optional(),
    freshness: freshnessSchema,
  })
  .meta({ id: "UnifiedView" });
export type UnifiedViewBody = z.output<typeof unifiedViewSchema>;
