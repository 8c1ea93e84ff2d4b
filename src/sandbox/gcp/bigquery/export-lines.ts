import type { BillLine } from "../../cloud/billing/bill.ts";
import { projectId, projectNumber } from "../places.ts";

const services = {
  instance: { id: "6F81-5844-456A", description: "Compute Engine" },
  disk: { id: "6F81-5844-456A", description: "Compute Engine" },
} as const;
const units = { instance: "hour", disk: "gibibyte hour" } as const;
const kinds = { instance: "instances", disk: "disks" } as const;

/** A line of the detailed usage cost export, as much of it as a bill of ours has. */
export interface ExportLine {
  readonly usage_start_time: string;
  readonly cost: number;
  readonly credits: readonly { readonly name: string; readonly amount: number; readonly type: string }[];
  readonly [field: string]: unknown;
}

/** https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/detailed-usage#detailed-usage-cost-data-schema */
export function exportLines(bill: readonly BillLine[]): ExportLine[] {
  return bill.map((line) => {
    const { day, kind, item, region, zone, name, tags, usage, rate, usd, spot } = line;
    const end = new Date(Date.parse(day) + 86_400_000).toISOString();
    const path = `projects/${projectId}/zones/${zone}/${kinds[kind]}/${name}`;
    return {
      billing_account_id: "SIMULA-TED000-000000",
      service: services[kind],
      sku: { id: `SIM-${item}`, description: `${spot ? "Spot Preemptible " : ""}${item} in ${region}` },
      usage_start_time: `${day}T00:00:00Z`,
      usage_end_time: end.replace(".000", ""),
      project: { id: projectId, number: projectNumber, name: projectId },
      labels: Object.entries(tags).map(([key, value]) => ({ key, value })),
      location: { location: region, country: "US", region, ...(zone === undefined ? {} : { zone }) },
      resource: { name, global_name: `//compute.googleapis.com/${path}` },
      cost: usd,
      currency: "USD",
      usage: { amount: usage, unit: units[kind], amount_in_pricing_units: usage, pricing_unit: units[kind] },
      credits: [],
      invoice: { month: day.slice(0, 7).replace("-", "") },
      cost_type: "regular",
      cost_at_list: usage * rate,
    };
  });
}
