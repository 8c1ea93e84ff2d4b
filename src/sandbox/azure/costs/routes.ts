import * as z from "zod";
import { Bill, type BillLine, daysOf, grouped } from "../../cloud/billing/bill.ts";
import { Meter } from "../../cloud/billing/meter.ts";
import { RateCard } from "../../cloud/billing/rate-card.ts";
import type { ArmAnswer, ArmRequest, Route } from "../arm/request.ts";
import type { AzureCloud } from "../cloud.ts";
import { AzureError } from "../errors.ts";
import type { Json, Resource, Vm } from "../state.ts";

const vmType = "Microsoft.Compute/virtualMachines";
const diskType = "Microsoft.Compute/disks";
const services = { instance: "Virtual Machines", disk: "Storage" } as const;
const dayMs = 86_400_000;

export interface Billing {
  readonly meter: Meter;
  readonly bill: Bill;
}

/** What Azure charges: VMs until they are deallocated, managed disks for as long as they are there. */
export function meterAzure({ documents, tables }: AzureCloud): Billing {
  const meter = new Meter(documents);
  meter.watch(tables.resources, (resource: Resource) => {
    const { type, location: region, name, tags, properties } = resource;
    const place = { region, name, tags };
    if (type === vmType) {
      const { power } = (resource as Vm).facts;
      const { hardwareProfile, priority } = properties as { hardwareProfile?: { vmSize?: string }; priority?: string };
      const isCharged = power === "running" || power === "stopping" || power === "stopped";
      if (!isCharged || !hardwareProfile?.vmSize) return undefined;
      return { kind: "instance", item: hardwareProfile.vmSize, quantity: 1, spot: priority === "Spot", ...place };
    }
    if (type !== diskType) return undefined;
    const { name: item = "Standard_LRS" } = (resource.sku ?? {}) as { name?: string };
    return { kind: "disk", item, quantity: Number(properties.diskSizeGB ?? 0), ...place };
  });
  return { meter, bill: new Bill(meter, new RateCard("azure")) };
}

const grouping = z.strictObject({ type: z.enum(["Dimension", "TagKey"]), name: z.string() });
const aggregation = z.record(z.string(), z.strictObject({ name: z.literal("Cost"), function: z.literal("Sum") }));
const timePeriod = z.strictObject({ from: z.iso.datetime({ offset: true }), to: z.iso.datetime({ offset: true }) });
const base = {
  type: z.enum(["ActualCost", "AmortizedCost"]),
  timeframe: z.literal("Custom"),
  timePeriod,
};
/** https://learn.microsoft.com/rest/api/cost-management/query/usage, without filters */
const queryBody = z.strictObject({
  ...base,
  dataset: z.strictObject({
    aggregation,
    granularity: z.literal("Daily").optional(),
    grouping: z.array(grouping).max(2, "Query can have up to 2 group by clauses").optional(),
  }),
});
/** https://learn.microsoft.com/rest/api/cost-management/forecast/usage */
const forecastBody = z.strictObject({
  ...base,
  dataset: z.strictObject({ aggregation, granularity: z.literal("Daily") }),
  includeActualCost: z.literal(false),
  includeFreshPartialCost: z.literal(false),
});

export function costRoutes(cloud: AzureCloud, { bill }: Billing): Route[] {
  const scope = "resourcegroups/:group/providers/microsoft.costmanagement";
  const withinLimits = () => {
    // "Cost Management API rate limits": 12 units in ten seconds.
    const { settings, buckets } = cloud;
    if (!settings.throttling || buckets.take("costs", { capacity: 12, perSecond: 1.2 })) return;
    throw new AzureError("TooManyRequests", "Too many requests. Please retry.", 429, {
      "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after": String(settings.retryAfterSeconds),
    });
  };
  return [
    {
      ...{ service: "costmanagement", operation: "query.usage", method: "POST", path: `${scope}/query` },
      action: "Microsoft.CostManagement/query/action",
      run: (request) => {
        withinLimits();
        return { status: 200, body: answerOf(request, "query", query(cloud, bill, request)) };
      },
    },
    {
      ...{ service: "costmanagement", operation: "forecast.usage", method: "POST", path: `${scope}/forecast` },
      action: "Microsoft.CostManagement/forecast/action",
      run: (request): ArmAnswer => {
        withinLimits();
        const { timePeriod: period } = parsed(forecastBody, request.body);
        const usd = bill.forecastDay((line) => isInGroup(line, request));
        if (usd === undefined) return { status: 204 };
        const days = daysOf(period.from.slice(0, 10), nextDay(period.to));
        const columns = [number("Cost"), number("UsageDate"), text("CostStatus"), text("Currency")];
        const rows = days.map((day) => [usd, compact(day), "Forecast", "USD"]);
        return { status: 200, body: answerOf(request, "forecasts", { columns, rows }) };
      },
    },
  ];
}

/** Pages, each with as many rows as lists have. */
function query(cloud: AzureCloud, bill: Bill, request: ArmRequest): Json {
  const { timePeriod: period, dataset } = parsed(queryBody, request.body);
  const { grouping: groups = [], granularity } = dataset;
  const lines = bill.lines(period.from.slice(0, 10), nextDay(period.to)).filter((line) => isInGroup(line, request));
  const daily = granularity === "Daily";
  const keysOf = (line: BillLine) => [
    ...(daily ? [line.day] : []),
    ...groups.flatMap(({ type, name }) =>
      type === "TagKey" ? [name, line.tags[name] ?? ""] : [dimensionOf(line, name)],
    ),
  ];
  const names = groups.flatMap(({ type, name }) => (type === "TagKey" ? ["TagKey", "TagValue"] : [name]));
  const columns = [number("Cost"), ...(daily ? [number("UsageDate")] : []), ...names.map(text), text("Currency")];
  const all = grouped(lines, keysOf).map(({ keys, usd }) => {
    const [day, ...rest] = daily ? keys : [undefined, ...keys];
    return [usd, ...(day === undefined ? [] : [compact(day)]), ...rest, "USD"];
  });
  const start = Number(request.query.get("$skiptoken") ?? 0);
  const end = start + cloud.settings.pageSize;
  const next = new URL(request.url, request.origin);
  next.searchParams.set("$skiptoken", String(end));
  return { columns, rows: all.slice(start, end), ...(end < all.length ? { nextLink: next.href } : {}) };
}

function dimensionOf(line: BillLine, name: string): string {
  switch (name) {
    case "ResourceId":
      return line.resourceId;
    case "ServiceName":
      return services[line.kind];
    case "ResourceLocation":
      return line.region;
    default:
      throw new AzureError("BadRequest", `Invalid query definition: Invalid dimension: ${name}`);
  }
}

/** Documents' ids are ARM ids in lower case, as Cost Management writes them too. */
function isInGroup({ resourceId }: BillLine, { params }: ArmRequest): boolean {
  return resourceId.includes(`/resourcegroups/${params.group?.toLowerCase()}/`);
}

function answerOf(request: ArmRequest, kind: "query" | "forecasts", properties: Json): object {
  const name = `${kind}-simulated`;
  const path = request.url.split("?")[0]?.replace(/\/[^/]+$/, "") ?? "";
  return { id: `${path}/${kind}/${name}`, name, type: `Microsoft.CostManagement/${kind}`, properties };
}

function parsed<T>(schema: z.ZodType<T>, body: Json): T {
  const found = schema.safeParse(body);
  if (found.success) return found.data;
  throw new AzureError("BadRequest", `Invalid query definition: ${z.prettifyError(found.error)}`);
}

function nextDay(at: string): string {
  return new Date(Math.ceil((Date.parse(at) + 1) / dayMs) * dayMs).toISOString().slice(0, 10);
}

const compact = (day: string) => Number(day.replaceAll("-", ""));
const number = (name: string) => ({ name, type: "Number" });
const text = (name: string) => ({ name, type: "String" });
