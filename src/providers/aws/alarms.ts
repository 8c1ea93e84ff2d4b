import type { ComparisonOperator, MetricAlarm, PutMetricAlarmInput } from "@aws-sdk/client-cloudwatch";
import type { Comparison } from "../../domain/alert-rule.ts";
import type { CloudAlarm } from "../../domain/cloud-alarm.ts";
import type { VmMetric } from "../../domain/metric.ts";
import { checkAlarm, refuseForeign, wholeSpan } from "../alarm-terms.ts";
import type { AlarmsFacet, AlarmTerms, NewAlarm } from "../alarms-facet.ts";
import { capabilities } from "../capabilities.ts";
import { notFound, type Subject } from "../failures.ts";
import type { Aws } from "./client.ts";
import { type Ec2View, items } from "./describe.ts";
import { knownMetrics } from "./metrics.ts";
import { createdTags, fromWire, token, toWire } from "./tags.ts";

/** Basic monitoring: EC2's figures come every five minutes. */
const periodSeconds = 300;
const pageSize = 100;
/** Names are unique in an account and region: what is to be seen, with something of the key behind it. */
const longestShown = 200;
const ourName = /^(.*)-nvc([0-9a-f]{12})$/s;

const operators = {
  gt: "GreaterThanThreshold",
  gte: "GreaterThanOrEqualToThreshold",
  lt: "LessThanThreshold",
  lte: "LessThanOrEqualToThreshold",
} as const satisfies Partial<Record<Comparison, ComparisonOperator>>;
const states = { OK: "ok", ALARM: "alarm", INSUFFICIENT_DATA: "unknown" } as const;
/** What an alarm may set off beside it would act on instances behind everybody's back. */
const topic = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/;

/** CloudWatch's alarms on EC2's instances. */
export class AwsAlarms implements AlarmsFacet {
  readonly terms: AlarmTerms = {
    metrics: Object.keys(knownMetrics) as readonly VmMetric[],
    shortestSeconds: periodSeconds,
    // "For alarms with a period of less than one hour, the total evaluation period can't be longer than one day".
    longestSeconds: 86_400,
    actionExample: "arn:aws:sns:us-east-1:123456789012:ops",
    needsAction: false,
  };
  readonly #aws: Aws;
  readonly #view: Ec2View;

  constructor(aws: Aws, view: Ec2View) {
    this.#aws = aws;
    this.#view = view;
  }

  async *listAlarms(signal: AbortSignal): AsyncGenerator<CloudAlarm> {
    const subject = { operation: "list alarms", resource: this.#aws.site };
    const listed = items(
      (NextToken) =>
        this.#aws.cloudWatch.send(
          (sdk) => new sdk.DescribeAlarmsCommand({ AlarmTypes: ["MetricAlarm"], MaxRecords: pageSize, NextToken }),
          subject,
          signal,
        ),
      ({ MetricAlarms = [] }) => MetricAlarms,
    );
    for await (const alarm of listed) yield await this.#read(alarm, subject, signal);
  }

  async createAlarm(input: NewAlarm, signal: AbortSignal): Promise<CloudAlarm> {
    const subject = { operation: "create alarm", resource: this.#aws.resource("alarm", input.name) };
    const { aws: gaps } = capabilities;
    checkAlarm(input, this.terms, { capabilities: gaps, isAction: topic }, subject);
    const name = `${input.name.slice(0, longestShown)}-nvc${token(input.key).slice(0, 12)}`;
    if (!(await this.#find(name, subject, signal))) {
      const alarm = toAlarm(input, name);
      await this.#aws.cloudWatch.send((sdk) => new sdk.PutMetricAlarmCommand(alarm), subject, signal);
    }
    const made = await this.#view.shown(() => this.#find(name, subject, signal), signal);
    if (!made) throw notFound(subject, "CloudWatch does not show the alarm that it has made");
    return this.#read(made, subject, signal);
  }

  async deleteAlarm(alarmId: string, signal: AbortSignal): Promise<void> {
    const subject = { operation: "delete alarm", resource: this.#aws.resource("alarm", alarmId) };
    const there = await this.#find(alarmId, subject, signal);
    if (!there) return;
    refuseForeign((await this.#read(there, subject, signal)).tags, subject);
    const remove = () =>
      this.#aws.cloudWatch.send((sdk) => new sdk.DeleteAlarmsCommand({ AlarmNames: [alarmId] }), subject, signal);
    const isShown = async () => (await this.#find(alarmId, subject, signal)) !== undefined;
    await this.#view.removed(remove, isShown, subject, signal);
  }

  async #find(name: string, subject: Subject, signal: AbortSignal): Promise<MetricAlarm | undefined> {
    const { MetricAlarms = [] } = await this.#aws.cloudWatch.send(
      (sdk) => new sdk.DescribeAlarmsCommand({ AlarmNames: [name], AlarmTypes: ["MetricAlarm"] }),
      subject,
      signal,
    );
    return MetricAlarms[0];
  }

  /** A description has no tags: they are asked for of those that have our form of name. */
  async #read(alarm: MetricAlarm, subject: Subject, signal: AbortSignal): Promise<CloudAlarm> {
    const { AlarmName = "", AlarmArn: ResourceARN } = alarm;
    const [, shown] = ourName.exec(AlarmName) ?? [];
    if (shown === undefined || ResourceARN === undefined) return toPort(alarm, AlarmName, {});
    const { Tags } = await this.#aws.cloudWatch.send(
      (sdk) => new sdk.ListTagsForResourceCommand({ ResourceARN }),
      subject,
      signal,
    );
    const { tags } = fromWire(Tags);
    return toPort(alarm, shown, tags);
  }
}

function toAlarm(input: NewAlarm, AlarmName: string): PutMetricAlarmInput {
  const { vmId, metric, threshold, comparison, durationSeconds, actions, key, tags } = input;
  const of = knownMetrics[metric];
  const operator = comparison === "eq" ? undefined : operators[comparison];
  // What `checkAlarm` has let through has both.
  if (!of || !operator) throw new TypeError(`${metric} ${comparison} was not refused`);
  const periods = wholeSpan(durationSeconds, periodSeconds) / periodSeconds;
  return {
    AlarmName,
    AlarmDescription: `${input.name} (NovaCron)`,
    ActionsEnabled: true,
    AlarmActions: [...actions],
    OKActions: [...actions],
    Namespace: "AWS/EC2",
    MetricName: of.name,
    Dimensions: [{ Name: "InstanceId", Value: vmId }],
    Statistic: of.statistic,
    Period: periodSeconds,
    EvaluationPeriods: periods,
    DatapointsToAlarm: periods,
    Threshold: of.toTheirs(threshold, periodSeconds),
    ComparisonOperator: operator,
    TreatMissingData: "missing",
    Tags: toWire(createdTags(tags, key)) as { Key: string; Value: string }[],
  };
}

function toPort(alarm: MetricAlarm, name: string, tags: CloudAlarm["tags"]): CloudAlarm {
  const { AlarmName = "", Namespace, MetricName, Statistic, Dimensions = [], AlarmActions = [], StateValue } = alarm;
  const { Period = 0, EvaluationPeriods = 0, Threshold, ComparisonOperator } = alarm;
  const found =
    Namespace === "AWS/EC2"
      ? Object.entries(knownMetrics).find(([, of]) => of.name === MetricName && of.statistic === Statistic)
      : undefined;
  const comparison = Object.entries(operators).find(([, operator]) => operator === ComparisonOperator)?.[0];
  const vmId = Dimensions.length === 1 && Dimensions[0]?.Name === "InstanceId" ? Dimensions[0].Value : undefined;
  return {
    alarmId: AlarmName,
    name,
    ...(vmId !== undefined && { vmId }),
    metric: found?.[0] ?? (MetricName === undefined ? "an expression" : `${Namespace} ${MetricName}`),
    ...(Threshold !== undefined && { threshold: found?.[1].toOurs(Threshold, Period) ?? Threshold }),
    ...(comparison !== undefined && { comparison: comparison as Comparison }),
    ...(Period > 0 && { durationSeconds: Period * EvaluationPeriods }),
    actions: AlarmActions,
    state: states[StateValue as keyof typeof states] ?? "unknown",
    enabled: alarm.ActionsEnabled ?? true,
    tags,
  };
}
