import type { Money } from "./money.ts";

export const budgetPeriods = ["day", "month", "quarter"] as const;

export interface Budget {
  readonly budgetId: string;
  readonly name: string;
  /** A filter of costs, `tag:project=web;category=Usage`; '' is everything. */
  readonly where: string;
  readonly amount: Money;
  readonly period: (typeof budgetPeriods)[number];
  /** Which cost counts. */
  readonly cost: "effective" | "billed";
  /** Shares of the amount at which it is told, such as 0.5 and 0.9. */
  readonly warnAt: readonly number[];
  readonly createdBy: string;
}

export interface BudgetStatus {
  readonly from: string;
  /** The day after the last. */
  readonly to: string;
  readonly spent: Money;
  /** `spent` of the amount. */
  readonly used: number;
  /** What the whole period comes to at this rate, with the interval that four of five like it fall into; absent while there is
   *  too little to tell. */
  readonly forecast?: { readonly expected: Money; readonly low: Money; readonly high: Money };
  readonly state: "within" | "warning" | "forecast-over" | "over" | "unknown";
  /** Why, for a person. */
  readonly reason: string;
  /** The last day that has costs. */
  readonly knownUntil?: string;
}

const dayMs = 86_400_000;
/** Two weeks show what the days of a week are like; four are enough. */
const fewestDays = 14;
const lookBackDays = 28;
/** Of a normal distribution: four of five. */
const z80 = 1.2816;

/** The days of the period that holds `today`. */
export function periodOf(period: Budget["period"], today: string): { readonly from: string; readonly to: string } {
  const [year = 0, month = 1] = today.split("-").map(Number);
  if (period === "day") return { from: today, to: dayAfter(today) };
  const length = period === "month" ? 1 : 3;
  const first = period === "month" ? month - 1 : month - 1 - ((month - 1) % 3);
  const day = (index: number) => new Date(Date.UTC(year, index, 1)).toISOString().slice(0, 10);
  return { from: day(first), to: day(first + length) };
}

/** From which day costs must be known to judge it. */
export function lookBackOf(budget: Pick<Budget, "period">, today: string): string {
  const { from } = periodOf(budget.period, today);
  const earliest = new Date(Date.parse(today) - lookBackDays * dayMs).toISOString().slice(0, 10);
  return from < earliest ? from : earliest;
}

/**
 * Where a budget stands. The forecast takes each day that is left as the days of the same name were in the last four weeks; its
 * interval is of how those days scattered. Costs of the newest day are still coming in at most providers, so it counts as spent
 * and not as an example.
 */
export function judgeBudget(budget: Budget, days: ReadonlyMap<string, number>, today: string): BudgetStatus {
  const { from, to } = periodOf(budget.period, today);
  const { micros: limit, currency } = budget.amount;
  const money = (micros: number): Money => ({ micros: Math.round(micros), currency });
  const known = [...days.keys()].sort();
  const knownUntil = known.at(-1);
  const spent = known.filter((day) => day >= from && day < to).reduce((sum, day) => sum + (days.get(day) ?? 0), 0);
  const used = limit > 0 ? spent / limit : spent > 0 ? Number.POSITIVE_INFINITY : 0;
  const base = { from, to, spent: money(spent), used, ...(knownUntil === undefined ? {} : { knownUntil }) };
  if (knownUntil === undefined) {
    return { ...base, state: "unknown", reason: "no costs of it are known: import them, or look at its filter" };
  }
  const forecast = forecastOf(days, known, { from, to, today });
  const told = forecast && {
    forecast: { expected: money(forecast.expected), low: money(forecast.low), high: money(forecast.high) },
  };
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  if (spent > limit) return { ...base, ...told, state: "over", reason: `${percent(used)} of it is spent` };
  const passed = budget.warnAt.filter((share) => used >= share).sort((a, b) => b - a)[0];
  if (forecast && forecast.expected > limit) {
    const reason = `at this rate the ${budget.period} comes to ${percent(forecast.expected / limit)} of it`;
    return { ...base, ...told, state: "forecast-over", reason };
  }
  if (passed !== undefined) return { ...base, ...told, state: "warning", reason: `${percent(used)} of it is spent` };
  return { ...base, ...told, state: "within", reason: `${percent(used)} of it is spent` };
}

function forecastOf(
  days: ReadonlyMap<string, number>,
  known: readonly string[],
  { from, to, today }: { readonly from: string; readonly to: string; readonly today: string },
): { expected: number; low: number; high: number } | undefined {
  const first = known[0];
  const newest = known.at(-1);
  if (first === undefined || newest === undefined) return undefined;
  const examples: { weekday: number; micros: number }[] = [];
  for (let day = lookBackStart(today, first); day < newest; day = dayAfter(day)) {
    // A day in the middle without costs cost nothing.
    examples.push({ weekday: weekdayOf(day), micros: days.get(day) ?? 0 });
  }
  if (examples.length < fewestDays) return undefined;
  const means = Array.from({ length: 7 }, (_, weekday) => mean(examples.filter((one) => one.weekday === weekday)));
  const residuals = examples.map(({ weekday, micros }) => micros - (means[weekday] ?? 0));
  // A mean is taken from each weekday.
  const variance = residuals.reduce((sum, residual) => sum + residual ** 2, 0) / Math.max(1, examples.length - 7);
  let expected = 0;
  let left = 0;
  for (let day = from; day < to; day = dayAfter(day)) {
    const isKnown = day <= newest;
    const typical = means[weekdayOf(day)] ?? 0;
    if (!isKnown) {
      expected += typical;
      left += 1;
    } else if (day === newest && day >= today) expected += Math.max(days.get(day) ?? 0, typical);
    else expected += days.get(day) ?? 0;
  }
  const half = z80 * Math.sqrt(variance * left);
  return { expected, low: Math.max(0, expected - half), high: expected + half };
}

function lookBackStart(today: string, first: string): string {
  const earliest = new Date(Date.parse(today) - lookBackDays * dayMs).toISOString().slice(0, 10);
  return first > earliest ? first : earliest;
}

function mean(examples: readonly { readonly micros: number }[]): number {
  return examples.length === 0 ? 0 : examples.reduce((sum, { micros }) => sum + micros, 0) / examples.length;
}

function weekdayOf(day: string): number {
  return new Date(day).getUTCDay();
}

function dayAfter(day: string): string {
  return new Date(Date.parse(day) + dayMs).toISOString().slice(0, 10);
}
