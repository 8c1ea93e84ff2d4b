import type { models, requests } from "oci-usageapi";
import type { StatedForecast } from "../../domain/cost-forecast.ts";
import type { FocusRow, serviceCategories } from "../../domain/focus.ts";
import { focusDay } from "../../domain/focus-day.ts";
import type { Money } from "../../domain/money.ts";
import { begunDays, comingDays, dayOf } from "../billing-days.ts";
import { type CostsFacet, usualCostTag } from "../cost-facet.ts";
import type { Oci } from "./client.ts";
import { isoOf } from "./models.ts";

type Details = models.RequestSummarizedUsagesDetails;
type Summary = models.UsageSummary;

const services: Readonly<Record<string, (typeof serviceCategories)[number]>> = {
  Compute: "Compute",
  "Block Storage": "Storage",
  "Object Storage": "Storage",
  "Load Balancer": "Networking",
  "Virtual Cloud Network": "Networking",
  Networking: "Networking",
  Database: "Databases",
  Monitoring: "Management and Governance",
};

/** What the Usage API says of the site's compartment in its region: by service, SKU, resource and one tag. */
export class OciCosts implements CostsFacet {
  readonly format = "focus";
  readonly #oci: Oci;
  readonly #tag: string;

  constructor(oci: Oci) {
    this.#oci = oci;
    this.#tag = oci.entry.costTag ?? usualCostTag;
  }

  async *readCosts(month: string, signal: AbortSignal): AsyncGenerator<FocusRow> {
    const days = begunDays(month);
    if (!days) return;
    const account = await this.#oci.tenancy();
    const grouped = {
      groupBy: ["service", "skuPartNumber", "skuName", "unit", "resourceId"],
      groupByTag: [{ namespace: "", key: this.#tag }],
    };
    for await (const summary of this.#summaries(days, grouped, signal)) {
      const { service = "Oracle Cloud", currency, computedAmount, resourceId, skuPartNumber, skuName } = summary;
      // A line whose amount is not there yet comes with a later call.
      if (computedAmount === undefined || !currency?.trim()) continue;
      const tag = summary.tags?.find(({ key }) => key === this.#tag)?.value;
      const { computedQuantity: quantity, listRate, unit } = summary;
      const list = listRate === undefined || quantity === undefined ? undefined : listRate * quantity;
      yield {
        ...focusDay({
          ...{ month, day: dayOf(Date.parse(isoOf(summary.timeUsageStarted))), account, provider: "Oracle" },
          ...{ service, serviceCategory: services[service] ?? "Other", currency: currency.trim() },
          ...{ billed: computedAmount, effective: computedAmount, list },
        }),
        RegionId: this.#oci.entry.region,
        SubAccountId: await this.#oci.compartment(),
        ...(skuName ? { ChargeDescription: skuName, SkuMeter: skuName } : {}),
        ...(skuPartNumber ? { SkuId: skuPartNumber } : {}),
        ...(resourceId ? { ResourceId: resourceId, ResourceType: typeOf(resourceId) } : {}),
        ...(quantity === undefined || !unit ? {} : { ConsumedQuantity: quantity, ConsumedUnit: unit }),
        ...(tag ? { Tags: { [this.#tag]: tag } } : {}),
      };
    }
  }

  async statement(month: string, signal: AbortSignal): Promise<{ amount: Money; saidBy: string } | undefined> {
    const days = begunDays(month);
    if (!days) return undefined;
    const all = { isAggregateByTime: true };
    const sums = (await Array.fromAsync(this.#summaries(days, all, signal))).filter(({ currency }) => currency?.trim());
    const currency = sums[0]?.currency?.trim();
    if (currency === undefined) return undefined;
    const total = sums.reduce((sum, { computedAmount = 0 }) => sum + computedAmount, 0);
    return { amount: { micros: Math.round(total * 1e6), currency }, saidBy: "Usage API, without groups" };
  }

  async forecast(days: number, signal: AbortSignal): Promise<StatedForecast | undefined> {
    const coming = comingDays(days);
    // The call gives what was as well; two months of it are what its model is made of.
    const past = { from: dayOf(Date.now() - pastDays * dayMs), to: coming.from };
    const forecast = {
      ...{ forecastType: "BASIC" as models.Forecast.ForecastType },
      ...{ timeForecastStarted: new Date(coming.from), timeForecastEnded: new Date(coming.to) },
    };
    const all = await Array.fromAsync(this.#summaries(past, { forecast }, signal));
    const ahead = all.filter(({ isForecast, currency }) => isForecast === true && currency?.trim());
    const currency = ahead[0]?.currency?.trim();
    if (currency === undefined) return undefined;
    const byDay = Map.groupBy(ahead, ({ timeUsageStarted }) => dayOf(Date.parse(isoOf(timeUsageStarted))));
    return {
      saidBy: "Usage API, forecast BASIC",
      currency,
      days: [...byDay]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([day, of]) => ({
          day,
          micros: Math.round(of.reduce((sum, { computedAmount = 0 }) => sum + computedAmount, 0) * 1e6),
        })),
    };
  }

  async *#summaries(
    { from, to }: { readonly from: string; readonly to: string },
    more: Partial<Details>,
    signal: AbortSignal,
  ): AsyncGenerator<Summary> {
    const subject = { operation: "read costs", resource: this.#oci.site };
    const requestSummarizedUsagesDetails = {
      tenantId: await this.#oci.tenancy(),
      ...{ timeUsageStarted: new Date(from), timeUsageEnded: new Date(to) },
      ...{ granularity: "DAILY" as Details["granularity"], queryType: "COST" as NonNullable<Details["queryType"]> },
      filter: {
        operator: "AND" as models.Filter.Operator,
        dimensions: [
          { key: "compartmentId", value: await this.#oci.compartment() },
          { key: "region", value: this.#oci.entry.region },
        ],
      },
      ...more,
    };
    let page: string | undefined;
    do {
      const request: requests.RequestSummarizedUsagesRequest = {
        requestSummarizedUsagesDetails,
        limit: pageItems,
        ...(page === undefined ? {} : { page }),
      };
      const answer = await this.#oci.usage.call("requestSummarizedUsages", request, subject, signal);
      yield* answer.usageAggregation.items;
      page = answer.opcNextPage || undefined;
    } while (page !== undefined);
  }
}

const dayMs = 86_400_000;
const pastDays = 60;
const pageItems = 1_000;

/** `ocid1.instance.oc1…` is a VM. */
function typeOf(ocid: string): string {
  const kind = ocid.split(".")[1] ?? "";
  return kind === "instance" ? "VM" : kind === "volume" || kind === "bootvolume" ? "Disk" : kind;
}
