import { defaultSavingsSettings, type SavingsSettings } from "../domain/savings/settings.ts";
import type { Config } from "./config-types.ts";
import type { ConfigKey } from "./keys.ts";
import type { FileContent } from "./schema.ts";

const whole = "what savings are looked for can be set";
const { headroom } = defaultSavingsSettings;

function headroomOf(what: string, times: number): ConfigKey {
  return {
    description: `A new size has at least so many times the highest ${what} that was seen.`,
    default: times,
    example: 1.5,
    effect: { now: "smaller sizes are not recommended" },
    test: whole,
  };
}

/** What costs less than now; `docs/savings.md`. */
export const savingsKeys: Readonly<Record<string, ConfigKey>> = {
  cost_optimization: {
    description: "Whether the weekly analysis looks for what could cost less.",
    default: true,
    example: false,
    effect: { now: "the schedule of the analysis" },
    test: whole,
  },
  "savings.lookback": {
    description: "How far back use is looked at.",
    unit: "duration",
    default: "28d",
    example: "14d",
    effect: { now: "what an analysis reads of metrics" },
    test: whole,
  },
  "savings.least_data": {
    description: "With less measured time nothing is recommended that rests on use; at least 7 days.",
    unit: "duration",
    default: "7d",
    example: "14d",
    effect: { now: "the others say that they were not measured for long enough" },
    test: whole,
  },
  "savings.least_saving": {
    description: "What saves less a month is not recommended.",
    unit: "US dollars",
    default: 1,
    example: 5,
    effect: { now: "the others say how little could be saved" },
    test: whole,
  },
  "savings.harm_limit": {
    description: "The share of all VMs that may at most be expected to be harmed by what is recommended.",
    unit: "fraction or %",
    default: "2%",
    example: "1%",
    effect: { now: "which of a VM's alternatives is recommended" },
    test: whole,
  },
  "savings.cpu_headroom": headroomOf("CPU use", headroom.cpu),
  "savings.memory_headroom": headroomOf("memory use", headroom.memory),
  "savings.network_headroom": headroomOf("network rate", headroom.network),
  "savings.disk_headroom": headroomOf("disk rate", headroom.disk),
  "savings.schedules": {
    description: "Whether to recommend turning VMs off in hours in which they were never in use.",
    default: true,
    example: false,
    effect: { now: "recommendations of the kind `schedule`" },
    test: whole,
  },
  "savings.architectures": {
    description: "Whether to recommend sizes of another CPU architecture, for which guests have to be built.",
    default: false,
    example: true,
    effect: { now: "recommendations of the kind `architecture`" },
    test: whole,
  },
};

const dayMs = 86_400_000;
const fewestDays = 7;

export function toSavings({ savings, cost_optimization: enabled }: FileContent): Config["savings"] {
  const { lookback, least_data: leastData, least_saving: leastSaving, harm_limit: harmLimit } = savings;
  const settings: SavingsSettings = {
    ...defaultSavingsSettings,
    lookbackDays: Math.max(fewestDays, lookback / dayMs),
    leastDays: Math.max(fewestDays, leastData / dayMs),
    leastSavingMicros: Math.round(leastSaving * 1e6),
    harmLimit,
    headroom: {
      cpu: savings.cpu_headroom,
      memory: savings.memory_headroom,
      network: savings.network_headroom,
      disk: savings.disk_headroom,
    },
    schedules: savings.schedules,
    architectures: savings.architectures,
  };
  return { enabled, settings };
}
