import type { CostDimension, CostFilter, CostQuery } from "../domain/cost.ts";
import {
  addDays,
  type CostForecast,
  costLookBackDays,
  fewestCostDays,
  forecastCosts,
} from "../domain/cost-forecast.ts";
import type { CostBook } from "./book.ts";

export interface AskedForecast extends Pick<CostQuery, "currency" | "scopes"> {
  /** From today on. */
  readonly days: number;
  readonly groupBy: readonly CostDimension[];
  readonly where?: readonly CostFilter[];
  readonly now: number;
}

export interface ForecastGroup {
  readonly key: Readonly<Record<string, string>>;
  readonly currency: string;
  /** The last day that has costs. */
  readonly knownUntil: string;
  readonly forecast?: CostForecast;
  /** Why there is none. */
  readonly reason?: string;
}

/** Costliest first; a caller narrows by filters to see others. */
const mostGroups = 50;
const mostRows = 100_000;

/** What each group's effective costs will be, day by day from the day after the last whole one. */
export async function forecastGroups(book: CostBook, asked: AskedForecast): Promise<readonly ForecastGroup[]> {
  const { days, groupBy, where = [], currency, scopes, now } = asked;
  const today = new Date(now).toISOString().slice(0, 10);
  const until = addDays(today, days);
  const { groups } = await book.sum({
    ...{ from: addDays(today, -costLookBackDays), to: until, groupBy: ["day", ...groupBy], where, limit: mostRows },
    ...(currency === undefined ? {} : { currency }),
    ...(scopes === undefined ? {} : { scopes }),
  });
  const byGroup = Map.groupBy(groups, ({ key, currency: of }) =>
    JSON.stringify([of, ...groupBy.map((dimension) => key[dimension] ?? "")]),
  );
  const series = [...byGroup.values()].map((of) => {
    const { day: _, ...key } = of[0]?.key ?? {};
    const costs = new Map(of.map((group) => [group.key.day ?? "", group.effective]));
    return { key, currency: of[0]?.currency ?? "", costs, sum: of.reduce((sum, { effective }) => sum + effective, 0) };
  });
  // A group that ended cost nothing since: how far costs are known is a matter of the currency's newest day.
  const newest = new Map<string, string>();
  for (const { currency: of, costs } of series) {
    for (const day of costs.keys()) if (day > (newest.get(of) ?? "") && day <= today) newest.set(of, day);
  }
  return series
    .sort((one, other) => other.sum - one.sum)
    .slice(0, mostGroups)
    .flatMap(({ key, currency: of, costs }): ForecastGroup[] => {
      const knownUntil = newest.get(of);
      if (knownUntil === undefined) return [];
      const forecast = forecastCosts(costs, knownUntil, until);
      if (forecast) return [{ key, currency: of, knownUntil, forecast }];
      const reason = `fewer than ${fewestCostDays} days of costs are known before ${knownUntil}`;
      return [{ key, currency: of, knownUntil, reason }];
    });
}
