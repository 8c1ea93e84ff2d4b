import type * as sdk from "oci-usageapi";
import { Bill, type BillLine, grouped } from "../../cloud/billing/bill.ts";
import { Meter } from "../../cloud/billing/meter.ts";
import { RateCard } from "../../cloud/billing/rate-card.ts";
import type { OciCloud } from "../cloud.ts";
import { invalid, missing } from "../errors.ts";
import { type Operation, operations } from "../operation.ts";
import type { Registry } from "../registry.ts";
import { region } from "../tenancy.ts";
import type { Wire } from "../wire.ts";

const dayMs = 86_400_000;
const services = { instance: "Compute", disk: "Block Storage" } as const;
const units = { instance: "Instance Hours", disk: "Gigabyte Hours" } as const;
/** https://docs.oracle.com/en-us/iaas/Content/Block/Concepts/blockvolumeperformance.htm, units of performance of a GB */
const tiers: Readonly<Record<number, string>> = { 0: "lower-cost", 10: "balanced", 20: "higher-performance" };

export interface Billing {
  readonly meter: Meter;
  readonly bill: Bill;
}

/** What Oracle charges: running instances by OCPU and memory, volumes by size and performance. */
export function meterOci({ documents, tables }: OciCloud): Billing {
  const meter = new Meter(documents);
  meter.watch(tables.instances, ({ state, shape, ocpus, memoryGib, availabilityDomain: zone, ...instance }) =>
    state === "RUNNING"
      ? {
          ...{ kind: "instance", item: `${shape}:${ocpus}ocpu:${memoryGib}g`, quantity: 1, region, zone },
          ...{ name: instance.displayName, tags: instance.freeformTags },
        }
      : undefined,
  );
  meter.watch(tables.volumes, ({ deletedAt, vpusPerGib, sizeGib, availabilityDomain: zone, ...volume }) =>
    deletedAt === undefined
      ? {
          ...{ kind: "disk", item: tiers[vpusPerGib] ?? "ultra-high-performance", quantity: sizeGib, region, zone },
          ...{ name: volume.displayName, tags: volume.freeformTags },
        }
      : undefined,
  );
  return { meter, bill: new Bill(meter, new RateCard("oci")) };
}

/** https://docs.oracle.com/en-us/iaas/api/#/en/usage/20200107/UsageSummary/RequestSummarizedUsages */
export function usageOperations(registry: Registry, { bill }: Billing): Operation[] {
  const { cloud } = registry;
  const operation = operations("usageapi");
  const models = { takes: "RequestSummarizedUsagesDetails", answers: "UsageAggregation" };
  return [
    operation("RequestSummarizedUsages", "POST /usage", models, (call) => {
      const details = call.json<Wire<sdk.models.RequestSummarizedUsagesDetails>>();
      if (!details.tenantId) throw missing("tenantId");
      if (details.tenantId !== cloud.tenancy.tenancyId) throw invalid("tenantId", "is not the caller's");
      if (details.granularity !== "DAILY") throw invalid("granularity", "has to be DAILY in the sandbox");
      const [start, end] = [String(details.timeUsageStarted), String(details.timeUsageEnded)].map(midnight);
      if (!(start && end && start < end)) throw invalid("timeUsageStarted", "has to be before timeUsageEnded");
      const { groupBy = [], groupByTag = [], filter } = details;
      if (groupByTag.length > 1) throw invalid("groupByTag", "takes one tag");
      const wanted = (line: BillLine) =>
        (filter?.dimensions ?? []).every(({ key, value }) => dimensionOf(cloud, line, key) === value);
      const lines = bill.lines(start, end).filter(wanted);
      const tag = groupByTag[0];
      const whole = details.isAggregateByTime === true;
      const keysOf = (line: BillLine) => [
        ...[whole ? start : line.day, tag?.key === undefined ? "" : (line.tags[tag.key] ?? "")],
        ...groupBy.map((key) => dimensionOf(cloud, line, key)),
        String(line.rate),
      ];
      const summaries = grouped(lines, keysOf).map(({ keys, usd, usage }): Wire<sdk.models.UsageSummary> => {
        const [day = "", tagged = "", ...values] = keys;
        const listRate = Number(values.pop());
        return {
          ...Object.fromEntries(groupBy.map((key, index) => [key, values[index]])),
          ...during(day, whole ? end : undefined),
          ...{ tenantId: details.tenantId, currency: "USD", computedAmount: usd, computedQuantity: usage, listRate },
          tags: tag?.key === undefined || tagged === "" ? [] : [{ namespace: "", key: tag.key, value: tagged }],
          isForecast: false,
        };
      });
      const items = [...summaries, ...ahead(bill, details, wanted)];
      const shown = registry.page(call, items, (item) => JSON.stringify(item));
      return {
        body: { groupBy, items: shown.items } satisfies Wire<sdk.models.UsageAggregation>,
        headers: shown.headers,
      };
    }),
  ];
}

/** The days of the forecast that is asked for; none while there is no past to go by. */
function ahead(
  bill: Bill,
  { forecast, tenantId }: Wire<sdk.models.RequestSummarizedUsagesDetails>,
  wanted: (line: BillLine) => boolean,
): Wire<sdk.models.UsageSummary>[] {
  const usd = forecast ? bill.forecastDay(wanted) : undefined;
  if (!forecast || usd === undefined) return [];
  const days: Wire<sdk.models.UsageSummary>[] = [];
  const end = Date.parse(String(forecast.timeForecastEnded));
  for (let at = Date.parse(String(forecast.timeForecastStarted ?? new Date())); at < end; at += dayMs) {
    const day = new Date(at).toISOString().slice(0, 10);
    days.push({ ...during(day), tenantId, currency: "USD", computedAmount: usd, isForecast: true });
  }
  return days;
}

function during(day: string, end?: string) {
  const timeUsageEnded = new Date(end === undefined ? Date.parse(day) + dayMs : Date.parse(end)).toISOString();
  return { timeUsageStarted: new Date(day).toISOString(), timeUsageEnded };
}

function dimensionOf(cloud: OciCloud, line: BillLine, key: string): string {
  switch (key) {
    case "service":
      return services[line.kind];
    case "skuName":
      return line.item;
    case "skuPartNumber":
      return `SIM-${line.item}`;
    case "unit":
      return units[line.kind];
    case "resourceId":
      return line.resourceId;
    case "region":
      return line.region;
    case "compartmentId":
      return compartmentOf(cloud, line);
    default:
      throw invalid("groupBy", `${key} is not simulated`);
  }
}

function compartmentOf({ tables, tenancy }: OciCloud, { resourceId }: BillLine): string {
  const found = tables.instances.get(resourceId) ?? tables.volumes.get(resourceId);
  return found?.compartmentId ?? tenancy.compartmentId;
}

/** "Only UTC days": times within a day are refused. */
function midnight(at: string): string {
  const parsed = new Date(at);
  if (Number.isNaN(parsed.getTime()) || parsed.getTime() % dayMs !== 0)
    throw invalid("timeUsageStarted", "has to be midnight, UTC, as the end has");
  return parsed.toISOString().slice(0, 10);
}
