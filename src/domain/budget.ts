import { addDays, costLookBackDays, forecastCosts } from "./cost-forecast.ts";
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
  const earliest = addDays(today, -costLookBackDays);
  return from < earliest ? from : earliest;
}

/**
 * Where a budget stands. What is left of the period is forecast as all costs are; the interval is how far such sums would have been
 * off on the past. Costs of the newest day are still coming in at most providers, so it counts as spent and not as an example.
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
  const forecast = forecastOf(days, knownUntil, { from, to });
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

/** What is known of the period, and what the days that are left are forecast to cost. */
function forecastOf(
  days: ReadonlyMap<string, number>,
  newest: string,
  { from, to }: { readonly from: string; readonly to: string },
): { expected: number; low: number; high: number } | undefined {
  const made = forecastCosts(days, newest, to);
  if (!made) return undefined;
  // It begins with the newest day, of which costs are still coming in, and which may lie before the period.
  const left = made.days.filter(({ day }) => day >= from);
  const known = [...days].filter(([day]) => day >= from && day < newest).reduce((sum, [, micros]) => sum + micros, 0);
  // A newest day that costs more than was expected of it already will not cost less.
  const ofDay = ({ day, expected }: { day: string; expected: number }) => Math.max(expected, days.get(day) ?? 0);
  const expected = known + left.reduce((sum, day) => sum + ofDay(day), 0);
  const share = left.length / made.days.length;
  const { total } = made;
  return {
    expected,
    low: Math.max(known + (days.get(newest) ?? 0), expected + share * (total.low - total.expected)),
    high: expected + share * (total.high - total.expected),
  };
}

function dayAfter(day: string): string {
  return addDays(day, 1);
}
