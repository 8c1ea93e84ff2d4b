import type { ConfigKey } from "./keys.ts";

const effect = { now: "what the site costs, by the day: each VM's share, and what no VM has" } as const;
const test = "a libvirt site may have a cost model";

function ofModel(key: string, example: ConfigKey["example"], description: string, unit?: string): [string, ConfigKey] {
  return [`providers[].cost_model.${key}`, { description, example, effect, test, ...(unit ? { unit } : {}) }];
}

/** How clouds are asked for costs. */
export const cloudCostKeys: Readonly<Record<string, ConfigKey>> = {
  "providers[].cost_tag": {
    description:
      "Tag that costs of an `aws`, `azure` or `oci` site are told by, besides service and resource: these clouds take one. Default `project`. At AWS it has to be a cost allocation tag that is active.",
    example: "team",
    effect: { now: "the tag that imported costs of the site carry" },
    test: "a cloud's site says how its costs are told",
  },
  "providers[].billing_table": {
    description: "Table of BigQuery that Cloud Billing exports the costs of a `gcp` site to.",
    example: "my-project.billing.gcp_billing_export_resource_v1_0123AB_4567CD_89EF01",
    effect: { now: "a site of Google Cloud says what it cost; not without it" },
    test: "a cloud's site says how its costs are told",
  },
};

/** What a host of one's own costs: nobody sends a bill. */
export const costModelKeys: Readonly<Record<string, ConfigKey>> = Object.fromEntries([
  ofModel("currency", "USD", "Currency of the amounts."),
  ofModel("hardware_price", 12_000, "What the host was bought for; spread evenly over its life.", "the currency"),
  ofModel("life_months", 60, "How long it is used.", "months"),
  ofModel("power_watts", 350, "What it draws on average. Default 0.", "watts"),
  ofModel("power_price", 0.22, "Price of a kilowatt-hour. Default 0.", "the currency"),
  ofModel("power_overhead", 1.5, "Cooling and losses: watts from the wall for each of the host (PUE). Default 1."),
  ofModel("licences_month", 90, "Licences and support a month. Default 0.", "the currency"),
  ofModel("cpus", 64, "CPUs that VMs can have of it.", "CPUs"),
  ofModel("memory", "256GiB", "Memory that VMs can have of it.", "size"),
]);
