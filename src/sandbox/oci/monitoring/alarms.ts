import type * as sdk from "oci-monitoring";
import { invalid, missing, relatedNotFound } from "../errors.ts";
import { type Operation, operations } from "../operation.ts";
import { common, type Kind, type Registry } from "../registry.ts";
import type { Resource } from "../state.ts";
import type { Wire } from "../wire.ts";
import { type ComputeMetricName, type ComputeMetrics, computeMetricNames } from "./operations.ts";

export interface Alarm extends Resource {
  readonly details: Wire<sdk.models.CreateAlarmDetails>;
  readonly updatedAt: number;
}

/** As much of the query language as is judged here. */
const condition =
  /^(\w+)\[(\d+)m\]\{resourceId = "([^"]+)"\}\.(mean|sum|max|min)\(\) (>=|<=|==|>|<) (-?[\d.]+(?:e[+-]?\d+)?)$/;
/** https://docs.oracle.com/en-us/iaas/api/#/en/monitoring/20180401/datatypes/CreateAlarmDetails */
const pending = /^PT(?:([1-9]|[1-5]\d)M|1H)$/;
const severities = ["CRITICAL", "ERROR", "WARNING", "INFO"];

/** Alarms over figures of instances. They are judged when somebody asks how they stand, and tell nobody. */
export function alarmOperations(registry: Registry, metrics: ComputeMetrics): Operation[] {
  const { alarms } = registry.cloud.tables;
  const operation = operations("monitoring");
  const kind = registry.add<Alarm>({
    type: "alarm",
    table: alarms,
    stateOf: ({ deletedAt }) => (deletedAt === undefined ? "ACTIVE" : "DELETED"),
    describe: (alarm): Wire<sdk.models.Alarm> => ({
      ...alarm.details,
      ...described(alarm),
      severity: alarm.details.severity as "WARNING",
      lifecycleState: alarm.deletedAt === undefined ? "ACTIVE" : "DELETED",
      timeUpdated: new Date(alarm.updatedAt),
    }),
  });
  return [
    operation("CreateAlarm", "POST /alarms", { takes: "CreateAlarmDetails", answers: "Alarm" }, (call) => {
      const details = checked(registry, call.json<Wire<sdk.models.CreateAlarmDetails>>());
      const made = alarms.put({ ...registry.resource("alarm", details), details, updatedAt: Date.now() });
      return registry.one(kind, made);
    }),
    operation("ListAlarmsStatus", "GET /alarms/status", { answers: "AlarmStatusSummary[]" }, (call) => {
      const { items, headers } = registry.page(call, shown(registry, kind, call.query), ({ id }) => id);
      return { body: items.map((alarm) => statusOf(registry, metrics, alarm)), headers };
    }),
    operation("ListAlarms", "GET /alarms", { answers: "AlarmSummary[]" }, (call) => {
      const { items, headers } = registry.page(call, shown(registry, kind, call.query), ({ id }) => id);
      return { body: items.map(summary), headers };
    }),
    operation("GetAlarm", "GET /alarms/{alarmId}", { answers: "Alarm" }, ({ params }) =>
      registry.one(kind, registry.find(kind, params.alarmId)),
    ),
    operation("DeleteAlarm", "DELETE /alarms/{alarmId}", {}, (call) => {
      alarms.change(registry.live(call, kind, call.params.alarmId).id, { deletedAt: Date.now() });
      return { status: 204 };
    }),
  ];
}

function shown(registry: Registry, kind: Kind<Alarm>, query: URLSearchParams): Alarm[] {
  const compartmentId = query.get("compartmentId");
  if (compartmentId === null) throw missing("compartmentId");
  return kind.table.where(
    (alarm) =>
      alarm.compartmentId === compartmentId && alarm.deletedAt === undefined && registry.isCompartment(compartmentId),
  );
}

function checked(
  registry: Registry,
  details: Wire<sdk.models.CreateAlarmDetails>,
): Wire<sdk.models.CreateAlarmDetails> {
  const { displayName, metricCompartmentId, namespace, query, severity, destinations, isEnabled } = details;
  const needed = { displayName, metricCompartmentId, namespace, query, severity, destinations, isEnabled };
  for (const [name, value] of Object.entries(needed)) if (value === undefined) throw missing(name);
  if (!registry.isCompartment(metricCompartmentId)) throw relatedNotFound(metricCompartmentId);
  if (!severities.includes(severity)) throw invalid("severity", `must be one of ${severities.join(", ")}`);
  if (destinations.length === 0) throw invalid("destinations", "names nobody");
  if (!pending.test(details.pendingDuration ?? "PT1M")) throw invalid("pendingDuration", "must be PT1M to PT1H");
  if (!condition.test(query)) throw invalid("query", "is not judged here (simulated)");
  return details;
}

function described(alarm: Alarm) {
  const { id, compartmentId, displayName, freeformTags, definedTags, timeCreated } = common(alarm);
  return { id, compartmentId, displayName, freeformTags, definedTags: { ...definedTags }, timeCreated };
}

function summary(alarm: Alarm): Wire<sdk.models.AlarmSummary> {
  const { timeCreated: _, ...named } = described(alarm);
  const { metricCompartmentId, namespace, query, severity, destinations, isEnabled } = alarm.details;
  return {
    ...named,
    ...{ metricCompartmentId, namespace, query, destinations, isEnabled },
    severity: severity as "WARNING",
    lifecycleState: "ACTIVE",
  };
}

function statusOf(registry: Registry, metrics: ComputeMetrics, alarm: Alarm): Wire<sdk.models.AlarmStatusSummary> {
  const { id, displayName, details, updatedAt } = alarm;
  const isFiring = breaches(registry, metrics, details);
  return {
    ...{ id, displayName, severity: details.severity as "WARNING", ruleName: "BASE" },
    timestampTriggered: new Date(updatedAt),
    alarmSummary: `Alarm "${displayName}" is in a ${isFiring ? "FIRING" : "OK"} state (simulated).`,
    status: isFiring ? "FIRING" : "OK",
  };
}

/** In each span of the pending duration. */
function breaches(
  registry: Registry,
  metrics: ComputeMetrics,
  { query, pendingDuration = "PT1M" }: Wire<sdk.models.CreateAlarmDetails>,
): boolean {
  const [, name = "", minutes = "1", vmId = "", statistic = "", sign = "", limit = ""] = condition.exec(query) ?? [];
  const instance = registry.cloud.tables.instances.get(vmId);
  if (!instance || !(computeMetricNames as readonly string[]).includes(name)) return false;
  const spanMs = Number(minutes) * 60_000;
  const [, count] = pending.exec(pendingDuration) ?? [];
  const since = Date.now() - (count === undefined ? 60 : Number(count)) * 60_000;
  const samples = metrics.samples(instance.guestId, name as ComputeMetricName).filter(({ at }) => at >= since);
  const spans = [...Map.groupBy(samples, ({ at }) => Math.floor(at / spanMs)).values()];
  return spans.length > 0 && spans.every((of) => compares(aggregate(of, statistic), sign, Number(limit)));
}

function aggregate(of: readonly { readonly value: number }[], statistic: string): number {
  const values = of.map(({ value }) => value);
  const sum = values.reduce((total, value) => total + value, 0);
  if (statistic === "sum") return sum;
  if (statistic === "max") return Math.max(...values);
  return statistic === "min" ? Math.min(...values) : sum / values.length;
}

function compares(value: number, sign: string, limit: number): boolean {
  if (sign === ">") return value > limit;
  if (sign === ">=") return value >= limit;
  if (sign === "<") return value < limit;
  return sign === "<=" ? value <= limit : value === limit;
}
