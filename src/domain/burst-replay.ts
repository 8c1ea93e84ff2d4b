// Long because the pool, the rule beside it and the schedule that knows all are scored by one model.
import { type BurstDecision, decideBurst, type PoolState } from "./burst-decision.ts";
import type { BurstSizing } from "./burst-pool.ts";
import type { BurstSample } from "./burst-signal.ts";
import { type ForecastAdvice, LoadForecast } from "./load-forecast.ts";

/** A load a minute, in VMs' worth of work; `undefined` where nobody knows it. */
export interface ReplayedLoad {
  /** Of the first minute. */
  readonly startMs: number;
  readonly perMinute: readonly (number | undefined)[];
}

/** How the world behaves around a pool: the same for whatever decides. */
export interface ReplayTerms {
  /** From the order of a VM until it serves; it is paid for from the order on. */
  readonly leadMinutes: number;
  /** What the score counts a minute above the threshold as, in VM-hours. */
  readonly overMinuteWorth: number;
  readonly threshold: number;
  readonly cooldownMinutes: number;
  readonly ownVms: number;
  readonly maxVms: number;
}

export interface ReplayResult {
  readonly vmHours: number;
  readonly minutesOver: number;
  /** VM-hours, and the minutes over at their worth. */
  readonly score: number;
  /** How often it went from more VMs to fewer or back. */
  readonly directionChanges: number;
  readonly mostVms: number;
}

type Step = (minute: number, seen: { load: number | undefined; serving: number; have: number }) => number;

const tolerance = 1e-9;

/** The pool's own decisions, minute by minute, as if the load had been its. */
export function replayPool(pool: BurstSizing, load: ReplayedLoad, terms: ReplayTerms): ReplayResult {
  const [signal] = pool.signals;
  if (!signal) throw new Error("A pool that watches nothing can't be replayed");
  const forecast = pool.forecast && new LoadForecast(forecastPool(pool, terms));
  const keptMinutes = Math.ceil(signal.sustainSeconds / 60) + 4;
  const samples: BurstSample[] = [];
  let lastBurstMs: number | undefined;
  let lastReleaseMs: number | undefined;
  const started = Math.floor(load.startMs / 60_000);
  return walk(load, terms, (minute, { load: work, serving, have }) => {
    const nowMs = load.startMs + minute * 60_000;
    let advice: ForecastAdvice | undefined;
    if (work === undefined) forecast?.skip();
    else {
      samples.push({ atMs: nowMs, value: work / (pool.ownVms + serving) });
      if (samples.length > keptMinutes) samples.shift();
      advice = forecast?.observe(work, (started + minute) % 1_440);
    }
    const state: PoolState = {
      ...{ nowMs, serving, coming: have - serving },
      ...(lastBurstMs === undefined ? {} : { lastBurstMs }),
      ...(lastReleaseMs === undefined ? {} : { lastReleaseMs }),
      ...(advice ? { advice } : {}),
    };
    const { action, wanted }: BurstDecision = decideBurst(pool, [samples], state);
    if (action === "burst") lastBurstMs = nowMs;
    if (action === "release") lastReleaseMs = nowMs;
    return wanted;
  });
}

export function forecastPool(pool: BurstSizing, terms: Pick<ReplayTerms, "leadMinutes" | "threshold">) {
  return {
    ...{ ownVms: pool.ownVms, maxVms: pool.maxVms, threshold: terms.threshold },
    leadMinutes: Math.max(1, Math.round(terms.leadMinutes)),
    overMinuteWorth: pool.forecast?.overMinuteWorth ?? 0,
    holdMinutes: Math.max(1, Math.round(pool.cooldownSeconds / 60)),
  };
}

/** Runs whatever decides through the load. VMs that are still coming are the first that are let go of. */
function walk(load: ReplayedLoad, terms: ReplayTerms, step: Step): ReplayResult {
  const { leadMinutes, threshold, ownVms, overMinuteWorth } = terms;
  const coming: { at: number; vms: number }[] = [];
  let serving = 0;
  let vmMinutes = 0;
  let minutesOver = 0;
  let directionChanges = 0;
  let direction = 0;
  let mostVms = 0;
  for (const [minute, work] of load.perMinute.entries()) {
    while (coming[0] && coming[0].at <= minute) serving += coming.shift()?.vms ?? 0;
    const have = serving + coming.reduce((sum, { vms }) => sum + vms, 0);
    mostVms = Math.max(mostVms, have);
    vmMinutes += have;
    if (work !== undefined && work > threshold * (ownVms + serving) + tolerance) minutesOver += 1;
    const change = step(minute, { load: work, serving, have }) - have;
    if (change === 0) continue;
    if (direction !== 0 && Math.sign(change) !== direction) directionChanges += 1;
    direction = Math.sign(change);
    if (change > 0) coming.push({ at: minute + Math.max(1, leadMinutes), vms: change });
    let spare = -change;
    while (spare > 0) {
      const last = coming.at(-1);
      if (!last) {
        serving -= spare;
        break;
      }
      const gone = Math.min(spare, last.vms);
      last.vms -= gone;
      spare -= gone;
      if (last.vms === 0) coming.pop();
    }
  }
  const vmHours = vmMinutes / 60;
  return { vmHours, minutesOver, score: vmHours + overMinuteWorth * minutesOver, directionChanges, mostVms };
}

/**
 * The least score of any schedule that knows the whole load beforehand and is bound as a pool is: VMs are paid for from their
 * order on, and none is let go of within a cooldown of the last change. Exact, by dynamic programming over how many VMs there
 * are and how long ago that changed.
 */
export function allKnowingScore(load: ReplayedLoad, terms: ReplayTerms): number {
  const { leadMinutes, threshold, ownVms, maxVms, overMinuteWorth, cooldownMinutes: ages } = terms;
  const size = maxVms + 1;
  const start = leadMinutes / 60;
  const never = Number.POSITIVE_INFINITY;
  /** By how many minutes ago it changed; the last row is for as long as a cooldown and longer. */
  const rows = Array.from({ length: ages + 1 }, () => new Float64Array(size).fill(never));
  const settled = rows[ages] as Float64Array;
  settled[0] = 0;
  const least = new Float64Array(size);
  for (const work of load.perMinute) {
    least.fill(never);
    for (const row of rows)
      for (let vms = 0; vms < size; vms++) if (at(row, vms) < at(least, vms)) least[vms] = at(row, vms);
    const changed = new Float64Array(size);
    let fromMore = never;
    for (let vms = maxVms; vms >= 0; vms--) {
      changed[vms] = fromMore;
      fromMore = Math.min(fromMore, at(settled, vms));
    }
    let fromFewer = never;
    for (let vms = 0; vms < size; vms++) {
      changed[vms] = Math.min(at(changed, vms), fromFewer + vms * start);
      fromFewer = Math.min(fromFewer, at(least, vms) - vms * start);
    }
    const oldest = rows[ages - 1] as Float64Array;
    for (let vms = 0; vms < size; vms++) if (at(oldest, vms) < at(settled, vms)) settled[vms] = at(oldest, vms);
    rows.splice(ages - 1, 1);
    rows.unshift(changed);
    const needed = work === undefined ? 0 : Math.ceil(work / threshold - ownVms - tolerance);
    for (let vms = 0; vms < size; vms++) {
      const cost = vms / 60 + (vms < needed ? overMinuteWorth : 0);
      for (const row of rows) row[vms] = at(row, vms) + cost;
    }
  }
  return Math.min(...rows.flatMap((row) => [...row]));
}

function at(row: Float64Array, index: number): number {
  return row[index] as number;
}
