import { answerOf, connectApi, type Schemas } from "../client.ts";
import { fields, show, table } from "../output.ts";
import { formatMoney } from "../units.ts";
import type { CommonOptions } from "./options.ts";
import { describeFreshness } from "./search.ts";

type CostSum = Schemas["CostSum"];

export async function overview(query: string | undefined, options: CommonOptions & { asOf?: string }): Promise<void> {
  const { api } = connectApi(options);
  const { asOf } = options;
  const asked = { ...(query ? { q: query } : {}), ...(asOf ? { as_of: asOf } : {}) };
  const view = await answerOf(api.GET("/v1/unified-view", { params: { query: asked } }));
  await show(view, options.output, async (shown) => {
    const providers = await table(
      Object.entries(shown.provider_breakdown).map(([provider, part]) => ({ provider, ...part })),
      [
        { head: "PROVIDER", value: (row) => row.provider },
        { head: "VMS", align: "right", value: (row) => row.vms },
        { head: "CPUS", align: "right", value: (row) => row.cpus },
        { head: "A MONTH", align: "right", value: (row) => describeCost(row.cost) },
      ],
      "Nothing matches.",
    );
    const totals = fields([
      ["VMs", shown.total_vms],
      ["CPUs", shown.total_cpus],
      ["Memory", `${Number(shown.total_memory_gb.toFixed(1))} GiB`],
      ["Cost", `${describeCost(shown.total_cost)} a month at list price`],
      ["Unused", `${describeCost(shown.cost_savings)} a month could be saved`],
      ["Bursting", shown.burst_workloads],
      ["Migrations", shown.active_migrations === undefined ? undefined : `${shown.active_migrations} under way`],
      ["Violations", `${shown.policy_violations}`],
    ]);
    return [totals, "", providers, "", ...describeFreshness(shown.freshness, shown.as_of)].join("\n");
  });
}

/** `1234.50 USD + 3 unknown`. */
function describeCost({ known, unknown_resources: unknown }: CostSum): string {
  if (!known) return `unknown (of ${unknown})`;
  return unknown > 0 ? `${formatMoney(known)} + ${unknown} unknown` : formatMoney(known);
}
