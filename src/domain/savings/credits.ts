import type { UsageSeries } from "./usage.ts";

/** What a burstable size gives for good, and for how many hours of that its credits last at most. */
export interface BurstRule {
  /** Of each of its CPUs. */
  readonly baselineShare: number;
  readonly keptHours: number;
}

/** CPUs that are whole for good. */
export const wholeCpus: BurstRule = { baselineShare: 1, keptHours: 0 };

/**
 * Undefined where the vendor's figure is not known here, and nobody may count on it then. AWS: "Key concepts for burstable
 * performance instances" (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-credits-baseline-concepts.html). Azure: "B
 * sizes" (https://learn.microsoft.com/azure/virtual-machines/sizes-b-series-burstable), where the base is of all CPUs together.
 * Google: E2's shared cores burst for up to two minutes (https://cloud.google.com/compute/docs/general-purpose-machines).
 */
export function burstRule(instanceType: string): BurstRule | undefined {
  const [family = "", size = ""] = instanceType.split(".");
  const aws = family === "t2" ? t2[size] : /^t(3|3a|4g)$/.test(family) ? t3[size] : undefined;
  const share = aws ?? azure[instanceType];
  if (share !== undefined) return { baselineShare: share, keptHours: 24 };
  const shared = google[instanceType];
  return shared === undefined ? undefined : { baselineShare: shared, keptHours: 2 / 60 };
}

type Shares = Readonly<Record<string, number>>;
const t3: Shares = { nano: 0.05, micro: 0.1, small: 0.2, medium: 0.2, large: 0.3, xlarge: 0.4, "2xlarge": 0.4 };
const t2: Shares = { nano: 0.05, micro: 0.1, small: 0.2, medium: 0.2, large: 0.3, xlarge: 0.225, "2xlarge": 0.16875 };
const azure: Shares = {
  Standard_B1ls: 0.05,
  Standard_B1s: 0.1,
  Standard_B1ms: 0.2,
  Standard_B2s: 0.2,
  Standard_B2ms: 0.3,
  Standard_B4ms: 0.225,
  Standard_B8ms: 0.16875,
  Standard_B12ms: 0.16833,
  Standard_B16ms: 0.16875,
  Standard_B20ms: 0.1685,
};
const google: Shares = { "e2-micro": 0.125, "e2-small": 0.25, "e2-medium": 0.5 };

export interface CpuSize {
  readonly cpus: number;
  readonly burst: BurstRule;
}

/**
 * The share of the samples in which `scale` times the demand is above what the size gives. Of a burstable one that is
 * everything while credits last, and its baseline after that; they are earned evenly, and it begins with half of the most.
 */
export function shareAbove({ cpu, stepSeconds }: UsageSeries, { cpus, burst }: CpuSize, scale = 1): number {
  const slack = 1e-9;
  const baseline = burst.baselineShare * cpus;
  const most = (baseline * burst.keptHours * 3600) / stepSeconds;
  let credits = most / 2;
  let measured = 0;
  let above = 0;
  for (const value of cpu) {
    if (Number.isNaN(value)) {
      credits = Math.min(most, credits + baseline);
      continue;
    }
    measured += 1;
    const demand = value * scale;
    if (demand > cpus + slack) above += 1;
    if (burst.baselineShare >= 1) continue;
    credits = Math.min(most, credits + baseline - Math.min(demand, cpus));
    if (credits >= 0) continue;
    credits = 0;
    if (demand <= cpus + slack && demand > baseline + slack) above += 1;
  }
  return measured === 0 ? 0 : above / measured;
}
