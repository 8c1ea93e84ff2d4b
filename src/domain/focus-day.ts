import { nextMonth } from "./cost.ts";
import type { chargeCategories, FocusRow, serviceCategories } from "./focus.ts";

/** What a provider says that something cost on a day, where it says days and not lines of a bill. */
export interface DayCharge {
  /** The billing month, `2026-11`, and a day, `2026-11-29`. */
  readonly month: string;
  readonly day: string;
  readonly account: string;
  /** `AWS`. */
  readonly provider: string;
  /** The provider's own name of the service. */
  readonly service: string;
  readonly serviceCategory: (typeof serviceCategories)[number];
  /** Default `Usage`. */
  readonly category?: (typeof chargeCategories)[number];
  readonly currency: string;
  /** As decimal texts or numbers of the currency's unit. */
  readonly billed: string | number;
  readonly effective: string | number;
  /** What is not said is not known. */
  readonly list?: string | number | undefined;
}

const dayMs = 86_400_000;

/** The row of FOCUS for it. What else is known (a resource, a region, tags) goes beside. */
export function focusDay(charge: DayCharge): FocusRow {
  const { month, day, account, provider, category = "Usage" } = charge;
  const { billed, effective, list } = charge;
  return {
    BilledCost: textOf(billed),
    BillingAccountId: account,
    BillingCurrency: charge.currency,
    BillingPeriodStart: `${month}-01T00:00:00.000Z`,
    BillingPeriodEnd: `${nextMonth(month)}T00:00:00.000Z`,
    ChargeCategory: category,
    ChargeFrequency: category === "Purchase" ? "Recurring" : "Usage-Based",
    ChargePeriodStart: `${day}T00:00:00.000Z`,
    ChargePeriodEnd: new Date(Date.parse(day) + dayMs).toISOString(),
    EffectiveCost: textOf(effective),
    InvoiceIssuerName: provider,
    ...(list === undefined ? {} : { ListCost: textOf(list) }),
    ...(category === "Usage" ? { PricingCategory: "Standard" } : {}),
    ProviderName: provider,
    PublisherName: provider,
    ServiceCategory: charge.serviceCategory,
    ServiceName: charge.service,
  };
}

function textOf(amount: string | number): string {
  return Number(amount).toFixed(9);
}
