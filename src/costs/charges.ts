import { type Chargeback, chargeBack, type SplitRule } from "../domain/chargeback.ts";
import type { CostDimension, CostFilter, CostQuery } from "../domain/cost.ts";
import type { CostBook } from "./book.ts";

interface Asked extends Pick<CostQuery, "from" | "to" | "currency" | "scopes"> {
  readonly by: CostDimension;
}

/**
 * Who pays what, by currency: each owner's own effective costs, and their shares of what rules divide. A cost that several rules
 * would divide is the first one's, so that nothing is charged twice.
 */
export async function chargesOf(
  book: CostBook,
  asked: Asked,
  rules: readonly (SplitRule & { readonly filters: readonly CostFilter[] })[],
): Promise<readonly Chargeback[]> {
  const { by, ...reach } = asked;
  const pools: { currency: string; rule: SplitRule; micros: number }[] = [];
  for (const [index, rule] of rules.entries()) {
    const except = rules.slice(0, index).map(({ filters }) => filters);
    const { totals } = await book.sum({ ...reach, groupBy: [], where: rule.filters, except });
    pools.push(...totals.map(({ currency, effective }) => ({ currency, rule, micros: effective })));
  }
  const own = await book.sum({ ...reach, groupBy: [by], except: rules.map(({ filters }) => filters), limit: 100_000 });
  const currencies = [...new Set([...own.groups, ...pools].map(({ currency }) => currency))].sort();
  return currencies.map((currency) =>
    chargeBack(
      currency,
      own.groups
        .filter((group) => group.currency === currency)
        .map(({ key, effective: micros }) => ({ ...(key[by] === undefined ? {} : { owner: key[by] }), micros })),
      pools.filter((pool) => pool.currency === currency),
    ),
  );
}
