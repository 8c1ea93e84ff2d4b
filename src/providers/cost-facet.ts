import type { CostFormat } from "../domain/cost.ts";
import type { StatedForecast } from "../domain/cost-forecast.ts";
import type { Money } from "../domain/money.ts";

/** What the site cost, as whoever bills it says. */
export interface CostsFacet {
  /** What its rows are: `focus`, or the vendor's own form, which `src/costs/adapters` reads. */
  readonly format: CostFormat;
  /**
   * All rows of a billing month (`2026-11`) that are the site's own, so far: what is still coming in at the vendor comes with a
   * later call, which gives the whole month again. A cost that the vendor doesn't say is absent, never nothing. By service and
   * day, and by resource and tag as far as the vendor tells those.
   */
  readCosts(month: string, signal: AbortSignal): AsyncIterable<object>;
  /** What the vendor adds the same rows up to itself, by another call; absent where it has none. */
  statement?(
    month: string,
    signal: AbortSignal,
  ): Promise<{ readonly amount: Money; readonly saidBy: string } | undefined>;
  /**
   * What the vendor itself expects the site to cost from today on, day by day; absent where `costs.forecast` is a gap. Undefined
   * while it knows too little to say.
   */
  forecast?(days: number, signal: AbortSignal): Promise<StatedForecast | undefined>;
}

/** The tag that costs are told by, where a vendor tells them by one only and the site names none; chargeback goes by it too. */
export const usualCostTag = "project";
