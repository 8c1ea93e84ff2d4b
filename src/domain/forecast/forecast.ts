import { type ForecastMethod, forecastMethods, seasonalNaive } from "./methods.ts";

export interface ForecastInterval {
  /** 0.8: eight in ten values are expected between `low` and `high`. */
  readonly level: number;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export interface Forecast {
  readonly values: Float64Array;
  readonly intervals: readonly ForecastInterval[];
  /** What it is mixed from, the weightiest first. */
  readonly methods: readonly { readonly name: string; readonly weight: number }[];
  /** How it would have done on the past, beside "as a season ago"; absent where the past is too short to try. */
  readonly backtest?: ForecastBacktest;
  /** How far the sum of all its steps would have been off, at the least and at the most of the tries. Absent like the backtest. */
  readonly sums?: { readonly below: number; readonly above: number };
}

export interface ForecastBacktest {
  /** Mean absolute errors over the same stretches of the past. */
  readonly error: number;
  readonly naiveError: number;
  /** How often the past was begun anew. */
  readonly origins: number;
}

export const intervalLevels = [0.8, 0.95] as const;
/** At which points of the past it is tried. */
const mostOrigins = 8;
/** Methods that do less well than this many times the best one are left out. */
const worstKept = 1.25;

/**
 * A mix of simple methods, each weighed by how it did from earlier points of the same series on. The intervals are those
 * within which the mix's own errors lay from the worst of these points (conformal prediction, no assumed distribution), for
 * rare values widened towards what was ever seen.
 *
 * @param values evenly spaced, a gap is NaN.
 * @param seasons lengths in steps, the shortest first.
 */
export function forecast(values: Float64Array, horizon: number, seasons: readonly number[]): Forecast {
  const usable = seasons.filter((season) => values.length >= 2 * season);
  const methods = forecastMethods(usable.length > 0 ? usable : [1]);
  const trials = originsOf(values.length, horizon, usable).map((origin) => ({
    actual: values.subarray(origin, origin + horizon),
    predicted: methods.map((method) => method.predict(values.subarray(0, origin), horizon)),
    naive: naiveOf(values.subarray(0, origin), horizon, usable),
  }));
  const weights = weigh(methods, trials);
  const predictions = methods.map(({ predict }) => predict(values, horizon));
  const mixed = mix(predictions, weights, horizon);
  const tried = trials.map(({ actual, predicted }) => errorsOf(actual, mix(predicted, weights, horizon)));
  const errors = tried.flat();
  const named = methods.map(({ name }, index) => ({ name, weight: weights[index] ?? 0 }));
  const result = {
    values: mixed,
    intervals: errors.length === 0 ? [] : intervalLevels.map((level) => intervalAround(mixed, tried, values, level)),
    methods: named.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight),
  };
  if (errors.length === 0) return result;
  const naive = trials.flatMap(({ actual, naive: past }) => distances(actual, past));
  const error = mean(errors.map(Math.abs));
  const sums = sumErrors(tried, horizon);
  return { ...result, backtest: { error, naiveError: mean(naive), origins: trials.length }, sums };
}

/** A stretch that is shorter than the horizon counts as if it went on with its own average error. */
function sumErrors(tried: readonly (readonly number[])[], horizon: number): { below: number; above: number } {
  const known = tried.filter(({ length }) => length > 0).map((errors) => mean(errors) * horizon);
  return { below: Math.min(0, ...known), above: Math.max(0, ...known) };
}

/** Points of the past from which the horizon, or what there is of it, is known; two seasons lie before each. */
function originsOf(length: number, horizon: number, seasons: readonly number[]): number[] {
  const [shortest = 1] = seasons;
  const first = Math.max(2 * shortest, Math.floor(length / 3));
  const last = length - Math.min(horizon, Math.floor(length / 3));
  if (last < first) return [];
  const step = Math.max(1, Math.ceil((last - first) / (mostOrigins - 1) / shortest) * shortest);
  const origins: number[] = [];
  for (let origin = last; origin >= first && origins.length < mostOrigins; origin -= step) origins.push(origin);
  return origins;
}

function naiveOf(past: Float64Array, horizon: number, seasons: readonly number[]): Float64Array {
  const longest = seasons.findLast((season) => past.length >= season) ?? 1;
  return seasonalNaive(longest).predict(past, horizon) ?? new Float64Array(horizon).fill(Number.NaN);
}

interface Trial {
  readonly actual: Float64Array;
  readonly predicted: readonly (Float64Array | undefined)[];
}

/** By the inverse square of the error; what can't predict from here, or does badly, weighs nothing. */
function weigh(methods: readonly ForecastMethod[], trials: readonly Trial[]): number[] {
  const errors = methods.map((_, index) => {
    const all = trials.flatMap(({ actual, predicted }) => {
      const tried = predicted[index];
      return tried ? distances(actual, tried) : [];
    });
    return all.length === 0 ? Number.NaN : mean(all);
  });
  const known = errors.filter((error) => !Number.isNaN(error));
  if (known.length === 0) return methods.map((_, index) => (index === 0 ? 1 : 0));
  const least = Math.min(...known);
  const tiny = 1e-12 + least * 1e-6;
  const raw = errors.map((error) =>
    Number.isNaN(error) || error > worstKept * least + tiny ? 0 : (error + tiny) ** -2,
  );
  const sum = raw.reduce((total, weight) => total + weight, 0);
  return raw.map((weight) => weight / sum);
}

function mix(predictions: readonly (Float64Array | undefined)[], weights: readonly number[], horizon: number) {
  return Float64Array.from({ length: horizon }, (_, step) => {
    let [sum, weight] = [0, 0];
    for (const [index, predicted] of predictions.entries()) {
      const value = predicted?.[step];
      const share = weights[index] ?? 0;
      if (value === undefined || Number.isNaN(value) || share === 0) continue;
      sum += share * value;
      weight += share;
    }
    return weight === 0 ? Number.NaN : sum / weight;
  });
}

/** Errors of one stretch go together, so that the widest of the stretches counts, and not all of them as if they were many. */
function intervalAround(
  values: Float64Array,
  errors: readonly (readonly number[])[],
  past: Float64Array,
  level: number,
): ForecastInterval {
  const beyond = (1 - level) / 2;
  const known = errors.filter(({ length }) => length > 0);
  const below = Math.min(...known.map((each) => at(each, beyond)));
  const above = Math.max(...known.map((each) => at(each, 1 - beyond)));
  const ever = [...past].filter((value) => !Number.isNaN(value));
  const [least, most] = [at(ever, beyond), at(ever, 1 - beyond)];
  // A few stretches say little of what is rare.
  const rare = Math.max(0, 1 - (1 - level) / rareBelow);
  return {
    level,
    low: values.map((value) => value + below + rare * Math.min(0, least - value - below)),
    high: values.map((value) => value + above + rare * Math.max(0, most - value - above)),
  };
}

const rareBelow = 0.35;

function at(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))] ?? 0;
}

function errorsOf(actual: Float64Array, predicted: Float64Array): number[] {
  return [...actual]
    .map((value, step) => value - (predicted[step] ?? Number.NaN))
    .filter((error) => !Number.isNaN(error));
}

function distances(actual: Float64Array, predicted: Float64Array): number[] {
  return errorsOf(actual, predicted).map(Math.abs);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
