import type { BurstSizing } from "./burst-pool.ts";
import { type BurstSample, readSignal, type SignalReading } from "./burst-signal.ts";
import { sizePool } from "./burst-sizing.ts";
import type { ForecastAdvice } from "./load-forecast.ts";

/** Why a pool did what it did, or why it did nothing. */
export const burstReasons = [
  "load",
  "forecast",
  "manual",
  "disabled",
  "no-samples",
  "under-threshold",
  "not-sustained",
  "cooling-down",
  "at-limit",
  "no-budget",
  "no-offer",
  "frozen",
  "not-worth",
  "enough",
  "spare",
] as const;
export type BurstReason = (typeof burstReasons)[number];

/** A pool as it is looked at to decide. */
export interface PoolState {
  readonly nowMs: number;
  /** VMs that take part of the load. */
  readonly serving: number;
  /** VMs that were ordered and do not serve yet. */
  readonly coming: number;
  readonly lastBurstMs?: number;
  readonly lastReleaseMs?: number;
  /** By a person: at least so many VMs, whatever the load is. */
  readonly ordered?: number;
  /** How many more VMs the budget has room for; absent without one. */
  readonly affordable?: number;
  /** Of a pool that forecasts. */
  readonly advice?: ForecastAdvice;
}

export interface BurstDecision {
  readonly action: "burst" | "release" | "hold";
  readonly reason: BurstReason;
  /** VMs there should be, and VMs there are or that come. */
  readonly wanted: number;
  readonly have: number;
  /** A sentence for a person. */
  readonly detail: string;
  readonly readings: readonly SignalReading[];
}

/**
 * Decides how many VMs a pool has from now on. `samples` are of each signal, in the order of the signals.
 *
 * More VMs come where a signal has been above its threshold for as long as it has to be, as many as bring the pool under its
 * target; not within a cooldown of the last burst, as its VMs are on their way. Fewer stay where all signals are under the
 * bound for it, not within a cooldown of any change. In a pool that forecasts, the forecast decides: it bursts before the
 * breach, as far as that is worth it, and releases what it did not want for a cooldown. What is not known neither bursts nor
 * releases.
 */
export function decideBurst(
  pool: BurstSizing,
  samples: readonly (readonly BurstSample[])[],
  state: PoolState,
): BurstDecision {
  const { nowMs, serving, coming, ordered = 0, advice } = state;
  const have = serving + coming;
  const readings = pool.signals.map((signal, index) => readSignal(signal, samples[index] ?? [], { nowMs, ...pool }));
  const decision = (action: BurstDecision["action"], reason: BurstReason, wanted: number, detail: string) => ({
    ...{ action, reason, wanted, have, detail, readings },
  });
  const seen = readings.flatMap(({ value, state: stands }, index) => {
    const signal = pool.signals[index];
    if (value === undefined || !signal) return [];
    return [{ stands, ...sizePool(signal, value, { ownVms: pool.ownVms, serving }) }];
  });
  const largest = (of: typeof seen) => of.toSorted((a, b) => b.wanted - a.wanted)[0];

  const pressing = largest(seen.filter(({ stands }) => stands === "sustained"));
  const byLoad = advice ? advice.wanted : (pressing?.wanted ?? 0);
  const needed = Math.max(byLoad, ordered);
  if (needed > have) {
    if (byLoad < needed) return grow("manual", needed, `${ordered} VMs were ordered by a person`);
    if (!advice) return grow("load", needed, pressing?.detail ?? "");
    return grow("forecast", needed, `${expectation(advice)}: ${advice.wanted} VMs`);
  }

  if (seen.length < readings.length || readings.length === 0) {
    const unknown = readings.filter(({ state: stands }) => stands === "unknown");
    const detail = unknown.map(({ detail: what }) => what).join("; ") || "the pool watches nothing";
    return decision("hold", "no-samples", have, `${detail}; nothing is released either`);
  }
  if (have > 0) {
    const spare = shrink();
    if (spare) return spare;
  }
  if (pressing && advice && pressing.wanted > have) {
    const detail = `${pressing.detail}; ${expectation(advice)}, and more than ${advice.wanted} VMs would cost more than the minutes above the threshold are worth`;
    return decision("hold", "not-worth", have, detail);
  }
  if (pressing) return decision("hold", "enough", have, `${pressing.detail}; there are ${have}`);
  const over = readings.find(({ state: stands }) => stands === "over");
  if (over) return decision("hold", "not-sustained", have, over.detail);
  const detail = readings.map(({ detail: what }) => what).join("; ");
  return decision("hold", "under-threshold", have, detail);

  function grow(why: "manual" | "forecast" | "load", wanted: number, told: string): BurstDecision {
    if (!pool.enabled) return decision("hold", "disabled", have, `The pool is disabled; ${told}`);
    const { lastBurstMs, affordable } = state;
    const leftMs = lastBurstMs === undefined ? 0 : lastBurstMs + pool.cooldownSeconds * 1000 - nowMs;
    if (why === "load" && leftMs > 0) {
      return decision("hold", "cooling-down", have, `${told}; cooling down for another ${Math.ceil(leftMs / 1000)} s`);
    }
    if (have >= pool.maxVms) return decision("hold", "at-limit", have, `${told}; there are ${have} of ${pool.maxVms}`);
    const within = Math.min(wanted, pool.maxVms);
    const paid = affordable === undefined ? within : Math.min(within, have + affordable);
    if (paid <= have) return decision("hold", "no-budget", have, `${told}; the budget has no room for another one`);
    const bound = paid < within ? "; the budget has no room for more" : within < wanted ? "; more are not allowed" : "";
    return decision("burst", why, paid, `${told}; ${paid - have} more than ${have}${bound}`);
  }

  function shrink(): BurstDecision | undefined {
    const allUnder = readings.every(({ state: stands }) => stands === "under");
    const sized = largest(seen);
    const floor = Math.max(ordered, advice ? advice.kept : (sized?.wanted ?? 0));
    if (floor >= have || !(advice || allUnder)) return undefined;
    const changed = Math.max(state.lastBurstMs ?? 0, state.lastReleaseMs ?? 0);
    const leftMs = changed === 0 ? 0 : changed + pool.cooldownSeconds * 1000 - nowMs;
    const why = advice
      ? `the forecast wanted no more than ${advice.kept} for ${pool.cooldownSeconds} s`
      : (sized?.detail ?? "");
    if (leftMs > 0) {
      const detail = `${have - floor} of ${have} VMs are spare: ${why}; cooling down for another ${Math.ceil(leftMs / 1000)} s`;
      return decision("hold", "cooling-down", have, detail);
    }
    return decision("release", "spare", floor, `${have - floor} of ${have} VMs are spare: ${why}`);
  }
}

function expectation({ expected }: ForecastAdvice): string {
  return `the forecast expects ${expected.toFixed(1)} VMs' worth of work`;
}
