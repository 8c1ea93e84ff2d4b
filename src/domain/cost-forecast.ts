import { forecast } from "./forecast/forecast.ts";

/** What a provider itself says that a site is going to cost. Amounts are millionths of the currency's unit. */
export interface StatedForecast {
  /** Which call of the provider says so. */
  readonly saidBy: string;
  readonly currency: string;
  readonly days: readonly {
    readonly day: string;
    readonly micros: number;
    readonly low?: number;
    readonly high?: number;
  }[];
  /** 0.8: eight in ten days are expected between `low` and `high`. */
  readonly level?: number;
}

export interface CostForecastDay {
  readonly day: string;
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

/** What days to come will cost, by days that were; amounts in millionths. */
export interface CostForecast {
  readonly days: readonly CostForecastDay[];
  /** Of all its days together, with the interval that such sums were in on the past. */
  readonly total: { readonly expected: number; readonly low: number; readonly high: number };
  readonly level: number;
  /** How far it would have been off on the past, on a day and on average, beside "as a week ago". */
  readonly backtest: { readonly error: number; readonly naiveError: number; readonly origins: number };
  readonly methods: readonly string[];
}

/** Two weeks show what the days of a week are like. */
export const fewestCostDays = 14;
/** More than this of the past says little of what comes. */
export const costLookBackDays = 120;
const week = 7;
const level = 0.8;
const dayMs = 86_400_000;

/**
 * Forecasts the days after the last whole one. Costs of the newest day are still coming in at most providers, so `newest` is not
 * taken as an example; days in the middle without costs cost nothing.
 *
 * @param costs day → millionths. @param newest the last day that has costs. @param until the day after the last to be forecast.
 * @returns undefined while fewer than {@link fewestCostDays} days are known.
 */
export function forecastCosts(
  costs: ReadonlyMap<string, number>,
  newest: string,
  until: string,
): CostForecast | undefined {
  const known = [...costs.keys()].filter((day) => day < newest).sort();
  const first = known[0];
  if (first === undefined) return undefined;
  const past = daysBetween(laterOf(first, addDays(newest, -costLookBackDays)), newest);
  if (past.length < fewestCostDays) return undefined;
  const ahead = daysBetween(newest, until);
  if (ahead.length === 0) return undefined;
  const values = Float64Array.from(past, (day) => costs.get(day) ?? 0);
  const made = forecast(values, ahead.length, [week]);
  const within = made.intervals.find((interval) => interval.level === level);
  const sums = made.sums;
  if (!within || !made.backtest || !sums) return undefined;
  // What was never refunded is not expected to be.
  const floor = Math.min(0, ...values);
  const days = ahead.map((day, step) => ({
    day,
    expected: Math.round(Math.max(floor, made.values[step] ?? 0)),
    low: Math.round(Math.max(floor, within.low[step] ?? 0)),
    high: Math.round(Math.max(floor, within.high[step] ?? 0)),
  }));
  const expected = days.reduce((sum, day) => sum + day.expected, 0);
  const floorOfAll = floor * ahead.length;
  return {
    days,
    total: {
      expected,
      low: Math.round(Math.max(floorOfAll, expected + sums.below)),
      high: Math.round(Math.max(floorOfAll, expected + sums.above)),
    },
    level,
    backtest: made.backtest,
    methods: made.methods.map(({ name }) => name),
  };
}

export function addDays(day: string, count: number): string {
  return new Date(Date.parse(day) + count * dayMs).toISOString().slice(0, 10);
}

function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let day = from; day < to; day = addDays(day, 1)) days.push(day);
  return days;
}

function laterOf(one: string, other: string): string {
  return one > other ? one : other;
}
