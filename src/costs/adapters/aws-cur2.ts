import { named } from "../engine.ts";
import { type Adapter, asFocus, type GivenColumn, oneOf } from "./adapter.ts";

/** "Line item details" of the CUR 2.0 dictionary: what a line is. What is not here is use. */
const categories = {
  Tax: "Tax",
  Credit: "Credit",
  Refund: "Adjustment",
  BundledDiscount: "Adjustment",
  EdpDiscount: "Adjustment",
  PrivateRateDiscount: "Adjustment",
  RiVolumeDiscount: "Adjustment",
  Discount: "Adjustment",
  RIFee: "Purchase",
  Fee: "Purchase",
  SavingsPlanUpfrontFee: "Purchase",
  SavingsPlanRecurringFee: "Purchase",
};

const services: Readonly<Record<string, string>> = {
  AmazonEC2: "Compute",
  AWSLambda: "Compute",
  AmazonECS: "Compute",
  AmazonEKS: "Compute",
  AmazonLightsail: "Compute",
  AmazonS3: "Storage",
  AmazonEFS: "Storage",
  AmazonFSx: "Storage",
  AWSBackup: "Storage",
  AmazonRDS: "Databases",
  AmazonDynamoDB: "Databases",
  AmazonElastiCache: "Databases",
  AmazonRedshift: "Analytics",
  AmazonAthena: "Analytics",
  AWSDataTransfer: "Networking",
  AmazonVPC: "Networking",
  AWSELB: "Networking",
  AmazonRoute53: "Networking",
  AmazonCloudFront: "Networking",
  AWSDirectConnect: "Networking",
  AmazonCloudWatch: "Management and Governance",
  AWSCloudTrail: "Management and Governance",
  AWSConfig: "Management and Governance",
  awskms: "Security",
  AWSSecretsManager: "Security",
  AmazonSageMaker: "AI and Machine Learning",
};

/**
 * AWS's Cost and Usage Report 2.0 (https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html). Use that a
 * Savings Plan or a reservation covers is billed with the fee of that: its line carries no bill, and what it effectively cost;
 * the lines that take the on-demand price of covered use back (SavingsPlanNegation) have nothing to take back then.
 */
export const awsCur2Adapter: Adapter = {
  knows: (columns) => columns.has("line_item_unblended_cost") && columns.has("line_item_line_item_type"),
  select(given, columns) {
    const has = (name: string) => columns.has(name);
    const text = (name: string) => (has(name) ? `nullif(CAST(${named(name)} AS VARCHAR), '')` : "NULL");
    const money = (name: string) => (has(name) ? `TRY_CAST(${named(name)} AS DECIMAL(18,9))` : "NULL");
    const kind = text("line_item_line_item_type");
    const unblended = money("line_item_unblended_cost");
    const list = `coalesce(${money("pricing_public_on_demand_cost")}, ${unblended})`;
    const covered = `${kind} IN ('SavingsPlanCoveredUsage', 'DiscountedUsage')`;
    const commitment = `coalesce(${text("savings_plan_savings_plan_a_r_n")}, ${text("reservation_reservation_a_r_n")})`;
    const isPurchase = `${kind} IN (${Object.entries(categories)
      .filter(([, category]) => category === "Purchase")
      .map(([line]) => `'${line}'`)
      .join(", ")})`;
    const unused = `CASE ${kind}
      WHEN 'SavingsPlanRecurringFee' THEN coalesce(${money("savings_plan_total_commitment_to_date")} - ${money("savings_plan_used_commitment")}, 0)
      WHEN 'RIFee' THEN coalesce(${money("reservation_unused_amortized_upfront_fee_for_billing_period")}, 0)
        + coalesce(${money("reservation_unused_recurring_fee")}, 0)
      ELSE 0 END`;
    const effective = `CASE
      WHEN ${kind} = 'SavingsPlanCoveredUsage' THEN ${money("savings_plan_savings_plan_effective_cost")}
      WHEN ${kind} = 'DiscountedUsage' THEN ${money("reservation_effective_cost")}
      WHEN ${isPurchase} AND ${commitment} IS NOT NULL THEN ${unused}
      ELSE ${unblended} END`;
    const usageType = text("line_item_usage_type");
    const code = text("line_item_product_code");
    const category = `CASE WHEN ${usageType} LIKE '%EBS:%' THEN 'Storage' WHEN ${usageType} LIKE '%DataTransfer%' THEN 'Networking'
      ELSE ${oneOf(code, services, "'Other'")} END`;
    const quantity = has("line_item_usage_amount") ? named("line_item_usage_amount") : "NULL";
    const select = asFocus(
      {
        AvailabilityZone: text("line_item_availability_zone"),
        BilledCost: `CASE WHEN ${covered} THEN 0 ELSE ${unblended} END`,
        BillingAccountId: text("bill_payer_account_id"),
        BillingAccountName: text("bill_payer_account_name"),
        BillingCurrency: text("line_item_currency_code"),
        BillingPeriodStart: named("bill_billing_period_start_date"),
        BillingPeriodEnd: named("bill_billing_period_end_date"),
        ChargeCategory: oneOf(kind, categories, "'Usage'"),
        ChargeClass: `CASE WHEN ${kind} = 'Refund' THEN 'Correction' END`,
        ChargeDescription: text("line_item_line_item_description"),
        ChargeFrequency: `CASE WHEN ${kind} IN ('RIFee', 'SavingsPlanRecurringFee') THEN 'Recurring'
          WHEN ${kind} IN ('Fee', 'SavingsPlanUpfrontFee', 'Refund') THEN 'One-Time' ELSE 'Usage-Based' END`,
        ChargePeriodStart: named("line_item_usage_start_date"),
        ChargePeriodEnd: named("line_item_usage_end_date"),
        CommitmentDiscountCategory: `CASE WHEN ${text("savings_plan_savings_plan_a_r_n")} IS NOT NULL THEN 'Spend'
          WHEN ${text("reservation_reservation_a_r_n")} IS NOT NULL THEN 'Usage' END`,
        CommitmentDiscountId: commitment,
        CommitmentDiscountStatus: `CASE WHEN ${covered} THEN 'Used' END`,
        CommitmentDiscountType: `CASE WHEN ${text("savings_plan_savings_plan_a_r_n")} IS NOT NULL THEN 'Savings Plan'
          WHEN ${text("reservation_reservation_a_r_n")} IS NOT NULL THEN 'Reserved' END`,
        ConsumedQuantity: `CASE WHEN ${isPurchase} THEN NULL ELSE ${quantity} END`,
        ConsumedUnit: `CASE WHEN ${isPurchase} THEN NULL ELSE ${text("pricing_unit")} END`,
        ContractedCost: `CASE WHEN ${covered} THEN ${list} ELSE ${unblended} END`,
        EffectiveCost: effective,
        InvoiceId: text("bill_invoice_id"),
        InvoiceIssuerName: text("bill_invoicing_entity"),
        ListCost: `CASE WHEN ${kind} IN ('Tax', 'Credit') OR ${isPurchase} THEN ${unblended} ELSE ${list} END`,
        PricingCategory: `CASE WHEN ${kind} = 'Tax' THEN NULL WHEN ${covered} THEN 'Committed'
          WHEN ${usageType} LIKE '%SpotUsage%' THEN 'Dynamic' ELSE 'Standard' END`,
        PricingQuantity: quantity,
        PricingUnit: text("pricing_unit"),
        ProviderName: "'AWS'",
        PublisherName: text("line_item_legal_entity"),
        RegionId: has("product_region_code") ? text("product_region_code") : text("product_region"),
        ResourceId: text("line_item_resource_id"),
        ResourceType: productOf(columns, "instance_type"),
        ServiceCategory: category,
        ServiceName: `coalesce(${productOf(columns, "product_name")}, ${code})`,
        SkuId: has("product_sku") ? text("product_sku") : productOf(columns, "sku"),
        SkuMeter: usageType,
        SkuPriceId: text("pricing_rate_id"),
        SubAccountId: text("line_item_usage_account_id"),
        SubAccountName: text("line_item_usage_account_name"),
        Tags: resourceTags(columns),
      },
      `(SELECT * FROM ${given} WHERE ${kind} IS DISTINCT FROM 'SavingsPlanNegation')`,
    );
    return select;
  },
};

/** CUR 2.0 has most of a product in a map, and some of it in columns. */
function productOf(columns: ReadonlyMap<string, GivenColumn>, key: string): string {
  const own = columns.get(`product_${key}`);
  const product = columns.get("product");
  const parts = [
    ...(own ? [`nullif(CAST(${named(own.name)} AS VARCHAR), '')`] : []),
    ...(product && product.type.startsWith("MAP(") ? [`nullif("product"['${key}'], '')`] : []),
    ...(product && product.type === "VARCHAR" ? [`json_extract_string(TRY_CAST("product" AS JSON), '$.${key}')`] : []),
  ];
  return parts.length > 0 ? `coalesce(${parts.join(", ")})` : "NULL";
}

/** A map whose keys of people's own tags begin with `user_`. */
function resourceTags(columns: ReadonlyMap<string, GivenColumn>): string {
  const tags = columns.get("resource_tags");
  const empty = "MAP {}::MAP(VARCHAR, VARCHAR)";
  if (!tags) return empty;
  const map = tags.type.startsWith("MAP(")
    ? `TRY_CAST("resource_tags" AS MAP(VARCHAR, VARCHAR))`
    : `TRY_CAST(TRY_CAST(nullif(CAST("resource_tags" AS VARCHAR), '') AS JSON) AS MAP(VARCHAR, VARCHAR))`;
  const entries = `list_transform(map_entries(${map}), lambda tag: {'k': regexp_replace(tag.key, '^user_', ''), 'v': tag.value})`;
  return `map_from_entries(${entries})`;
}
