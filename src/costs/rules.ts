import type { CostFinding } from "../domain/cost.ts";
import {
  chargeCategories,
  chargeFrequencies,
  focusColumns,
  pricingCategories,
  serviceCategories,
} from "../domain/focus.ts";
import { type EngineSession, literal, named } from "./engine.ts";

interface Rule {
  readonly rule: string;
  readonly what: string;
  readonly severity: CostFinding["severity"];
  /** A condition that holds for rows that break it. */
  readonly broken: string;
}

const listed = (values: readonly string[]) => values.map(literal).join(", ");
const isOneOf = (column: string, values: readonly string[]) =>
  `${named(column)} IS NOT NULL AND ${named(column)} NOT IN (${listed(values)})`;
/** Prices have more digits than amounts are kept with. */
const differs = (cost: string, price: string) =>
  `"${cost}" IS NOT NULL AND "${price}" IS NOT NULL AND "PricingQuantity" IS NOT NULL AND "ChargeClass" IS NULL
    AND abs(CAST("${cost}" AS DOUBLE) - "${price}" * "PricingQuantity") > greatest(0.01, abs(CAST("${cost}" AS DOUBLE)) * 0.005)`;

/**
 * The rules of FOCUS 1.2 that decide whether amounts can be trusted, by the specification's own column pages. A row that lacks its
 * money, currency, time or category can't be added up, so its delivery is refused whole; other breaches are counted and kept.
 */
const rules: readonly Rule[] = [
  ...focusColumns
    .filter((column) => "required" in column)
    .map(
      ({ name }): Rule => ({
        rule: `${name}-present`,
        what: `${name} is missing, or can't be read`,
        severity: "refused",
        broken: `${named(name)} IS NULL`,
      }),
    ),
  {
    rule: "BillingCurrency-iso4217",
    what: "BillingCurrency is no currency of three letters",
    severity: "refused",
    broken: `NOT regexp_full_match("BillingCurrency", '[A-Z]{3}')`,
  },
  {
    rule: "ChargeCategory-known",
    what: `ChargeCategory is none of ${chargeCategories.join(", ")}`,
    severity: "refused",
    broken: isOneOf("ChargeCategory", chargeCategories),
  },
  {
    rule: "ChargePeriod-order",
    what: "ChargePeriodEnd is not after ChargePeriodStart",
    severity: "noted",
    broken: `"ChargePeriodEnd" <= "ChargePeriodStart"`,
  },
  {
    rule: "BillingPeriod-order",
    what: "BillingPeriodEnd is not after BillingPeriodStart",
    severity: "refused",
    broken: `"BillingPeriodEnd" <= "BillingPeriodStart"`,
  },
  {
    rule: "ChargePeriod-billed",
    what: "The charge lies outside of its billing period, and is no correction",
    severity: "noted",
    broken: `"ChargeClass" IS NULL AND "ChargeCategory" = 'Usage'
      AND ("ChargePeriodStart" < "BillingPeriodStart" OR "ChargePeriodStart" >= "BillingPeriodEnd")`,
  },
  {
    rule: "ChargeClass-known",
    what: "ChargeClass is neither empty nor Correction",
    severity: "noted",
    broken: isOneOf("ChargeClass", ["Correction"]),
  },
  {
    rule: "ChargeFrequency-known",
    what: `ChargeFrequency is none of ${chargeFrequencies.join(", ")}`,
    severity: "noted",
    broken: `"ChargeFrequency" IS NULL OR (${isOneOf("ChargeFrequency", chargeFrequencies)})`,
  },
  {
    rule: "ChargeFrequency-purchase",
    what: "A purchase is not charged by use",
    severity: "noted",
    broken: `"ChargeCategory" = 'Purchase' AND "ChargeFrequency" = 'Usage-Based'`,
  },
  {
    rule: "PricingCategory-known",
    what: `PricingCategory is none of ${pricingCategories.join(", ")}`,
    severity: "noted",
    broken: isOneOf("PricingCategory", pricingCategories),
  },
  {
    rule: "PricingCategory-tax",
    what: "A tax has no PricingCategory",
    severity: "noted",
    broken: `"ChargeCategory" = 'Tax' AND "PricingCategory" IS NOT NULL`,
  },
  {
    rule: "ServiceCategory-known",
    what: "ServiceCategory is none of FOCUS's",
    severity: "noted",
    broken: `"ServiceCategory" IS NULL OR (${isOneOf("ServiceCategory", serviceCategories)})`,
  },
  {
    rule: "ListCost-said",
    what: "ListCost is not said: what it would cost at list price is unknown",
    severity: "noted",
    broken: `"ListCost" IS NULL`,
  },
  {
    rule: "ContractedCost-said",
    what: "ContractedCost is not said: what it costs without commitments is unknown",
    severity: "noted",
    broken: `"ContractedCost" IS NULL`,
  },
  {
    rule: "ListCost-price",
    what: "ListCost is not ListUnitPrice times PricingQuantity",
    severity: "noted",
    broken: differs("ListCost", "ListUnitPrice"),
  },
  {
    rule: "ContractedCost-price",
    what: "ContractedCost is not ContractedUnitPrice times PricingQuantity",
    severity: "noted",
    broken: differs("ContractedCost", "ContractedUnitPrice"),
  },
  {
    rule: "CommitmentDiscountStatus-known",
    what: "CommitmentDiscountStatus is neither Used nor Unused",
    severity: "noted",
    broken: isOneOf("CommitmentDiscountStatus", ["Used", "Unused"]),
  },
  {
    rule: "CommitmentDiscountStatus-use",
    what: "Use under a commitment doesn't say whether it is used",
    severity: "noted",
    broken: `"ChargeCategory" = 'Usage' AND "CommitmentDiscountId" IS NOT NULL AND "CommitmentDiscountStatus" IS NULL`,
  },
  {
    rule: "CommitmentDiscountCategory-known",
    what: "CommitmentDiscountCategory is neither Spend nor Usage",
    severity: "noted",
    broken: isOneOf("CommitmentDiscountCategory", ["Spend", "Usage"]),
  },
  {
    rule: "ConsumedUnit-quantity",
    what: "ConsumedQuantity has no ConsumedUnit",
    severity: "noted",
    broken: `"ConsumedQuantity" IS NOT NULL AND "ConsumedUnit" IS NULL`,
  },
  {
    rule: "Credit-negative",
    what: "A credit adds to the bill",
    severity: "noted",
    broken: `"ChargeCategory" = 'Credit' AND "BilledCost" > 0`,
  },
];

/** Counts the rows of a Parquet file of ours that break each rule, in one pass. */
export async function checkRows(session: EngineSession, file: string): Promise<readonly CostFinding[]> {
  const counts = rules.map(({ broken }, index) => `count(*) FILTER (WHERE ${broken})::DOUBLE AS r${index}`);
  const [row] = await session.rows<Record<string, number>>(
    `SELECT ${counts.join(", ")} FROM read_parquet(${literal(file)})`,
  );
  return rules.flatMap(({ rule, what, severity }, index) => {
    const rows = row?.[`r${index}`] ?? 0;
    return rows > 0 ? [{ rule, what, severity, rows }] : [];
  });
}
