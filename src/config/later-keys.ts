import type { ConfigKey } from "./keys.ts";

/** Keys that load, are checked, and wait for the part of the product that will use them. */
const laterTest = "a key of a later part is reported as not yet in effect";

function later(part: string, example: ConfigKey["example"], description: string, unit?: string): ConfigKey {
  return { description, example, effect: { later: part }, test: laterTest, ...(unit ? { unit } : {}) };
}

export const costKeys: Readonly<Record<string, ConfigKey>> = {
  "providers[].cost_limits.daily_limit": later("cost", 500, "Spending a day that is not exceeded.", "US dollars"),
  "providers[].cost_limits.monthly_limit": later(
    "cost",
    15_000,
    "Spending a month that is not exceeded.",
    "US dollars",
  ),
  enable_arbitrage: later("cost", true, "Whether workloads may move to where they cost less."),
  preferred_provider: later("placement", "aws", "Name of the provider that wins a tie in placement."),
};

function burst(key: string, example: ConfigKey["example"], description: string, unit?: string): [string, ConfigKey] {
  return [`bursting.${key}`, { ...later("bursting", example, description, unit), aliases: [`burst.${key}`, key] }];
}

export const burstingKeys: Readonly<Record<string, ConfigKey>> = {
  enable_bursting: later("bursting", true, "Whether load may burst to another provider."),
  "burst_thresholds.cpu_threshold": later("bursting", 0.9, "CPU use above which bursting starts.", "fraction or %"),
  "burst_thresholds.memory_threshold": later(
    "bursting",
    0.85,
    "Memory use above which bursting starts.",
    "fraction or %",
  ),
  "burst_thresholds.queue_depth": later("bursting", 100, "Waiting jobs above which bursting starts.", "jobs"),
  "burst_thresholds.duration": later("bursting", "5m", "How long a threshold has to be exceeded.", "duration"),
  ...Object.fromEntries([
    burst("monitor_interval", "30s", "How often load is looked at.", "duration"),
    burst("scale_back_threshold", 0.5, "Use below which burst VMs are given back.", "fraction or %"),
    burst("cooldown_period", "10m", "Least time between two scaling decisions.", "duration"),
    burst("max_burst_vms", 20, "Most VMs that run elsewhere at once.", "VMs"),
    burst("cost_optimized", true, "Whether the cheapest fitting offer is taken."),
  ]),
};
