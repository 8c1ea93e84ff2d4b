import type * as CostExplorer from "@aws-sdk/client-cost-explorer";
import type { StatedForecast } from "../../domain/cost-forecast.ts";
import { isProviderError } from "../../domain/errors.ts";
import type { chargeCategories, FocusRow, serviceCategories } from "../../domain/focus.ts";
import { focusDay } from "../../domain/focus-day.ts";
import type { Money } from "../../domain/money.ts";
import { begunDays, comingDays, dayOf } from "../billing-days.ts";
import { type CostsFacet, usualCostTag } from "../cost-facet.ts";
import type { Aws } from "./client.ts";
import { identityOf } from "./identity.ts";

type Expression = CostExplorer.Expression;
type Group = CostExplorer.GroupDefinition;

/** "GetCostAndUsageWithResources": of this service, and no more than 14 days back. */
const computeService = "Amazon Elastic Compute Cloud - Compute";
const resourceDays = 14;
const dayMs = 86_400_000;
/** "GetCostForecast": three months by the day. */
const forecastDays = 90;
const level = 0.8;
const daily = { Granularity: "DAILY" } as const;
const monthly = { Granularity: "MONTHLY" } as const;

/** "Line item details" of the Cost and Usage Report, which Cost Explorer's RECORD_TYPE names too: what is no use. */
const categories: Readonly<Record<string, (typeof chargeCategories)[number]>> = {
  Tax: "Tax",
  Credit: "Credit",
  Refund: "Adjustment",
  BundledDiscount: "Adjustment",
  Discount: "Adjustment",
  EdpDiscount: "Adjustment",
  PrivateRateDiscount: "Adjustment",
  RiVolumeDiscount: "Adjustment",
  Fee: "Purchase",
  RIFee: "Purchase",
  SavingsPlanRecurringFee: "Purchase",
  SavingsPlanUpfrontFee: "Purchase",
};

const services: readonly (readonly [RegExp, (typeof serviceCategories)[number]])[] = [
  [/^EC2 - Other$/, "Storage"],
  [/Compute Cloud|Lambda|Container|Kubernetes|Lightsail/, "Compute"],
  [/Simple Storage|File System|FSx|Backup|Glacier/, "Storage"],
  [/Database|RDS|DynamoDB|ElastiCache/, "Databases"],
  [/Virtual Private Cloud|Load Balancing|Route 53|CloudFront|Direct Connect|Data Transfer/, "Networking"],
  [/CloudWatch|CloudTrail|Config|Systems Manager/, "Management and Governance"],
  [/Key Management|Secrets Manager|GuardDuty/, "Security"],
];

interface Line {
  readonly day: string;
  readonly keys: readonly string[];
  readonly billed: number;
  readonly effective: number;
  readonly currency: string;
}

/**
 * What Cost Explorer says of the account in the site's region, by the day: by service and one tag, and for the newest 14 days by
 * EC2 instance too. Each request costs 0.01 USD at AWS.
 */
export class AwsCosts implements CostsFacet {
  readonly format = "focus";
  readonly #aws: Aws;
  readonly #tag: string;

  constructor(aws: Aws) {
    this.#aws = aws;
    this.#tag = aws.entry.costTag ?? usualCostTag;
  }

  async *readCosts(month: string, signal: AbortSignal): AsyncGenerator<FocusRow> {
    const days = begunDays(month);
    if (!days) return;
    const { Account: account = "" } = await identityOf(this.#aws, signal);
    const base = { month, account, provider: "AWS" };
    const { region } = this.#aws.entry;
    const byTag: Group = { Type: "TAG", Key: this.#tag };
    const instances = await this.#instances(days, byTag, signal);
    const told = new Map<string, { billed: number; effective: number }>();
    for (const { day, keys, billed, effective, currency } of instances) {
      const [resource = "", tag = ""] = keys;
      const key = `${day} ${tag}`;
      const sum = told.get(key) ?? { billed: 0, effective: 0 };
      told.set(key, { billed: sum.billed + billed, effective: sum.effective + effective });
      const amounts = { billed, effective, currency };
      yield {
        ...focusDay({ ...base, ...amounts, day, service: computeService, serviceCategory: "Compute" }),
        RegionId: region,
        ...(resource.startsWith("i-") ? { ResourceId: resource, ResourceType: "VM" } : {}),
        ...this.#tags(tag),
      };
    }
    const byService: Group = { Type: "DIMENSION", Key: "SERVICE" };
    for await (const line of this.#lines(days, this.#filter({ Not: notUse }), [byService, byTag], signal)) {
      const { day, keys, currency } = line;
      const [service = "", tag = ""] = keys;
      const part = service === computeService ? told.get(`${day} ${tag}`) : undefined;
      // What instances don't have of it: both are of the same moment, so that what is left is small.
      const billed = line.billed - (part?.billed ?? 0);
      const effective = line.effective - (part?.effective ?? 0);
      if (Math.abs(billed) < 1e-9 && Math.abs(effective) < 1e-9) continue;
      const serviceCategory = categoryOf(service);
      yield {
        ...focusDay({ ...base, day, service, serviceCategory, billed, effective, currency }),
        RegionId: region,
        ...this.#tags(tag),
      };
    }
    const byKind: Group = { Type: "DIMENSION", Key: "RECORD_TYPE" };
    for await (const { keys, ...line } of this.#lines(days, this.#filter(notUse), [byService, byKind], signal)) {
      const [service = "", kind = ""] = keys;
      const category = categories[kind] ?? "Adjustment";
      yield {
        ...focusDay({ ...base, ...line, service, serviceCategory: categoryOf(service), category }),
        RegionId: region,
        ChargeDescription: kind,
      };
    }
  }

  async statement(month: string, signal: AbortSignal): Promise<{ amount: Money; saidBy: string } | undefined> {
    const days = begunDays(month);
    if (!days) return undefined;
    const asked = { ...periodOf(days), ...monthly, Metrics: ["UnblendedCost"], Filter: this.#filter() };
    const { ResultsByTime = [] } = await this.#aws.costExplorer.send(
      (sdk) => new sdk.GetCostAndUsageCommand(asked),
      this.#subject("add up costs"),
      signal,
    );
    const totals = ResultsByTime.flatMap(({ Total }) => (Total?.UnblendedCost ? [Total.UnblendedCost] : []));
    const currency = totals[0]?.Unit;
    if (currency === undefined) return undefined;
    const micros = Math.round(totals.reduce((sum, { Amount = "0" }) => sum + Number(Amount), 0) * 1e6);
    return { amount: { micros, currency }, saidBy: "Cost Explorer, GetCostAndUsage by the month" };
  }

  async forecast(days: number, signal: AbortSignal): Promise<StatedForecast | undefined> {
    const asked = {
      ...periodOf(comingDays(Math.min(days, forecastDays))),
      ...daily,
      ...{ Metric: "UNBLENDED_COST" as const, PredictionIntervalLevel: level * 100 },
      Filter: this.#filter(),
    };
    try {
      const answer = await this.#aws.costExplorer.send(
        (sdk) => new sdk.GetCostForecastCommand(asked),
        this.#subject("forecast costs"),
        signal,
      );
      const { Total, ForecastResultsByTime: results = [] } = answer;
      const micros = (amount: string | undefined) => Math.round(Number(amount) * 1e6);
      return {
        saidBy: "Cost Explorer, GetCostForecast",
        currency: Total?.Unit ?? "USD",
        days: results.map((result) => ({
          day: result.TimePeriod?.Start ?? "",
          micros: micros(result.MeanValue),
          low: micros(result.PredictionIntervalLowerBound),
          high: micros(result.PredictionIntervalUpperBound),
        })),
        level,
      };
    } catch (error) {
      // "DataUnavailableException": an account that is a few days old.
      if (isProviderError(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** Nothing where the account has not opted in to costs by resource. */
  async #instances(days: { from: string; to: string }, byTag: Group, signal: AbortSignal): Promise<readonly Line[]> {
    const earliest = dayOf(Date.now() - (resourceDays - 1) * dayMs);
    const from = days.from > earliest ? days.from : earliest;
    if (from >= days.to) return [];
    const ofCompute: Expression = { Dimensions: { Key: "SERVICE", Values: [computeService] } };
    const filter = this.#filter(ofCompute, { Not: notUse });
    const groups: Group[] = [{ Type: "DIMENSION", Key: "RESOURCE_ID" }, byTag];
    try {
      return await Array.fromAsync(this.#lines({ from, to: days.to }, filter, groups, signal, true));
    } catch (error) {
      if (!isProviderError(error, "InvalidInput", "NotFound", "CloudPermissionDenied")) throw error;
      this.#aws.log("warn", "Cost Explorer tells no costs by resource; opt in to them in its preferences", {
        site: this.#aws.site,
        reason: error.details.reason,
      });
      return [];
    }
  }

  async *#lines(
    days: { from: string; to: string },
    Filter: Expression,
    GroupBy: Group[],
    signal: AbortSignal,
    byResource = false,
  ): AsyncGenerator<Line> {
    const asked = { ...periodOf(days), ...daily, Metrics: ["UnblendedCost", "AmortizedCost"] };
    const subject = this.#subject("read costs");
    let NextPageToken: string | undefined;
    do {
      const input = { ...asked, Filter, GroupBy, ...(NextPageToken && { NextPageToken }) };
      const page = byResource
        ? await this.#aws.costExplorer.send(
            (sdk) => new sdk.GetCostAndUsageWithResourcesCommand(input),
            subject,
            signal,
          )
        : await this.#aws.costExplorer.send((sdk) => new sdk.GetCostAndUsageCommand(input), subject, signal);
      for (const { TimePeriod, Groups = [] } of page.ResultsByTime ?? []) {
        for (const { Keys: keys = [], Metrics = {} } of Groups) {
          const { UnblendedCost: billed, AmortizedCost: effective } = Metrics;
          if (!billed?.Unit || TimePeriod?.Start === undefined) continue;
          yield {
            ...{ day: TimePeriod.Start, keys, currency: billed.Unit },
            billed: Number(billed.Amount),
            effective: Number(effective?.Amount ?? billed.Amount),
          };
        }
      }
      NextPageToken = page.NextPageToken || undefined;
    } while (NextPageToken !== undefined);
  }

  /** What the site's region was charged for. */
  #filter(...more: readonly Expression[]): Expression {
    const ofRegion: Expression = { Dimensions: { Key: "REGION", Values: [this.#aws.entry.region] } };
    return more.length === 0 ? ofRegion : { And: [ofRegion, ...more] };
  }

  /** A group by tag is named `project$web`; without a value, what has no such tag. */
  #tags(group: string): FocusRow {
    const value = group.slice(this.#tag.length + 1);
    return value === "" ? {} : { Tags: { [this.#tag]: value } };
  }

  #subject(operation: string) {
    return { operation, resource: this.#aws.site };
  }
}

const notUse: Expression = { Dimensions: { Key: "RECORD_TYPE", Values: Object.keys(categories) } };

function periodOf({ from, to }: { from: string; to: string }) {
  return { TimePeriod: { Start: from, End: to } };
}

function categoryOf(service: string): (typeof serviceCategories)[number] {
  return services.find(([name]) => name.test(service))?.[1] ?? "Other";
}
