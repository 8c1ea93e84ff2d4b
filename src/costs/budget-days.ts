import { type Budget, type BudgetStatus, judgeBudget, lookBackOf, periodOf } from "../domain/budget.ts";
import type { CostFilter } from "../domain/cost.ts";
import type { CostBook } from "./book.ts";

/** Where a budget stands today, by the costs of its days. What has no rate into its currency is not in it, and is told. */
export async function statusOf(
  book: CostBook,
  budget: Budget,
  where: readonly CostFilter[],
  now: number,
): Promise<BudgetStatus> {
  const today = new Date(now).toISOString().slice(0, 10);
  const { currency } = budget.amount;
  const { groups, unconverted } = await book.sum({
    from: lookBackOf(budget, today),
    to: periodOf(budget.period, today).to,
    groupBy: ["day"],
    where,
    currency,
    limit: 1_000,
  });
  const own = groups.filter((group) => group.currency === currency);
  const days = new Map(own.map((group) => [group.key.day ?? "", group[budget.cost]]));
  const status = judgeBudget(budget, days, today);
  if (unconverted.length === 0) return status;
  const left = unconverted.map((each) => `${each.currency} of ${each.months.join(", ")}`).join("; ");
  return { ...status, reason: `${status.reason}; not counted, for want of a rate of exchange: ${left}` };
}
