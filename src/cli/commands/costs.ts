import { answerOf, connectApi, type Schemas } from "../client.ts";
import { CliError } from "../failure.ts";
import { show, table } from "../output.ts";
import { formatMoney, readCount } from "../units.ts";
import type { CommonOptions } from "./options.ts";

type Sums = Schemas["CostSums"];
type Amounts = Pick<Sums["groups"][number], "currency" | "list" | "contracted" | "billed" | "effective">;

export interface ShowCostOptions extends CommonOptions {
  readonly by: string;
  readonly from?: string;
  readonly to?: string;
  readonly where?: string;
  readonly currency?: string;
  readonly limit?: string;
}

export async function showCosts(options: ShowCostOptions): Promise<void> {
  const { api } = connectApi(options);
  const { by, from, to, where, currency, limit } = options;
  const query = {
    group_by: by,
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
    ...(where ? { where } : {}),
    ...(currency ? { currency } : {}),
    ...(limit ? { limit: readCount(limit) } : {}),
  };
  const sums = await answerOf(api.GET("/v1/costs", { params: { query } }));
  await show(sums, options.output, (shown) => describeSums(shown, by.split(",")));
}

async function describeSums(sums: Sums, dimensions: readonly string[]): Promise<string> {
  const rows: (Amounts & { readonly key: Readonly<Record<string, string>>; readonly name?: string })[] = [
    ...sums.groups,
    ...sums.rest.map((rest) => ({ ...rest, key: {}, name: `${rest.groups} more` })),
    ...sums.totals.map((total) => ({ ...total, key: {}, name: "total" })),
  ];
  const text = await table(
    rows,
    [
      ...dimensions.map((dimension, index) => ({
        head: dimension.toUpperCase(),
        value: (row: (typeof rows)[number]) =>
          row.key[dimension] ?? (row.name ? (index === 0 ? row.name : "") : "(none)"),
      })),
      { head: "EFFECTIVE", align: "right", value: (row) => money(row, row.effective) },
      { head: "BILLED", align: "right", value: (row) => money(row, row.billed) },
      { head: "CONTRACTED", align: "right", value: (row) => money(row, row.contracted) },
      { head: "LIST", align: "right", value: (row) => money(row, row.list) },
    ],
    "No costs are known of these days: novacron cost sources shows what has been imported.",
  );
  const left = sums.unconverted.map(
    ({ currency, months }) =>
      `${currency} is left as it is: no rate of ${months.join(", ")} is known (novacron cost rate).`,
  );
  return [text, ...(left.length > 0 ? ["", ...left] : [])].join("\n");
}

function money({ currency }: Amounts, micros: number | undefined): string {
  return micros === undefined ? "unknown" : formatMoney({ micros, currency });
}

export async function listSources(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const { items } = await answerOf(api.GET("/v1/costs/sources"));
  await show(items, options.output, (sources) =>
    table(
      sources,
      [
        { head: "SOURCE", value: (source) => source.source_id },
        { head: "PROVIDER", value: (source) => source.provider },
        { head: "SITE", value: (source) => source.site ?? "by region" },
        { head: "MONTHS", align: "right", value: (source) => source.months },
        { head: "NEWEST", value: (source) => source.newest_month },
        { head: "ROWS", align: "right", value: (source) => source.rows },
        { head: "IMPORTED", value: (source) => source.imported_at },
      ],
      "Nothing has been imported: novacron cost import.",
    ),
  );
}

export async function setRate(
  rate: { from: string; to: string; month: string; rate: string },
  options: CommonOptions & { by: string },
): Promise<void> {
  const { api } = connectApi(options);
  const value = Number(rate.rate);
  if (!(value > 0)) throw new CliError(`${rate.rate} is no rate`, "Write it as 1.08.");
  const body = { ...rate, rate: value, source: options.by };
  const { items } = await answerOf(api.POST("/v1/costs/exchange-rates", { body }));
  await show(items, options.output, (rates) =>
    table(
      rates,
      [
        { head: "FROM", value: ({ from }) => from },
        { head: "TO", value: ({ to }) => to },
        { head: "MONTH", value: ({ month }) => month },
        { head: "RATE", align: "right", value: (known) => known.rate },
        { head: "SAYS", value: ({ source }) => source },
      ],
      "No rates are known.",
    ),
  );
}

export async function stateCost(
  said: { source: string; month: string; amount: string; currency: string },
  options: CommonOptions & { by: string },
): Promise<void> {
  const { api } = connectApi(options);
  const amount = Number(said.amount);
  if (!Number.isFinite(amount)) throw new CliError(`${said.amount} is no amount`, "Write it as 1204.50.");
  const { source, month, currency } = said;
  const body = { source, month, amount: { micros: Math.round(amount * 1e6), currency }, said_by: options.by };
  const { items } = await answerOf(api.POST("/v1/costs/statements", { body }));
  await show(items, options.output, describeReconciliation);
}

export async function reconcileMonth(month: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const { items } = await answerOf(api.GET("/v1/costs/reconciliation", { params: { query: { month } } }));
  await show(items, options.output, describeReconciliation);
}

function describeReconciliation(items: Schemas["ReconciliationList"]["items"]): Promise<string> {
  return table(
    items,
    [
      { head: "SOURCE", value: (line) => line.source_id },
      { head: "MONTH", value: (line) => line.month },
      { head: "PROVIDER SAYS", align: "right", value: ({ stated }) => stated && formatMoney(stated) },
      { head: "WE ADD UP", align: "right", value: ({ billed }) => billed && formatMoney(billed) },
      { head: "DIFFERENCE", align: "right", value: ({ difference }) => difference && formatMoney(difference) },
      { head: "STATE", value: ({ state }) => state },
      { head: "WHY", value: ({ explanation }) => explanation.join("; ") },
    ],
    "Nothing is known of that month.",
  );
}
