import type { Scope } from "./access.ts";
import type { Money } from "./money.ts";

/** How a provider's own delivery of costs is read. `focus` is FOCUS itself, whoever made it. */
export const costFormats = ["focus", "aws-cur2", "gcp-billing"] as const;
export type CostFormat = (typeof costFormats)[number];

/** What costs can be grouped by and looked up with; beside them `tag:KEY`. */
export const costDimensions = [
  "provider",
  "site",
  "source",
  "account",
  "service",
  "service-category",
  "region",
  "resource",
  "resource-type",
  "category",
  "pricing",
  "commitment",
  "sku",
  "day",
  "month",
  "billing-month",
] as const;
export type CostDimension = (typeof costDimensions)[number] | `tag:${string}`;

/** Rows that break a rule of FOCUS. */
export interface CostFinding {
  readonly rule: string;
  readonly what: string;
  /** `refused`: nothing of the delivery was taken. */
  readonly severity: "refused" | "noted";
  readonly rows: number;
}

export interface CostImport {
  readonly importId: string;
  readonly sourceId: string;
  readonly provider: string;
  readonly site?: string;
  readonly part: string;
  readonly format?: string;
  readonly fileName?: string;
  /** `unchanged`: the same content had been taken before. */
  readonly state: "waiting" | "running" | "imported" | "unchanged" | "refused" | "failed";
  readonly message?: string;
  readonly bytes: number;
  readonly rows: number;
  /** The billing months that it brought. */
  readonly months: readonly string[];
  readonly findings: readonly CostFinding[];
  readonly createdBy: string;
  readonly createdAt: string;
  readonly endedAt?: string;
}

export interface CostFilter {
  readonly dimension: CostDimension;
  /** Any of these; an empty text stands for rows that have none. */
  readonly values: readonly string[];
}

export interface CostQuery {
  /** Days, `2026-11-01`; the last one is not part of it. */
  readonly from: string;
  readonly to: string;
  readonly groupBy: readonly CostDimension[];
  readonly where?: readonly CostFilter[];
  /** Without rows that match all filters of any of these. */
  readonly except?: readonly (readonly CostFilter[])[];
  /** What the amounts are shown in; absent leaves each currency by itself. */
  readonly currency?: string;
  /** Only rows that these reach. */
  readonly scopes?: readonly Scope[];
  /** The costliest groups; the rest is one more. Default 200. */
  readonly limit?: number;
}

/** The four costs of FOCUS. `list` and `contracted` are absent where a row does not say them: they would be too little. */
export interface CostAmounts {
  readonly currency: string;
  readonly list?: number;
  readonly contracted?: number;
  readonly billed: number;
  readonly effective: number;
}

/** Amounts are millionths of the currency's unit. */
export interface CostGroup extends CostAmounts {
  /** What of each dimension it is; a dimension is absent for rows that have none. */
  readonly key: Readonly<Record<string, string>>;
  readonly rows: number;
}

export interface CostSums {
  readonly groups: readonly CostGroup[];
  /** What is left of the groups beyond the limit, one a currency. */
  readonly rest: readonly (CostAmounts & { readonly groups: number })[];
  readonly totals: readonly CostAmounts[];
  /** Currencies that no rate of exchange is known of, with the months that it takes. */
  readonly unconverted: readonly { readonly currency: string; readonly months: readonly string[] }[];
}

export interface ExchangeRate {
  readonly from: string;
  readonly to: string;
  /** `2026-11`. */
  readonly month: string;
  /** Units of `to` for one of `from`. */
  readonly rate: number;
  readonly source: string;
}

/** What a provider says itself that a billing month cost. */
export interface CostStatement {
  readonly sourceId: string;
  readonly month: string;
  readonly amount: Money;
  readonly saidBy: string;
  readonly saidAt: string;
}

/** The first day of the month after. */
export function nextMonth(month: string): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return number === 12 ? `${year + 1}-01-01` : `${year}-${String(number + 1).padStart(2, "0")}-01`;
}

export function isTagDimension(dimension: CostDimension): dimension is `tag:${string}` {
  return dimension.startsWith("tag:");
}
