import * as z from "zod";
import type { Kinds } from "../arm/kinds.ts";
import { page } from "../arm/paging.ts";
import type { ArmRequest, Route } from "../arm/request.ts";
import { takeTags } from "../arm/tags.ts";
import { vmType } from "../compute/offers.ts";
import { AzureError, resourceNotFound } from "../errors.ts";
import { newEtag } from "../ids.ts";
import type { Resource } from "../state.ts";
import { metricUnits, type VmMetricName, type VmMetrics } from "./metrics.ts";

const alertType = "Microsoft.Insights/metricAlerts";
const windows = {
  PT1M: 60,
  PT5M: 300,
  PT15M: 900,
  PT30M: 1_800,
  PT1H: 3_600,
  PT6H: 21_600,
  PT12H: 43_200,
  P1D: 86_400,
};
type Window = keyof typeof windows;

/** https://learn.microsoft.com/rest/api/monitor/metric-alerts/create-or-update: as much as is answered here, alerts on one resource. */
const alertBody = z.strictObject({
  location: z.literal("global"),
  tags: z.record(z.string(), z.string()).optional(),
  properties: z.strictObject({
    description: z.string().optional(),
    severity: z.int().min(0).max(4),
    enabled: z.boolean(),
    scopes: z.array(z.string()).length(1),
    evaluationFrequency: z.enum(["PT1M", "PT5M", "PT15M", "PT30M", "PT1H"]),
    windowSize: z.enum(Object.keys(windows) as [Window, ...Window[]]),
    criteria: z.strictObject({
      "odata.type": z.literal("Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"),
      allOf: z
        .array(
          z.strictObject({
            criterionType: z.literal("StaticThresholdCriterion"),
            name: z.string().min(1),
            metricName: z.enum(Object.keys(metricUnits) as [VmMetricName, ...VmMetricName[]]),
            metricNamespace: z.literal(vmType).optional(),
            operator: z.enum(["Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual"]),
            threshold: z.number(),
            timeAggregation: z.enum(["Average", "Total", "Minimum", "Maximum", "Count"]),
          }),
        )
        .min(1)
        .max(5),
    }),
    autoMitigate: z.boolean().optional(),
    actions: z.array(z.strictObject({ actionGroupId: z.string() })).optional(),
  }),
});
type Properties = z.infer<typeof alertBody>["properties"];
type Alert = Resource;

/** Metric alerts on virtual machines. They are judged when somebody asks how they stand, and tell nobody. */
export function metricAlertRoutes(kinds: Kinds, metrics: VmMetrics): Route[] {
  const base = `resourcegroups/:group/providers/${alertType.toLowerCase()}`;
  const one = `${base}/:name`;
  const route = (operation: string, method: string, path: string, right: string, run: Route["run"]): Route => ({
    ...{ service: "monitor", operation, method, path, run },
    action: `${alertType}/${right}`,
  });
  const list: Route["run"] = (request) => {
    const group = request.params.group?.toLowerCase();
    if (group !== undefined) kinds.checkGroup(group);
    const shown = kinds
      .of(alertType)
      .filter((alert) => (group === undefined || alert.group.toLowerCase() === group) && kinds.cloud.isListed(alert));
    return page(request, shown, kinds.cloud.settings.pageSize, show);
  };
  return [
    route("metricAlerts.listByResourceGroup", "GET", base, "read", list),
    route("metricAlerts.listBySubscription", "GET", `providers/${alertType.toLowerCase()}`, "read", list),
    route("metricAlerts.get", "GET", one, "read", (request) => ({
      status: 200,
      body: show(kinds.find(alertType, request)),
    })),
    route("metricAlerts.createOrUpdate", "PUT", one, "write", (request) => ({
      status: 200,
      body: show(write(kinds, request)),
    })),
    route("metricAlerts.delete", "DELETE", one, "delete", ({ params: { group = "", name = "" } }) => {
      const there = kinds.byId(kinds.path(alertType, group, name), alertType);
      if (!there) return { status: 204 };
      kinds.cloud.tables.resources.delete(there.id);
      return { status: 200 };
    }),
    route("metricAlertsStatus.list", "GET", `${one}/status`, "status/read", (request) => {
      const alert = kinds.find<object>(alertType, request);
      return { status: 200, body: { value: [statusOf(kinds, metrics, alert)] } };
    }),
  ];
}

function write(kinds: Kinds, { params: { group = "", name = "" }, body }: ArmRequest): Alert {
  const parsed = alertBody.safeParse(body);
  if (!parsed.success) throw new AzureError("BadRequest", z.prettifyError(parsed.error));
  const { properties, tags } = parsed.data;
  const [scope = ""] = properties.scopes;
  if (!kinds.byId(scope, vmType)) throw resourceNotFound(vmType, scope.split("/").at(-1) ?? "", group);
  const path = kinds.path(alertType, group, name);
  const before = kinds.byId<object>(path, alertType);
  return kinds.put<object>({
    id: path.toLowerCase(),
    path: before?.path ?? path,
    type: alertType,
    group: kinds.checkGroup(group).name,
    name: before?.name ?? name,
    location: "global",
    createdAt: before?.createdAt ?? Date.now(),
    tags: takeTags(tags, before?.tags, alertType),
    properties: properties,
    provisioningState: "Succeeded",
    etag: newEtag(),
    facts: {},
  });
}

function show({ path, name, tags, properties }: Resource) {
  return { id: path, name, type: alertType, location: "global", tags, properties };
}

/** https://learn.microsoft.com/rest/api/monitor/metric-alerts-status/list */
function statusOf(kinds: Kinds, metrics: VmMetrics, { path, properties }: Alert): object {
  const { scopes, windowSize, criteria } = properties as unknown as Properties;
  const vm = kinds.byId<{ readonly guestId: string }>(scopes[0], vmType);
  const since = Date.now() - windows[windowSize] * 1_000;
  const breaches = criteria.allOf.map(({ metricName, operator, threshold, timeAggregation }) => {
    const samples = vm ? metrics.samples(vm.facts.guestId, metricName).filter(({ at }) => at >= since) : [];
    if (samples.length === 0) return false;
    return compares(aggregate(samples, timeAggregation), operator, threshold);
  });
  const status = breaches.every(Boolean) ? "Unhealthy" : "Healthy";
  const facts = { dimensions: {}, status, timestamp: new Date().toISOString() };
  return { name: "limit", id: `${path}/status/limit`, type: `${alertType}/status`, properties: { ...facts } };
}

function aggregate(samples: readonly { readonly value: number }[], by: string): number {
  const values = samples.map(({ value }) => value);
  const sum = values.reduce((total, value) => total + value, 0);
  if (by === "Total") return sum;
  if (by === "Count") return values.length;
  if (by === "Minimum") return Math.min(...values);
  return by === "Maximum" ? Math.max(...values) : sum / values.length;
}

function compares(value: number, operator: string, threshold: number): boolean {
  if (operator === "Equals") return value === threshold;
  if (operator === "GreaterThan") return value > threshold;
  if (operator === "GreaterThanOrEqual") return value >= threshold;
  return operator === "LessThan" ? value < threshold : value <= threshold;
}
