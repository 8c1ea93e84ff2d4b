import type {
  MetricAlertResource,
  MetricAlertSingleResourceMultipleMetricCriteria,
  MetricCriteria,
} from "@azure/arm-monitor";
import type { Comparison } from "../../domain/alert-rule.ts";
import type { CloudAlarm } from "../../domain/cloud-alarm.ts";
import type { VmMetric } from "../../domain/metric.ts";
import { checkAlarm, refuseForeign } from "../alarm-terms.ts";
import type { AlarmsFacet, AlarmTerms, NewAlarm } from "../alarms-facet.ts";
import { capabilities } from "../capabilities.ts";
import type { Subject } from "../failures.ts";
import type { Azure } from "./client.ts";
import { goneIsUndefined } from "./errors.ts";
import { knownMetrics } from "./metrics.ts";
import { namedFor, parseId } from "./names.ts";
import { createdTags, fromWire, isManaged, toWire } from "./tags.ts";

const vmType = "Microsoft.Compute/virtualMachines";
const criteriaType = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria";
const operators = {
  ...{ gt: "GreaterThan", gte: "GreaterThanOrEqual", lt: "LessThan", lte: "LessThanOrEqual", eq: "Equals" },
} as const satisfies Record<Comparison, string>;
const turned = { gt: "lt", gte: "lte", lt: "gt", lte: "gte", eq: "eq" } as const satisfies Record<
  Comparison,
  Comparison
>;
/** "Metric Alerts - Create Or Update": the windows that an alert can look back over, each looked at as often as it may be. */
const windows = [
  [60, "PT1M", "PT1M"],
  [300, "PT5M", "PT1M"],
  [900, "PT15M", "PT1M"],
  [1_800, "PT30M", "PT5M"],
  [3_600, "PT1H", "PT5M"],
  [21_600, "PT6H", "PT1H"],
  [43_200, "PT12H", "PT1H"],
  [86_400, "P1D", "PT1H"],
] as const;
const states: Readonly<Record<string, CloudAlarm["state"]>> = { Healthy: "ok", Unhealthy: "alarm" };
const statusesAtOnce = 8;
const actionGroup =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Insights\/actionGroups\/[^/]+$/i;

/** Azure Monitor's metric alerts on virtual machines. Each judges the mean, or the sum, of a window of the time that it has to hold. */
export class AzureAlarms implements AlarmsFacet {
  readonly terms: AlarmTerms = {
    metrics: Object.keys(knownMetrics) as readonly VmMetric[],
    shortestSeconds: 60,
    longestSeconds: 86_400,
    actionExample: "/subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.Insights/actionGroups/NAME",
    needsAction: false,
  };
  readonly #azure: Azure;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  async *listAlarms(signal: AbortSignal): AsyncGenerator<CloudAlarm> {
    const subject = { operation: "list alarms", resource: this.#azure.site };
    const listed = await Array.fromAsync(
      this.#azure.monitorList(subject, signal, ({ metricAlerts }, { group, options }) =>
        metricAlerts.listByResourceGroup(group, options),
      ),
    );
    for (let at = 0; at < listed.length; at += statusesAtOnce) {
      const part = listed.slice(at, at + statusesAtOnce);
      yield* await Promise.all(part.map((alert) => this.#read(alert, subject, signal)));
    }
  }

  async createAlarm(input: NewAlarm, signal: AbortSignal): Promise<CloudAlarm> {
    const subject = { operation: "create alarm", resource: this.#azure.resource("alarm", input.name) };
    checkAlarm(input, this.terms, { capabilities: capabilities.azure, isAction: actionGroup }, subject);
    const name = namedFor(input.name, "alarm", input.key);
    const there = await this.#find(name, subject, signal);
    const scope = this.#azure.id(vmType, input.vmId);
    const made =
      there ??
      (await this.#azure.monitor(subject, signal, ({ metricAlerts }, { group, options }) =>
        metricAlerts.createOrUpdate(group, name, toAlert(input, scope), options),
      ));
    return this.#read(made, subject, signal);
  }

  async deleteAlarm(alarmId: string, signal: AbortSignal): Promise<void> {
    const subject = { operation: "delete alarm", resource: this.#azure.resource("alarm", alarmId) };
    const there = await this.#find(alarmId, subject, signal);
    if (!there) return;
    refuseForeign(fromWire(there.tags).tags, subject);
    await goneIsUndefined(
      this.#azure.monitor(subject, signal, ({ metricAlerts }, { group, options }) =>
        metricAlerts.delete(group, alarmId, options),
      ),
    );
  }

  #find(name: string, subject: Subject, signal: AbortSignal): Promise<MetricAlertResource | undefined> {
    return goneIsUndefined(
      this.#azure.monitor(subject, signal, ({ metricAlerts }, { group, options }) =>
        metricAlerts.get(group, name, options),
      ),
    );
  }

  async #read(alert: MetricAlertResource, subject: Subject, signal: AbortSignal): Promise<CloudAlarm> {
    const { name = "" } = alert;
    const answer = await goneIsUndefined(
      this.#azure.monitor(subject, signal, ({ metricAlertsStatus }, { group, options }) =>
        metricAlertsStatus.list(group, name, options),
      ),
    );
    const status = answer?.value?.find(({ properties }) => properties?.status !== undefined)?.properties?.status;
    return toPort(alert, this.#azure.id(vmType, ""), states[status ?? ""] ?? "unknown");
  }
}

/** Azure measures the memory that is free, and we that which is used. */
function turn(metric: string, comparison: Comparison): Comparison {
  return metric === "memory.used" ? turned[comparison] : comparison;
}

function toAlert(input: NewAlarm, scope: string): MetricAlertResource {
  const { metric, comparison, threshold, durationSeconds, actions, key, tags } = input;
  const of = knownMetrics[metric];
  const [seconds, windowSize, evaluationFrequency] =
    windows.find(([each]) => each >= durationSeconds) ?? windows[windows.length - 1] ?? windows[0];
  const criterion: MetricCriteria = {
    criterionType: "StaticThresholdCriterion",
    name: "limit",
    metricName: of.name,
    metricNamespace: vmType,
    operator: operators[turn(metric, comparison)],
    threshold: of.toTheirs(threshold, seconds),
    timeAggregation: of.aggregation === "average" ? "Average" : "Total",
  };
  const criteria: MetricAlertSingleResourceMultipleMetricCriteria = { odataType: criteriaType, allOf: [criterion] };
  return {
    location: "global",
    tags: toWire(createdTags(tags, key), { name: input.name }),
    description: `${input.name} (NovaCron)`,
    severity: 2,
    enabled: true,
    scopes: [scope],
    evaluationFrequency,
    windowSize,
    criteria,
    autoMitigate: true,
    actions: actions.map((actionGroupId) => ({ actionGroupId })),
  };
}

function toPort(alert: MetricAlertResource, vmPrefix: string, state: CloudAlarm["state"]): CloudAlarm {
  const { name = "", scopes, windowSize, actions = [], enabled, tags: wire } = alert;
  const { tags, notes } = fromWire(wire);
  const criteria = alert.criteria as Partial<MetricAlertSingleResourceMultipleMetricCriteria>;
  const [criterion, ...more] = criteria.allOf ?? [];
  const seconds = windows.find(([, window]) => window === windowSize)?.[0];
  const [scope = ""] = scopes;
  const isVm = scopes.length === 1 && scope.toLowerCase().startsWith(vmPrefix.toLowerCase());
  return {
    alarmId: name,
    name: (isManaged(wire) ? notes.name : undefined) ?? name,
    ...(isVm && { vmId: parseId(scope).name }),
    ...(criterion && more.length === 0 ? conditionOf(criterion, seconds) : { metric: "several figures" }),
    ...(seconds !== undefined && { durationSeconds: seconds }),
    actions: actions.flatMap(({ actionGroupId }) => actionGroupId ?? []),
    state,
    enabled,
    tags,
  };
}

function conditionOf(
  { metricName, metricNamespace, timeAggregation, operator, threshold }: MetricCriteria,
  seconds = 60,
): Pick<CloudAlarm, "metric" | "threshold" | "comparison"> {
  const found = Object.entries(knownMetrics).find(
    ([, of]) => of.name === metricName && of.aggregation === (timeAggregation === "Total" ? "total" : "average"),
  );
  const comparison = Object.entries(operators).find(([, each]) => each === operator)?.[0] as Comparison | undefined;
  const metric = found?.[0] ?? `${metricNamespace ?? ""} ${metricName}`.trim();
  if (threshold === undefined || comparison === undefined) return { metric };
  const ours = found?.[1].toOurs(threshold, seconds) ?? threshold;
  return { metric, threshold: ours, comparison: turn(metric, comparison) };
}
