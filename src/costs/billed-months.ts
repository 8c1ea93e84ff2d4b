import { nextMonth } from "../domain/cost.ts";
import type { BilledMonth } from "../domain/reconcile.ts";
import type { CostSource } from "../store/index.ts";
import type { CostBook } from "./book.ts";

interface Row {
  readonly source: string;
  readonly currency: string;
  readonly category: string;
  readonly billed: number;
  readonly corrected: number;
  readonly rows: number;
  readonly days: number;
  readonly last: string;
}

/** What each source billed in a month: by the billing period, as invoices are, whenever the use was. */
export async function billedMonths(
  book: CostBook,
  sources: readonly CostSource[],
  month: string,
): Promise<readonly BilledMonth[]> {
  const end = nextMonth(month);
  // Corrections of up to a year ago are billed in it.
  const from = `${Number(month.slice(0, 4)) - 1}-${month.slice(5)}-01`;
  const rows = await book.query<Row>(
    { from, to: end },
    `SELECT "x_Source" AS source, "BillingCurrency" AS currency, "ChargeCategory" AS category,
        CAST(round(sum("BilledCost") * 1000000) AS DOUBLE) AS billed,
        CAST(round(coalesce(sum("BilledCost") FILTER (WHERE "ChargeClass" = 'Correction'), 0) * 1000000) AS DOUBLE) AS corrected,
        count(*)::DOUBLE AS rows,
        count(DISTINCT CAST("ChargePeriodStart" AS DATE)) FILTER (WHERE "ChargePeriodStart" >= '${month}-01'::TIMESTAMP)::DOUBLE AS days,
        CAST(CAST(max("ChargePeriodStart") AS DATE) AS VARCHAR) AS last
      FROM cost_rows WHERE strftime("BillingPeriodStart", '%Y-%m') = '${month}' GROUP BY ALL ORDER BY ALL`,
  );
  const importedAt = new Map(sources.map((source) => [source.sourceId, source.importedAt ?? ""]));
  const grouped = Map.groupBy(rows, ({ source, currency }) => `${source}\n${currency}`);
  return [...grouped.values()].flatMap((of) => {
    const [first] = of;
    if (!first) return [];
    const { source: sourceId, currency } = first;
    return [
      {
        ...{ sourceId, month, currency },
        billedMicros: of.reduce((sum, { billed }) => sum + billed, 0),
        byCategory: Object.fromEntries(of.map(({ category, billed }) => [category, billed])),
        correctionMicros: of.reduce((sum, { corrected }) => sum + corrected, 0),
        rows: of.reduce((sum, row) => sum + row.rows, 0),
        days: Math.max(...of.map(({ days }) => days)),
        lastDay: of.reduce((latest, { last }) => (last > latest ? last : latest), ""),
        importedAt: importedAt.get(sourceId) ?? "",
      },
    ];
  });
}
