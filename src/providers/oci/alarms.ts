import type { models } from "oci-monitoring";
import type { Comparison } from "../../domain/alert-rule.ts";
import type { CloudAlarm } from "../../domain/cloud-alarm.ts";
import type { VmMetric } from "../../domain/metric.ts";
import { checkAlarm, refuseForeign, wholeSpan } from "../alarm-terms.ts";
import type { AlarmsFacet, AlarmTerms, NewAlarm } from "../alarms-facet.ts";
import { capabilities } from "../capabilities.ts";
import type { Subject } from "../failures.ts";
import type { Oci } from "./client.ts";
import { knownMetrics } from "./metrics.ts";
import { stateOf } from "./models.ts";
import { createdTags, fromWire, hasKey, token, toWire } from "./tags.ts";
import { goneIsUndefined, isOver, items } from "./view.ts";

const namespace = "oci_computeagent";
const limit = 1_000;
const spanSeconds = 60;
const alarmsAtOnce = 8;
const signs = { gt: ">", gte: ">=", lt: "<", lte: "<=", eq: "==" } as const satisfies Record<Comparison, string>;
/** As {@link queryOf} writes them: https://docs.oracle.com/en-us/iaas/Content/Monitoring/Reference/mql.htm */
const ourQuery = /^(\w+)\[1m\]\{resourceId = "([^"]+)"\}\.(mean|sum)\(\) (>=|<=|==|>|<) (-?[\d.]+(?:e[+-]?\d+)?)$/;
const topic = /^ocid1\.(onstopic|stream)\.[\w.-]+$/;
const states: Readonly<Record<string, CloudAlarm["state"]>> = { FIRING: "alarm", OK: "ok", SUSPENDED: "unknown" };

/** Monitoring's alarms on instances, in the site's compartment. */
export class OciAlarms implements AlarmsFacet {
  readonly terms: AlarmTerms = {
    metrics: Object.keys(knownMetrics) as readonly VmMetric[],
    // "CreateAlarmDetails": a pending duration is a minute to an hour.
    shortestSeconds: spanSeconds,
    longestSeconds: 3_600,
    actionExample: "ocid1.onstopic.oc1.iad.example",
    needsAction: true,
  };
  readonly #oci: Oci;

  constructor(oci: Oci) {
    this.#oci = oci;
  }

  async *listAlarms(signal: AbortSignal): AsyncGenerator<CloudAlarm> {
    const subject = { operation: "list alarms", resource: this.#oci.site };
    const listed = await Array.fromAsync(this.#summaries(subject, signal));
    if (listed.length === 0) return;
    const standing = await this.#states(subject, signal);
    for (let at = 0; at < listed.length; at += alarmsAtOnce) {
      // A summary says nothing of how long it has to hold.
      const part = listed.slice(at, at + alarmsAtOnce).map(({ id }) => this.#find(id, subject, signal));
      for (const alarm of await Promise.all(part)) if (alarm) yield toPort(alarm, standing.get(alarm.id));
    }
  }

  async createAlarm(input: NewAlarm, signal: AbortSignal): Promise<CloudAlarm> {
    const subject = { operation: "create alarm", resource: this.#oci.resource("alarm", input.name) };
    checkAlarm(input, this.terms, { capabilities: capabilities.oci, isAction: topic }, subject);
    for await (const summary of this.#summaries(subject, signal)) {
      if (!hasKey(summary, input.key)) continue;
      const there = await this.#find(summary.id, subject, signal);
      if (there) return toPort(there, "unknown");
    }
    const compartmentId = await this.#oci.compartment();
    const createAlarmDetails = toDetails(input, compartmentId);
    // A token is known for a day, and a key for ever: the first look is for those that are older.
    const request = { createAlarmDetails, opcRetryToken: token("alarm", input.key) };
    const { alarm } = await this.#oci.monitoring.call("createAlarm", request, subject, signal);
    return toPort(alarm, "unknown");
  }

  async deleteAlarm(alarmId: string, signal: AbortSignal): Promise<void> {
    const subject = { operation: "delete alarm", resource: this.#oci.resource("alarm", alarmId) };
    const there = await this.#find(alarmId, subject, signal);
    if (!there) return;
    refuseForeign(fromWire(there).tags, subject);
    await goneIsUndefined(this.#oci.monitoring.call("deleteAlarm", { alarmId }, subject, signal));
  }

  async #find(alarmId: string, subject: Subject, signal: AbortSignal): Promise<models.Alarm | undefined> {
    const answer = await goneIsUndefined(this.#oci.monitoring.call("getAlarm", { alarmId }, subject, signal));
    return answer && !isOver(answer.alarm) && stateOf(answer.alarm) !== "DELETING" ? answer.alarm : undefined;
  }

  async *#summaries(subject: Subject, signal: AbortSignal): AsyncGenerator<models.AlarmSummary> {
    const compartmentId = await this.#oci.compartment();
    const pages = items((page) =>
      this.#oci.monitoring.call("listAlarms", { compartmentId, limit, page }, subject, signal),
    );
    for await (const summary of pages) if (!isOver(summary)) yield summary;
  }

  async #states(subject: Subject, signal: AbortSignal): Promise<ReadonlyMap<string, CloudAlarm["state"]>> {
    const compartmentId = await this.#oci.compartment();
    const pages = items((page) =>
      this.#oci.monitoring.call("listAlarmsStatus", { compartmentId, limit, page }, subject, signal),
    );
    const found = await Array.fromAsync(pages);
    return new Map(found.map(({ id, status }) => [id, states[status] ?? "unknown"] as const));
  }
}

function toDetails(input: NewAlarm, compartmentId: string): models.CreateAlarmDetails {
  const { name, durationSeconds, actions, key, tags } = input;
  return {
    displayName: name,
    compartmentId,
    metricCompartmentId: compartmentId,
    namespace,
    query: queryOf(input),
    resolution: "1m",
    pendingDuration: durationOf(wholeSpan(durationSeconds, spanSeconds)),
    severity: "WARNING",
    body: `${name} (NovaCron)`,
    destinations: [...actions],
    isEnabled: true,
    freeformTags: toWire(createdTags(tags, key)),
  };
}

function queryOf({ vmId, metric, comparison, threshold }: NewAlarm): string {
  const { name, statistic, toTheirs } = knownMetrics[metric];
  const theirs = toTheirs(threshold, spanSeconds);
  return `${name}[1m]{resourceId = "${vmId}"}.${statistic}() ${signs[comparison]} ${theirs}`;
}

function toPort(alarm: models.Alarm, state: CloudAlarm["state"] = "unknown"): CloudAlarm {
  const { id, displayName, query, pendingDuration = "PT1M", destinations, isEnabled } = alarm;
  const [, name = "", vmId, statistic, sign, limitText = ""] = ourQuery.exec(query) ?? [];
  const isOurs = alarm.namespace === namespace && vmId !== undefined;
  const found = Object.entries(knownMetrics).find(([, of]) => of.name === name && of.statistic === statistic);
  const comparison = Object.entries(signs).find(([, each]) => each === sign)?.[0] as Comparison | undefined;
  const theirs = Number(limitText);
  return {
    alarmId: id,
    name: displayName,
    ...(isOurs && { vmId }),
    metric: isOurs && found ? found[0] : `${alarm.namespace} ${query}`,
    ...(isOurs && comparison && { threshold: found?.[1].toOurs(theirs, spanSeconds) ?? theirs, comparison }),
    durationSeconds: secondsOf(pendingDuration),
    actions: destinations,
    state,
    enabled: isEnabled,
    tags: fromWire(alarm).tags,
  };
}

function durationOf(seconds: number): string {
  return seconds === 3_600 ? "PT1H" : `PT${seconds / 60}M`;
}

/** `PT5M`, `PT1H`. */
function secondsOf(duration: string): number {
  const [, hours = "0", minutes = "0"] = /^PT(?:(\d+)H)?(?:(\d+)M)?$/.exec(duration) ?? [];
  return Number(hours) * 3_600 + Number(minutes) * 60;
}
