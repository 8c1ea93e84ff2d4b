import { named } from "../engine.ts";
import { type Adapter, asFocus, oneOf } from "./adapter.ts";

/** "Credits" of the export's schema: what lowers the price of use. The other kinds are money that is given. */
const discounts = [
  "SUSTAINED_USAGE_DISCOUNT",
  "DISCOUNT",
  "COMMITTED_USAGE_DISCOUNT",
  "COMMITTED_USAGE_DISCOUNT_DOLLAR_BASE",
  "RESELLER_MARGIN",
];

const categories = { tax: "Tax", adjustment: "Adjustment", rounding_error: "Adjustment" };

const services = {
  "Compute Engine": "Compute",
  "Cloud Run": "Compute",
  "Kubernetes Engine": "Compute",
  "Cloud Storage": "Storage",
  "Cloud SQL": "Databases",
  "Cloud Spanner": "Databases",
  BigQuery: "Analytics",
  Networking: "Networking",
  "Cloud DNS": "Networking",
  "Cloud Monitoring": "Management and Governance",
  "Cloud Logging": "Management and Governance",
  "Vertex AI": "AI and Machine Learning",
};

/**
 * Google Cloud's standard and detailed usage cost export out of BigQuery
 * (https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/detailed-usage), as Parquet or JSON lines. Discounts
 * are within the cost of the use that they are of; each other credit is a row of its own.
 */
export const gcpBillingAdapter: Adapter = {
  knows: (columns) => columns.has("usage_start_time") && columns.has("sku") && columns.has("cost"),
  select(given, columns) {
    const has = (name: string) => columns.has(name);
    const field = (column: string, name: string) => {
      const type = columns.get(column)?.type ?? "";
      return new RegExp(`(?:\\(|, )"?${name}"? `).test(type) ? `${named(column)}.${named(name)}` : "NULL";
    };
    const withCredits = /amount/.test(columns.get("credits")?.type ?? "");
    const kinds = discounts.map((kind) => `'${kind}'`).join(", ");
    const lowered = withCredits
      ? `coalesce(list_sum(list_transform(list_filter("credits", lambda credit: credit."type" IN (${kinds})), lambda credit: CAST(credit.amount AS DOUBLE))), 0)`
      : "0";
    const month = `strptime(CAST(${field("invoice", "month")} AS VARCHAR), '%Y%m')`;
    const kind = has("cost_type") ? named("cost_type") : "'regular'";
    const service = field("service", "description");
    const category = oneOf(kind, categories, "'Usage'");
    const start = named("usage_start_time");
    const resource = columns.get("resource")?.type ?? "";
    const labels = /key/.test(columns.get("labels")?.type ?? "")
      ? `map_from_entries(list_transform("labels", lambda label: {'k': CAST(label.key AS VARCHAR), 'v': CAST(label.value AS VARCHAR)}))`
      : "MAP {}::MAP(VARCHAR, VARCHAR)";
    const cost = `CAST("cost" AS DOUBLE)`;
    const list = has("cost_at_list") ? `coalesce(CAST("cost_at_list" AS DOUBLE), ${cost})` : "NULL";
    const committed = withCredits
      ? `len(list_filter("credits", lambda credit: credit."type" LIKE 'COMMITTED_USAGE_DISCOUNT%')) > 0`
      : "false";
    const shared = {
      AvailabilityZone: field("location", "zone"),
      BillingAccountId: has("billing_account_id") ? named("billing_account_id") : "NULL",
      BillingCurrency: named("currency"),
      BillingPeriodStart: month,
      BillingPeriodEnd: `${month} + INTERVAL 1 MONTH`,
      ChargePeriodStart: start,
      ChargePeriodEnd: named("usage_end_time"),
      InvoiceIssuerName: "'Google Cloud'",
      ProviderName: "'Google Cloud'",
      PublisherName: has("seller_name") ? `coalesce(${named("seller_name")}, 'Google Cloud')` : "'Google Cloud'",
      RegionId: field("location", "region"),
      RegionName: field("location", "location"),
      ResourceId: /global_name/.test(resource)
        ? `coalesce(${field("resource", "name")}, ${field("resource", "global_name")})`
        : field("resource", "name"),
      ResourceName: field("resource", "name"),
      ServiceCategory: oneOf(service, services, "'Other'"),
      ServiceName: service,
      SkuId: field("sku", "id"),
      SkuMeter: field("sku", "description"),
      SubAccountId: field("project", "id"),
      SubAccountName: field("project", "name"),
      Tags: labels,
    };
    const use = asFocus(
      {
        ...shared,
        BilledCost: `${cost} + ${lowered}`,
        EffectiveCost: `${cost} + ${lowered}`,
        ContractedCost: cost,
        ListCost: list,
        ChargeCategory: category,
        ChargeClass: `CASE WHEN ${kind} = 'adjustment' THEN 'Correction' END`,
        ChargeDescription: field("sku", "description"),
        ChargeFrequency: "'Usage-Based'",
        ConsumedQuantity: field("usage", "amount"),
        ConsumedUnit: field("usage", "unit"),
        PricingCategory: `CASE WHEN ${kind} = 'tax' THEN NULL WHEN ${committed} THEN 'Committed'
          WHEN ${field("sku", "description")} ILIKE '%spot preemptible%' THEN 'Dynamic' ELSE 'Standard' END`,
        PricingQuantity: field("usage", "amount_in_pricing_units"),
        PricingUnit: field("usage", "pricing_unit"),
      },
      given,
    );
    if (!withCredits) return use;
    const eachCredit = `(SELECT * EXCLUDE ("credits"), unnest("credits") AS credit FROM ${given})`;
    const credits = asFocus(
      {
        ...shared,
        BilledCost: "CAST(credit.amount AS DOUBLE)",
        EffectiveCost: "CAST(credit.amount AS DOUBLE)",
        ContractedCost: "CAST(credit.amount AS DOUBLE)",
        ListCost: "CAST(credit.amount AS DOUBLE)",
        ChargeCategory: "'Credit'",
        ChargeDescription: "credit.name",
        ChargeFrequency: "'Usage-Based'",
      },
      `(SELECT * FROM ${eachCredit} WHERE credit."type" NOT IN (${kinds}) OR credit."type" IS NULL)`,
    );
    return `${use} UNION ALL BY NAME ${credits}`;
  },
};
