import type { FocusRow } from "../domain/focus.ts";
import type { Money } from "../domain/money.ts";

/** What the site cost, as whoever bills it says. */
export interface CostsFacet {
  /**
   * All rows of a billing month (`2026-11`) that are the site's own, so far: what is still coming in at the vendor comes with a
   * later call, which gives the whole month again. A cost that the vendor doesn't say is absent, never nothing.
   */
  readCosts(month: string, signal: AbortSignal): AsyncIterable<FocusRow>;
  /** What the vendor adds the same rows up to itself, by another call; absent where it has none. */
  statement?(
    month: string,
    signal: AbortSignal,
  ): Promise<{ readonly amount: Money; readonly saidBy: string } | undefined>;
}
