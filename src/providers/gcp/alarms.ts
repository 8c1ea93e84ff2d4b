import type { Comparison } from "../../domain/alert-rule.ts";
import type { CloudAlarm } from "../../domain/cloud-alarm.ts";
import { isProviderError } from "../../domain/errors.ts";
import type { VmMetric } from "../../domain/metric.ts";
import { checkAlarm, refuseForeign, wholeSpan } from "../alarm-terms.ts";
import type { AlarmsFacet, AlarmTerms, NewAlarm } from "../alarms-facet.ts";
import { capabilities } from "../capabilities.ts";
import { notFound, type Subject } from "../failures.ts";
import type { Gcp } from "./client.ts";
import { createdTags, noteKeys, seenOf, toLabels } from "./labels.ts";
import { knownMetrics } from "./metrics.ts";
import { askMonitoring } from "./monitoring.ts";
import { digest, nameOf } from "./names.ts";

const spanSeconds = 60;
const pageSize = "500";
const comparisons = { gt: "COMPARISON_GT", lt: "COMPARISON_LT" } as const satisfies Partial<Record<Comparison, string>>;
const channel = /^projects\/[^/]+\/notificationChannels\/\w+$/;

/** As "projects.alertPolicies" has it. */
interface Policy {
  readonly name?: string;
  readonly displayName?: string;
  readonly combiner?: string;
  readonly enabled?: boolean;
  readonly conditions?: readonly {
    readonly displayName?: string;
    readonly conditionThreshold?: {
      readonly filter?: string;
      readonly comparison?: string;
      readonly thresholdValue?: number;
      readonly duration?: string;
      readonly aggregations?: readonly { readonly alignmentPeriod?: string; readonly perSeriesAligner?: string }[];
    };
  }[];
  readonly notificationChannels?: readonly string[];
  readonly userLabels?: Readonly<Record<string, string>>;
}

/** Cloud Monitoring's alerting policies on Compute Engine's instances. They are a project's; shown are those of the site's zone
 *  and of no zone. */
export class GcpAlarms implements AlarmsFacet {
  readonly terms: AlarmTerms = {
    metrics: Object.keys(knownMetrics) as readonly VmMetric[],
    // "MetricThreshold": whole minutes. "Quotas and limits": so long a condition can hold at the most.
    shortestSeconds: spanSeconds,
    longestSeconds: 84_600,
    actionExample: "projects/PROJECT/notificationChannels/123456789",
    needsAction: false,
  };
  readonly #gcp: Gcp;

  constructor(gcp: Gcp) {
    this.#gcp = gcp;
  }

  async *listAlarms(signal: AbortSignal): AsyncGenerator<CloudAlarm> {
    const subject = { operation: "list alarms", resource: this.#gcp.site };
    for await (const policy of this.#policies(subject, signal)) {
      const zone = filterOf(policy).get("resource.labels.zone");
      if (zone === undefined || zone === this.#gcp.entry.zone) yield toPort(policy);
    }
  }

  /** There is no client token: what a lost answer has made is found by its label, and one of several is kept, the same for
   *  whoever looks. */
  async createAlarm(input: NewAlarm, signal: AbortSignal): Promise<CloudAlarm> {
    const subject = { operation: "create alarm", resource: this.#gcp.resource("alarm", input.name) };
    checkAlarm(input, this.terms, { capabilities: capabilities.gcp, isAction: channel }, subject);
    const mark = digest(40, input.key);
    let made: Policy | undefined;
    if ((await this.#marked(mark, subject, signal)).length === 0) {
      const body = toPolicy(input, mark, this.#gcp.entry.zone);
      const call = { operation: "alertPolicies.create", path: "alertPolicies", attempts: 1 } as const;
      made = await askMonitoring<Policy>(this.#gcp, { ...call, body }, subject, signal);
    }
    const [first = made, ...more] = await this.#marked(mark, subject, signal);
    for (const other of more) await this.#remove(nameOf(other.name), subject, signal);
    if (!first) throw notFound(subject, "Cloud Monitoring does not show the policy any more");
    return toPort(first);
  }

  async deleteAlarm(alarmId: string, signal: AbortSignal): Promise<void> {
    const subject = { operation: "delete alarm", resource: this.#gcp.resource("alarm", alarmId) };
    const path = `alertPolicies/${encodeURIComponent(alarmId)}`;
    const there = await goneIsUndefined(
      askMonitoring<Policy>(this.#gcp, { operation: "alertPolicies.get", path }, subject, signal),
    );
    if (!there) return;
    refuseForeign(tagsOf(there), subject);
    await this.#remove(alarmId, subject, signal);
  }

  async #remove(id: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const path = `alertPolicies/${encodeURIComponent(id)}`;
    const call = { operation: "alertPolicies.delete", verb: "DELETE", path } as const;
    await goneIsUndefined(askMonitoring(this.#gcp, call, subject, signal));
  }

  async #marked(mark: string, subject: Subject, signal: AbortSignal): Promise<Policy[]> {
    const all = await Array.fromAsync(this.#policies(subject, signal));
    return all
      .filter(({ userLabels = {} }) => userLabels[noteKeys.alarm] === mark)
      .sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1));
  }

  async *#policies(subject: Subject, signal: AbortSignal): AsyncGenerator<Policy> {
    let pageToken = "";
    do {
      const query = { pageSize, ...(pageToken !== "" && { pageToken }) };
      const call = { operation: "alertPolicies.list", path: "alertPolicies", query };
      const page = await askMonitoring<{ alertPolicies?: readonly Policy[]; nextPageToken?: string }>(
        ...([this.#gcp, call, subject, signal] as const),
      );
      yield* page.alertPolicies ?? [];
      pageToken = page.nextPageToken ?? "";
    } while (pageToken !== "");
  }
}

function toPolicy(input: NewAlarm, mark: string, zone: string): Policy {
  const { name, vmId, metric, comparison, threshold, durationSeconds, actions, key, tags } = input;
  const of = knownMetrics[metric];
  const sign = comparison === "gt" || comparison === "lt" ? comparisons[comparison] : undefined;
  // What `checkAlarm` has let through has both.
  if (!of || !sign) throw new TypeError(`${metric} ${comparison} was not refused`);
  const filter = [
    `metric.type = "compute.googleapis.com/${of.type}"`,
    'resource.type = "gce_instance"',
    `resource.labels.zone = "${zone}"`,
    `metric.labels.instance_name = "${vmId}"`,
  ].join(" AND ");
  const aggregation = {
    ...{ alignmentPeriod: `${spanSeconds}s`, perSeriesAligner: of.aligner },
    crossSeriesReducer: of.aligner === "ALIGN_RATE" ? "REDUCE_SUM" : "REDUCE_MEAN",
    groupByFields: ["metric.labels.instance_name"],
  };
  const conditionThreshold = {
    ...{ filter, aggregations: [aggregation], comparison: sign, thresholdValue: threshold },
    duration: `${wholeSpan(durationSeconds, spanSeconds)}s`,
    trigger: { count: 1 },
  };
  return {
    displayName: name,
    combiner: "OR",
    enabled: true,
    conditions: [{ displayName: name, conditionThreshold }],
    notificationChannels: [...actions],
    userLabels: toLabels(createdTags(tags, key), { alarm: mark }),
  };
}

/** Its first condition's, as far as it is made of equalities. */
function filterOf({ conditions = [] }: Policy): ReadonlyMap<string, string> {
  const filter = conditions[0]?.conditionThreshold?.filter ?? "";
  const found = filter.matchAll(/([\w.]+)\s*=\s*"([^"]*)"/g);
  return new Map([...found].map(([, name = "", value = ""]) => [name, value] as const));
}

function tagsOf({ userLabels = {} }: Policy): CloudAlarm["tags"] {
  return seenOf({ labels: userLabels }).tags;
}

function toPort(policy: Policy): CloudAlarm {
  const { name, displayName = "", conditions = [], notificationChannels = [], enabled = true } = policy;
  const threshold = conditions.length === 1 ? conditions[0]?.conditionThreshold : undefined;
  const filter = filterOf(policy);
  const type = filter.get("metric.type") ?? "";
  const vmId = conditions.length === 1 ? filter.get("metric.labels.instance_name") : undefined;
  const known = Object.entries(knownMetrics).find(([, of]) => `compute.googleapis.com/${of.type}` === type)?.[0];
  const comparison = Object.entries(comparisons).find(([, sign]) => sign === threshold?.comparison)?.[0];
  return {
    alarmId: nameOf(name),
    name: displayName,
    ...(vmId !== undefined && { vmId }),
    metric: known ?? (type || (conditions.length > 1 ? "several figures" : "an expression")),
    ...(threshold && { threshold: threshold.thresholdValue ?? 0 }),
    ...(comparison !== undefined && { comparison: comparison as Comparison }),
    ...(threshold && { durationSeconds: Number.parseInt(threshold.duration ?? "0", 10) }),
    actions: notificationChannels,
    enabled,
    tags: tagsOf(policy),
  };
}

async function goneIsUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isProviderError(error, "NotFound")) return undefined;
    throw error;
  }
}
