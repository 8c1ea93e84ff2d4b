/** Figures over time: what sites measure of their VMs, what others push, and what we measure of ourselves. */

/** What every kind of site is asked of a VM. Ratios are 0 to 1, rates are bytes a second. */
export const vmMetrics = {
  "cpu.utilisation": "Part of its virtual CPUs' time that they were busy",
  "memory.used":
    "Part of its memory that the guest can't give to another program at once; only where somebody in the guest says so",
  "disk.read": "Bytes a second read from its disks",
  "disk.write": "Bytes a second written to its disks",
  "network.in": "Bytes a second that came in",
  "network.out": "Bytes a second that went out",
} as const;
export type VmMetric = keyof typeof vmMetrics;
export const vmMetricNames = Object.keys(vmMetrics) as readonly VmMetric[];

/** The site of figures that belong to no site: our own ones. */
export const ownSite = "novacron";

/** One figure of one resource at one moment. */
export interface MetricSample {
  readonly site: string;
  readonly resourceId: string;
  /** One of {@link vmMetricNames}, or any name of {@link isMetricName}. */
  readonly metric: string;
  /** ISO 8601 UTC: the end of the time that it is about. */
  readonly at: string;
  readonly value: number;
}

/** What is known of one span of time; of a raw sample all figures are its own. */
export interface MetricPoint {
  /** The span's beginning. */
  readonly at: string;
  /** The mean. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly samples: number;
}

export interface MetricSeries {
  readonly site: string;
  readonly resourceId: string;
  readonly metric: string;
  /** The oldest first. What was not measured has no point: it is not 0. */
  readonly points: readonly MetricPoint[];
}

/** Words of small letters, digits, `_` and `-`, joined by dots: `queue.depth`. */
export function isMetricName(name: string): boolean {
  return name.length <= 100 && /^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*$/.test(name);
}

export interface MetricTier {
  /** The span that one row is about; 0 of samples as they came. */
  readonly stepSeconds: number;
  /** After so many days rows of it go into the next coarser tier, or away. */
  readonly days: number;
}

/** How samples are thinned by age: as they came for two days, then five minutes for five weeks, then hours. */
export const metricTiers = {
  raw: { stepSeconds: 0, days: 2 },
  fiveMinutes: { stepSeconds: 300, days: 35 },
  hours: { stepSeconds: 3_600, days: 400 },
} as const satisfies Readonly<Record<string, MetricTier>>;

/** The step that gives about so many points of a span, of those that people read easily. */
export function stepFor(fromMs: number, toMs: number, points: number): number {
  const wanted = (toMs - fromMs) / 1_000 / points;
  const steps = [10, 30, 60, 300, 900, 3_600, 21_600, 86_400];
  return steps.find((step) => step >= wanted) ?? 86_400;
}
