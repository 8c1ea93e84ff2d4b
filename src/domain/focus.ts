// Long because it is one table: the columns of FOCUS.
/**
 * FOCUS 1.2, the FinOps Open Cost and Usage Specification (https://focus.finops.org/focus-specification/v1-2/): its columns, what
 * they may hold, and which of them must be there. Cost rows of every provider are kept in this form.
 */
export type FocusType = "money" | "quantity" | "time" | "text" | "tags";

export interface FocusColumn {
  readonly name: string;
  readonly type: FocusType;
  /** A row without it is none. */
  readonly required?: true;
}

export const focusColumns = [
  { name: "AvailabilityZone", type: "text" },
  { name: "BilledCost", type: "money", required: true },
  { name: "BillingAccountId", type: "text", required: true },
  { name: "BillingAccountName", type: "text" },
  { name: "BillingAccountType", type: "text" },
  { name: "BillingCurrency", type: "text", required: true },
  { name: "BillingPeriodEnd", type: "time", required: true },
  { name: "BillingPeriodStart", type: "time", required: true },
  { name: "CapacityReservationId", type: "text" },
  { name: "CapacityReservationStatus", type: "text" },
  { name: "ChargeCategory", type: "text", required: true },
  { name: "ChargeClass", type: "text" },
  { name: "ChargeDescription", type: "text" },
  { name: "ChargeFrequency", type: "text" },
  { name: "ChargePeriodEnd", type: "time", required: true },
  { name: "ChargePeriodStart", type: "time", required: true },
  { name: "CommitmentDiscountCategory", type: "text" },
  { name: "CommitmentDiscountId", type: "text" },
  { name: "CommitmentDiscountName", type: "text" },
  { name: "CommitmentDiscountQuantity", type: "quantity" },
  { name: "CommitmentDiscountStatus", type: "text" },
  { name: "CommitmentDiscountType", type: "text" },
  { name: "CommitmentDiscountUnit", type: "text" },
  { name: "ConsumedQuantity", type: "quantity" },
  { name: "ConsumedUnit", type: "text" },
  { name: "ContractedCost", type: "money" },
  { name: "ContractedUnitPrice", type: "quantity" },
  { name: "EffectiveCost", type: "money", required: true },
  { name: "InvoiceId", type: "text" },
  { name: "InvoiceIssuerName", type: "text" },
  { name: "ListCost", type: "money" },
  { name: "ListUnitPrice", type: "quantity" },
  { name: "PricingCategory", type: "text" },
  { name: "PricingCurrency", type: "text" },
  { name: "PricingQuantity", type: "quantity" },
  { name: "PricingUnit", type: "text" },
  { name: "ProviderName", type: "text" },
  { name: "PublisherName", type: "text" },
  { name: "RegionId", type: "text" },
  { name: "RegionName", type: "text" },
  { name: "ResourceId", type: "text" },
  { name: "ResourceName", type: "text" },
  { name: "ResourceType", type: "text" },
  { name: "ServiceCategory", type: "text" },
  { name: "ServiceName", type: "text", required: true },
  { name: "ServiceSubcategory", type: "text" },
  { name: "SkuId", type: "text" },
  { name: "SkuMeter", type: "text" },
  { name: "SkuPriceId", type: "text" },
  { name: "SubAccountId", type: "text" },
  { name: "SubAccountName", type: "text" },
  { name: "SubAccountType", type: "text" },
  { name: "Tags", type: "tags" },
] as const satisfies readonly FocusColumn[];
export type FocusColumnName = (typeof focusColumns)[number]["name"];

export const chargeCategories = ["Usage", "Purchase", "Tax", "Credit", "Adjustment"] as const;
export const chargeFrequencies = ["One-Time", "Recurring", "Usage-Based"] as const;
export const pricingCategories = ["Standard", "Dynamic", "Committed", "Other"] as const;
export const serviceCategories = [
  "AI and Machine Learning",
  "Analytics",
  "Business Applications",
  "Compute",
  "Databases",
  "Developer Tools",
  "Identity",
  "Integration",
  "Internet of Things",
  "Management and Governance",
  "Media",
  "Migration",
  "Mobile",
  "Multicloud",
  "Networking",
  "Security",
  "Storage",
  "Web",
  "Other",
] as const;

/** One row in the names of FOCUS. Amounts are decimal texts, times ISO 8601 in UTC; what is absent is not known. */
export type FocusRow = Partial<Record<Exclude<FocusColumnName, "Tags">, string | number>> & {
  readonly Tags?: Readonly<Record<string, string>>;
};
