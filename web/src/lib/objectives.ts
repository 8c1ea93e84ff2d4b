import { gaugeTone, type Tone } from "./tone.ts";

export interface Gauge {
  /** Of the objective; above 1 it is missed. Undefined where nothing was measured. */
  readonly ratio: number | undefined;
  readonly seconds: number | undefined;
  readonly objectiveSeconds: number;
  readonly tone: Tone;
}

function gauge(seconds: number | undefined, objectiveSeconds: number): Gauge {
  const ratio = seconds === undefined || objectiveSeconds <= 0 ? undefined : seconds / objectiveSeconds;
  return { ratio, seconds, objectiveSeconds, tone: gaugeTone(ratio) };
}

interface Group {
  readonly state: string;
  readonly breached: boolean;
  readonly lag_seconds?: number | undefined;
  readonly newest_point?: { readonly taken_at: string } | undefined;
  readonly policy: { readonly rpo_seconds: number; readonly rto_seconds: number };
}

/** What would be lost now. It grows by the second between two looks; a group without a point loses everything. */
export function rpoGauge(group: Group, now: number): Gauge {
  const taken = group.newest_point?.taken_at;
  const seconds = taken === undefined ? group.lag_seconds : Math.max(0, (now - Date.parse(taken)) / 1000);
  const found = gauge(seconds, group.policy.rpo_seconds);
  return group.breached || (seconds === undefined && group.state === "protected") ? { ...found, tone: "bad" } : found;
}

interface Run {
  readonly mode: string;
  readonly created_at: string;
  readonly report?: { readonly rto_seconds: number; readonly rpo_seconds: number } | undefined;
}

/** What a takeover took, measured by the newest drill or failover; nothing is guessed. */
export function rtoGauge(runs: readonly Run[], objectiveSeconds: number): Gauge {
  const newest = runs.find(({ report }) => report !== undefined);
  return gauge(newest?.report?.rto_seconds, objectiveSeconds);
}

/** Measured runs, the oldest first: seconds since 1970, and what each took. */
export function trend(runs: readonly Run[]): { readonly at: number[]; readonly rto: number[]; readonly rpo: number[] } {
  const measured = runs.filter(({ report }) => report !== undefined).toReversed();
  return {
    at: measured.map(({ created_at: at }) => Date.parse(at) / 1000),
    rto: measured.map(({ report }) => report?.rto_seconds ?? 0),
    rpo: measured.map(({ report }) => report?.rpo_seconds ?? 0),
  };
}
