import { bytes, duration } from "./format.ts";

const shares = new Set(["cpu.utilisation", "memory.used", "calls.failed"]);
const rates = new Set(["disk.read", "disk.write", "network.in", "network.out"]);
const seconds = /(?:^|\.)(?:seconds|age|lag|latency_p95)$/;

/** A figure of a metric as people read it: `0.973` of `cpu.utilisation` → `97.3 %`; what is not known here stays a number. */
export function figure(metric: string, value: number | undefined): string {
  if (value === undefined) return "–";
  if (shares.has(metric)) return `${Number((value * 100).toFixed(1))} %`;
  if (rates.has(metric)) return `${bytes(value)}/s`;
  if (seconds.test(metric)) return duration(value);
  if (metric.startsWith("cost.")) return `$${Number(value.toFixed(2))}`;
  return String(Number(value.toPrecision(5)));
}

export const comparisons = { gt: ">", gte: "≥", lt: "<", lte: "≤", eq: "=" } as const;

/** When a rule fires: `cpu.utilisation > 90 % for 10 min`. */
export function conditionText(rule: {
  readonly metric: string;
  readonly comparison: keyof typeof comparisons;
  readonly threshold: number;
  readonly duration_seconds: number;
}): string {
  const lasts = rule.duration_seconds > 0 ? ` for ${duration(rule.duration_seconds)}` : "";
  return `${rule.metric} ${comparisons[rule.comparison]} ${figure(rule.metric, rule.threshold)}${lasts}`;
}

/** Of what a rule or silence is: `onprem-a/vm-1`, `onprem-a`, or everything. */
export function subjectText(of: {
  readonly site?: string | undefined;
  readonly resource_id?: string | undefined;
}): string {
  return [of.site ?? (of.resource_id === undefined ? "all sites" : "any site"), of.resource_id]
    .filter(Boolean)
    .join(" / ");
}
