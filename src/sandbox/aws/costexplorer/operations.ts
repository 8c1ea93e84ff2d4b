import type * as ce from "@aws-sdk/client-cost-explorer";
import { type BillLine, daysOf, grouped } from "../../cloud/billing/bill.ts";
import type { Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import type { Billing } from "./metering.ts";

const compute = "Amazon Elastic Compute Cloud - Compute";
const services = { instance: compute, disk: "EC2 - Other" } as const;
const dayMs = 86_400_000;
const dailyForecastDays = 93;

type Usage = Omit<ce.GetCostAndUsageRequest, "Filter"> & { readonly Filter?: ce.Expression | undefined };

/** Cost Explorer over what was metered: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html */
export function costExplorerOperations({ bill }: Billing) {
  const answer = (input: Usage): ce.GetCostAndUsageResponse => {
    const { from, to } = periodOf(input.TimePeriod);
    const { Granularity, GroupBy = [], Metrics = [] } = input;
    if (Granularity === "HOURLY")
      throw new AwsError("ValidationException", "Simulated: there are no hourly costs here");
    if (GroupBy.length > 2) throw new AwsError("ValidationException", "At most two groups can be named");
    const lines = bill.lines(from, to).filter((line) => matches(line, input.Filter));
    const spans =
      Granularity === "MONTHLY" ? monthsOf(from, to) : daysOf(from, to).map((day) => [day, after(day)] as const);
    return {
      GroupDefinitions: GroupBy,
      DimensionValueAttributes: [],
      ResultsByTime: spans.map(([start, end]): ce.ResultByTime => {
        const within = lines.filter(({ day }) => day >= start && day < end);
        const TimePeriod = { Start: start, End: end };
        // What is of today is estimated until the bill is final.
        const Estimated = true;
        if (GroupBy.length === 0)
          return { TimePeriod, Total: metricsOf(Metrics, sumOf(within)), Groups: [], Estimated };
        const Groups = grouped(within, (line) => GroupBy.map((group) => keyOf(line, group))).map(({ keys, usd }) => ({
          Keys: [...keys],
          Metrics: metricsOf(Metrics, usd),
        }));
        return { TimePeriod, Total: {}, Groups, Estimated };
      }),
    };
  };
  return {
    GetCostAndUsage: (_call: Call, input: ce.GetCostAndUsageRequest): ce.GetCostAndUsageResponse => answer(input),

    GetCostAndUsageWithResources: (
      _call: Call,
      input: ce.GetCostAndUsageWithResourcesRequest,
    ): ce.GetCostAndUsageWithResourcesResponse => {
      const { from } = periodOf(input.TimePeriod);
      if (Date.parse(from) < Date.now() - 14 * dayMs)
        throw new AwsError("ValidationException", "Start date must be within the last 14 days");
      const byResource = input.GroupBy?.some(({ Key }) => Key === "RESOURCE_ID");
      if (!byResource || !mentions(input.Filter, "SERVICE", compute))
        throw new AwsError("ValidationException", `Group by RESOURCE_ID, and filter by SERVICE = ${compute}`);
      return answer({ ...input, Metrics: input.Metrics ?? [] });
    },

    GetCostForecast: (_call: Call, input: ce.GetCostForecastRequest): ce.GetCostForecastResponse => {
      const { from, to } = periodOf(input.TimePeriod);
      if (from > dayOf(Date.now())) throw new AwsError("ValidationException", "Start date must not be in the future");
      const days = daysOf(from, to);
      if (input.Granularity !== "DAILY" || days.length > dailyForecastDays)
        throw new AwsError("ValidationException", "Simulated: forecasts are by the day, of three months at most");
      const usd = bill.forecastDay((line) => matches(line, input.Filter));
      if (usd === undefined)
        throw new AwsError(
          "DataUnavailableException",
          "Insufficient amount of historical data to generate forecast",
          400,
        );
      const text = (amount: number) => amount.toFixed(10);
      return {
        Total: { Amount: text(usd * days.length), Unit: "USD" },
        ForecastResultsByTime: days.map((day) => ({
          TimePeriod: { Start: day, End: after(day) },
          MeanValue: text(usd),
          ...(input.PredictionIntervalLevel === undefined
            ? {}
            : { PredictionIntervalLowerBound: text(usd * 0.9), PredictionIntervalUpperBound: text(usd * 1.1) }),
        })),
      };
    },
  };
}

function periodOf(period: ce.DateInterval | undefined): { from: string; to: string } {
  const { Start: from = "", End: to = "" } = period ?? {};
  const isDay = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text);
  if (!isDay(from) || !isDay(to) || from >= to)
    throw new AwsError("ValidationException", "Start date (and hour) should be before end date (and hour)");
  return { from, to };
}

/** https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Expression.html */
function matches(line: BillLine, filter: ce.Expression | undefined): boolean {
  if (!filter) return true;
  const { And, Or, Not, Dimensions, Tags } = filter;
  if (And) return And.every((each) => matches(line, each));
  if (Or) return Or.some((each) => matches(line, each));
  if (Not) return !matches(line, Not);
  if (Dimensions) return (Dimensions.Values ?? []).includes(dimensionOf(line, Dimensions.Key ?? ""));
  if (Tags) return (Tags.Values ?? []).includes(line.tags[Tags.Key ?? ""] ?? "");
  throw new AwsError("ValidationException", "Simulated: there are no cost categories here");
}

function mentions(filter: ce.Expression | undefined, key: string, value: string): boolean {
  if (!filter) return false;
  const { And = [], Dimensions } = filter;
  return (
    (Dimensions?.Key === key && Dimensions.Values?.includes(value) === true) ||
    And.some((each) => mentions(each, key, value))
  );
}

function keyOf(line: BillLine, { Type, Key = "" }: ce.GroupDefinition): string {
  return Type === "TAG" ? `${Key}$${line.tags[Key] ?? ""}` : dimensionOf(line, Key);
}

function dimensionOf(line: BillLine, key: string): string {
  switch (key) {
    case "SERVICE":
      return services[line.kind];
    case "REGION":
      return line.region;
    case "RESOURCE_ID":
      return line.resourceId;
    case "RECORD_TYPE":
      return "Usage";
    case "INSTANCE_TYPE":
      return line.kind === "instance" ? line.item : "NoInstanceType";
    case "LINKED_ACCOUNT":
      return accountId;
    default:
      throw new AwsError("ValidationException", `Simulated: the dimension ${key} is not known here`);
  }
}

function metricsOf(names: readonly string[], usd: number): Record<string, ce.MetricValue> {
  if (names.length === 0) throw new AwsError("ValidationException", "Metrics must be named");
  return Object.fromEntries(
    names.map((name) => {
      if (!/^(Net)?(Unblended|Amortized)Cost$|^BlendedCost$/.test(name))
        throw new AwsError("ValidationException", `Simulated: the metric ${name} is not known here`);
      return [name, { Amount: usd.toFixed(10), Unit: "USD" }];
    }),
  );
}

function sumOf(lines: readonly BillLine[]): number {
  return lines.reduce((sum, { usd }) => sum + usd, 0);
}

function monthsOf(from: string, to: string): (readonly [string, string])[] {
  const months: (readonly [string, string])[] = [];
  for (let start = from; start < to; ) {
    const [year = 0, month = 1] = start.split("-").map(Number);
    const next = dayOf(Date.UTC(year, month, 1));
    const end = next < to ? next : to;
    months.push([start, end]);
    start = end;
  }
  return months;
}

function after(day: string): string {
  return dayOf(Date.parse(day) + dayMs);
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
