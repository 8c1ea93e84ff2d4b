import type { ConfigKey } from "./keys.ts";

const effect = { now: "what the site costs, by the day: each VM's share, and what no VM has" } as const;
const test = "a libvirt site may have a cost model";

function ofModel(key: string, example: ConfigKey["example"], description: string, unit?: string): [string, ConfigKey] {
  return [`providers[].cost_model.${key}`, { description, example, effect, test, ...(unit ? { unit } : {}) }];
}

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
