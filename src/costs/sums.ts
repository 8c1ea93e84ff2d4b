import type { Scope } from "../domain/access.ts";
import type {
  CostAmounts,
  CostDimension,
  CostFilter,
  CostGroup,
  CostQuery,
  CostSums,
  ExchangeRate,
} from "../domain/cost.ts";
import { isTagDimension } from "../domain/cost.ts";
import { type EngineSession, literal } from "./engine.ts";

type Fixed = Exclude<CostDimension, `tag:${string}`>;

/** What each dimension is of a row. */
const expressions: Readonly<Record<Fixed, string>> = {
  provider: `"x_Provider"`,
  site: `"x_Site"`,
  source: `"x_Source"`,
  account: `coalesce("SubAccountId", "BillingAccountId")`,
  service: `"ServiceName"`,
  "service-category": `"ServiceCategory"`,
  region: `"RegionId"`,
  resource: `"ResourceId"`,
  "resource-type": `"ResourceType"`,
  category: `"ChargeCategory"`,
  pricing: `"PricingCategory"`,
  commitment: `"CommitmentDiscountId"`,
  sku: `"SkuId"`,
  day: `CAST("ChargePeriodStart" AS DATE)`,
  month: `CAST(date_trunc('month', "ChargePeriodStart") AS DATE)`,
  "billing-month": `CAST(date_trunc('month', "BillingPeriodStart") AS DATE)`,
};

const defaultLimit = 200;

function expressionOf(dimension: CostDimension): string {
  return isTagDimension(dimension) ? `"Tags"[${literal(dimension.slice(4))}]` : expressions[dimension];
}

/** As texts: `2026-11-29` for a day, `2026-11` for a month. */
function textOf(dimension: CostDimension, column: string): string {
  if (dimension === "month" || dimension === "billing-month") return `strftime(${column}, '%Y-%m')`;
  return `CAST(${column} AS VARCHAR)`;
}

/** Sums rows of files of ours. Each currency stays by itself, or is turned into one with the rates of the billing months. */
export async function sumCosts(
  session: EngineSession,
  files: readonly string[],
  query: CostQuery,
  rates: readonly ExchangeRate[],
): Promise<CostSums> {
  if (files.length === 0) return { groups: [], rest: [], totals: [], unconverted: [] };
  const { groupBy, limit = defaultLimit } = query;
  const dims = groupBy.map((_, index) => `d${index}`);
  const byTime = groupBy[0] === "day" || groupBy[0] === "month" || groupBy[0] === "billing-month";
  const order = [...(byTime ? ["d0"] : []), "effective DESC", ...dims].join(", ");
  const keys = groupBy.map((dimension, index) => `${textOf(dimension, `d${index}`)} AS d${index}`);
  const none = dims.map((dim) => `NULL::VARCHAR AS ${dim}`);
  const select = (part: string, columns: readonly string[]) =>
    `SELECT '${part}' AS part, ${columns.join(", ")} FROM ranked`;
  // One statement: the rows are read once, and few groups leave it.
  const found = await session.rows<Found>(
    `WITH grouped AS MATERIALIZED (${groupedSql(files, query, rates)}),
        ranked AS (SELECT *, row_number() OVER (ORDER BY ${order}) AS place FROM grouped)
      ${select("group", [...keys, "CAST(place AS DOUBLE) AS place", "CAST(rows AS DOUBLE) AS rows", amountsSql])} WHERE place <= ${limit}
      UNION ALL BY NAME ${select("rest", [...none, "0 AS place", "CAST(count(*) AS DOUBLE) AS rows", addedSql])}
        WHERE place > ${limit} GROUP BY currency
      UNION ALL BY NAME ${select("total", [...none, "0 AS place", "CAST(sum(rows) AS DOUBLE) AS rows", addedSql])}
        GROUP BY currency`,
  );
  const of = (part: Found["part"]) =>
    found.filter((row) => row.part === part).sort((x, y) => x.place - y.place || (x.currency < y.currency ? -1 : 1));
  return {
    groups: of("group").map((row): CostGroup => ({ key: keyOf(groupBy, row), rows: row.rows, ...amountsOf(row) })),
    rest: of("rest").map((row) => ({ groups: row.rows, ...amountsOf(row) })),
    totals: of("total").map(amountsOf),
    unconverted: query.currency === undefined ? [] : await missingRates(session, files, query, rates),
  };
}

interface Found extends Summed {
  readonly part: "group" | "rest" | "total";
  readonly place: number;
  readonly rows: number;
  readonly [dimension: `d${number}`]: string | undefined;
}

interface Summed {
  readonly currency: string;
  readonly list?: number;
  readonly contracted?: number;
  readonly billed: number;
  readonly effective: number;
}

/** Millionths. A double holds them exactly up to nine thousand million units. */
const micros = (column: string) => `CAST(round(${column} * 1000000) AS DOUBLE)`;
const amountsSql = [
  "currency",
  `${micros("list")} AS list`,
  `${micros("contracted")} AS contracted`,
  `${micros("billed")} AS billed`,
  `${micros("effective")} AS effective`,
].join(", ");
const known = (column: string) =>
  `CASE WHEN count(${column}) = count(*) THEN ${micros(`sum(${column})`)} END AS ${column}`;
const addedSql = [
  "currency",
  known("list"),
  known("contracted"),
  `${micros("sum(billed)")} AS billed`,
  `${micros("sum(effective)")} AS effective`,
].join(", ");

function groupedSql(files: readonly string[], query: CostQuery, rates: readonly ExchangeRate[]): string {
  const { groupBy, currency } = query;
  const dims = groupBy.map((_, index) => `d${index}`);
  const select = groupBy.map((dimension, index) => `${expressionOf(dimension)} AS d${index}`);
  const whole = (column: string, name: string) =>
    `CASE WHEN count("${column}") = count(*) THEN sum("${column}") END AS ${name}`;
  const month = `strftime(date_trunc('month', "BillingPeriodStart"), '%Y-%m')`;
  const perMonth = currency === undefined ? [] : [`${month} AS billed_in`];
  const inner = `SELECT ${[...select, ...perMonth].map((column) => `${column}, `).join("")}
      "BillingCurrency" AS currency, ${whole("ListCost", "list")}, ${whole("ContractedCost", "contracted")},
      sum("BilledCost") AS billed, sum("EffectiveCost") AS effective, count(*) AS rows
    FROM ${rowsOf(files)} WHERE ${conditionOf(query)} GROUP BY ALL`;
  if (currency === undefined) return inner;
  const lines = rates.map(({ from, month: of, rate }) => `(${literal(from)}, ${literal(of)}, ${rate}::DOUBLE)`);
  const table = `(VALUES ('', '', 0::DOUBLE)${lines.map((line) => `, ${line}`).join("")}) AS r(from_currency, month, rate)`;
  const target = literal(currency);
  const sum = (column: string) => `sum(${column} * rate) AS ${column}`;
  const all = (column: string) => `CASE WHEN count(${column}) = count(*) THEN sum(${column} * rate) END AS ${column}`;
  return `SELECT ${dims.map((name) => `${name}, `).join("")} currency, ${all("list")}, ${all("contracted")}, ${sum("billed")},
      ${sum("effective")}, sum(rows) AS rows
    FROM (SELECT i.* EXCLUDE (currency), CASE WHEN i.currency = ${target} OR r.rate IS NOT NULL THEN ${target} ELSE i.currency END AS currency,
        CASE WHEN i.currency = ${target} THEN 1 ELSE coalesce(r.rate, 1) END AS rate
      FROM (${inner}) AS i LEFT JOIN ${table} ON r.from_currency = i.currency AND r.month = i.billed_in)
    GROUP BY ALL`;
}

export function rowsOf(files: readonly string[]): string {
  return `read_parquet([${files.map(literal).join(", ")}], union_by_name = true)`;
}

/** The rows that are asked for, and reached. */
export function conditionOf(query: CostReach): string {
  const { from, to, where = [], except = [], scopes } = query;
  const conditions = [
    `"ChargePeriodStart" >= ${literal(from)}::TIMESTAMP`,
    `"ChargePeriodStart" < ${literal(to)}::TIMESTAMP`,
    ...where.map(matches),
    ...except.map((filters) => `NOT (${filters.map(matches).join(" AND ") || "true"})`),
    ...(scopes ? [withinScopes(scopes)] : []),
  ];
  return conditions.map((condition) => `(${condition})`).join(" AND ");
}

export type CostReach = Pick<CostQuery, "from" | "to" | "where" | "except" | "scopes">;

function matches({ dimension, values }: CostFilter): string {
  const text = textOf(dimension, expressionOf(dimension));
  return `coalesce(${text}, '') IN (${values.map(literal).join(", ") || "NULL"})`;
}

function withinScopes(scopes: readonly Scope[]): string {
  const each = scopes.map(({ site, tags = {} }) => {
    const conditions = Object.entries(tags).map(
      ([key, value]) => `"Tags"[${literal(key)}] IS NOT DISTINCT FROM ${literal(value)}`,
    );
    if (site !== undefined) conditions.push(`"x_Site" IS NOT DISTINCT FROM ${literal(site)}`);
    return conditions.length === 0 ? "true" : conditions.join(" AND ");
  });
  return each.length === 0 ? "false" : each.map((condition) => `(${condition})`).join(" OR ");
}

async function missingRates(
  session: EngineSession,
  files: readonly string[],
  query: CostQuery,
  rates: readonly ExchangeRate[],
): Promise<CostSums["unconverted"]> {
  const known = new Set(rates.map(({ from, month }) => `${from} ${month}`));
  const rows = await session.rows<{ currency: string; month: string }>(
    `SELECT DISTINCT "BillingCurrency" AS currency, strftime("BillingPeriodStart", '%Y-%m') AS month
      FROM ${rowsOf(files)} WHERE ${conditionOf(query)} ORDER BY ALL`,
  );
  const missing = rows.filter(
    ({ currency, month }) => currency !== query.currency && !known.has(`${currency} ${month}`),
  );
  return [...Map.groupBy(missing, ({ currency }) => currency)].map(([currency, of]) => ({
    currency,
    months: of.map(({ month }) => month),
  }));
}

function keyOf(groupBy: readonly CostDimension[], row: Found): Record<string, string> {
  return Object.fromEntries(
    groupBy.flatMap((dimension, index) => {
      const value = row[`d${index}`];
      return value !== undefined && value !== "" ? [[dimension, value] as const] : [];
    }),
  );
}

function amountsOf({ currency, list, contracted, billed, effective }: Summed): CostAmounts {
  return {
    currency,
    billed,
    effective,
    ...(list === undefined ? {} : { list }),
    ...(contracted === undefined ? {} : { contracted }),
  };
}
