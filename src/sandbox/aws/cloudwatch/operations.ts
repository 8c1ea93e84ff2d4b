import type * as cloudwatch from "@aws-sdk/client-cloudwatch";
import type { Sample } from "../../cloud/guests/guest-metrics.ts";
import type { AwsCloud, Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import type { Resource } from "../state.ts";
import { type Ec2Metrics, type MetricName, metricNames } from "./metrics.ts";

const dataPointsAtMost = 100_800;

export interface Alarm extends Resource {
  readonly input: cloudwatch.PutMetricAlarmInput;
  readonly updatedAt: number;
}

interface Series {
  readonly name: MetricName;
  readonly periodMs: number;
  readonly statistic: string;
  readonly instanceId: string;
}

/** Figures of guests, and alarms over them. Alarms have states and no actions. */
export function cloudwatchOperations(cloud: AwsCloud, metrics: Ec2Metrics) {
  const alarms = cloud.documents.table<Alarm>("cloudwatch-alarm");

  const points = ({ name, periodMs, statistic, instanceId }: Series, start: number, end: number): Sample[] => {
    const within = metrics.samples(instanceId, name).filter(({ at }) => at >= start && at < end);
    const periods = Map.groupBy(within, ({ at }) => Math.floor(at / periodMs) * periodMs);
    return [...periods].map(([at, samples]) => ({ at, value: aggregate(samples, statistic) }));
  };
  const describe = (alarm: Alarm): cloudwatch.MetricAlarm => {
    const { input } = alarm;
    const { value, reason } = stateOf(alarm);
    const { Tags: _, ...kept } = input;
    return {
      ...kept,
      AlarmArn: `arn:aws:cloudwatch:${alarm.region}:${accountId}:alarm:${input.AlarmName}`,
      AlarmConfigurationUpdatedTimestamp: new Date(alarm.updatedAt),
      ActionsEnabled: input.ActionsEnabled ?? true,
      StateValue: value,
      StateReason: reason,
      StateUpdatedTimestamp: new Date(),
    };
  };
  const stateOf = ({ input }: Alarm): { value: cloudwatch.StateValue; reason: string } => {
    const { EvaluationPeriods = 1, Threshold = 0, Period = 60, DatapointsToAlarm = EvaluationPeriods } = input;
    const series = seriesOf(
      { Namespace: input.Namespace, MetricName: input.MetricName, Dimensions: input.Dimensions },
      Period,
      input.Statistic ?? "Average",
    );
    const now = Date.now();
    const values = points(series, now - (EvaluationPeriods + 1) * Period * 1000, now).slice(-EvaluationPeriods);
    if (values.length === 0)
      return { value: "INSUFFICIENT_DATA", reason: "Insufficient Data: no datapoints were received" };
    const breaching = values.filter(({ value }) => compares(value, input.ComparisonOperator, Threshold));
    const what = `${breaching.length} of ${values.length} datapoints ${input.ComparisonOperator} ${Threshold}`;
    return { value: breaching.length >= DatapointsToAlarm ? "ALARM" : "OK", reason: `Threshold: ${what}` };
  };

  return {
    GetMetricData: (_call: Call, input: cloudwatch.GetMetricDataInput): cloudwatch.GetMetricDataOutput => {
      const [start, end] = [input.StartTime?.getTime() ?? 0, input.EndTime?.getTime() ?? 0];
      if (start >= end)
        throw new AwsError("ValidationError", "The parameter StartTime must be less than the parameter EndTime.");
      const queries = input.MetricDataQueries ?? [];
      const results = queries.map(({ Id, Label, MetricStat }): cloudwatch.MetricDataResult => {
        if (!MetricStat)
          throw new AwsError("ValidationError", "Simulated: metric math and SQL expressions are not evaluated here");
        const series = seriesOf(MetricStat.Metric ?? {}, MetricStat.Period ?? 60, MetricStat.Stat ?? "Average");
        const found = points(series, start, end).slice(
          -Math.min(input.MaxDatapoints ?? dataPointsAtMost, dataPointsAtMost),
        );
        const ordered = input.ScanBy === "TimestampAscending" ? found : found.reverse();
        return {
          Id,
          Label: Label ?? series.name,
          Timestamps: ordered.map(({ at }) => new Date(at)),
          Values: ordered.map(({ value }) => value),
          StatusCode: "Complete",
        };
      });
      return { MetricDataResults: results, Messages: [] };
    },

    ListMetrics: ({ region }: Call, input: cloudwatch.ListMetricsInput): cloudwatch.ListMetricsOutput => {
      const instances = cloud.tables.instances.where(
        (one) => one.region === region && metrics.samples(one.id, "CPUUtilization").length > 0,
      );
      return {
        Metrics: instances.flatMap(({ id }) =>
          metricNames
            .filter((name) => metrics.samples(id, name).length > 0)
            .filter((name) => (input.MetricName ?? name) === name && (input.Namespace ?? "AWS/EC2") === "AWS/EC2")
            .map((MetricName) => ({
              Namespace: "AWS/EC2",
              MetricName,
              Dimensions: [{ Name: "InstanceId", Value: id }],
            })),
        ),
      };
    },

    PutMetricAlarm: ({ region }: Call, input: cloudwatch.PutMetricAlarmInput): object => {
      if (input.Metrics !== undefined)
        throw new AwsError("ValidationError", "Simulated: alarms over expressions are not evaluated here");
      seriesOf(
        { Namespace: input.Namespace, MetricName: input.MetricName, Dimensions: input.Dimensions },
        input.Period ?? 60,
        input.Statistic ?? "Average",
      );
      const id = `${region}/${input.AlarmName}`;
      const tags = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
      const createdAt = alarms.get(id)?.createdAt ?? Date.now();
      alarms.put({ id, region, createdAt, tags, input, updatedAt: Date.now() });
      return {};
    },

    DescribeAlarms: ({ region }: Call, input: cloudwatch.DescribeAlarmsInput): cloudwatch.DescribeAlarmsOutput => {
      const found = alarms
        .where((alarm) => alarm.region === region)
        .filter(({ input: { AlarmName = "" } }) => !input.AlarmNames?.length || input.AlarmNames.includes(AlarmName))
        .filter(({ input: { AlarmName = "" } }) => AlarmName.startsWith(input.AlarmNamePrefix ?? ""))
        .map(describe)
        .filter(({ StateValue }) => input.StateValue === undefined || input.StateValue === StateValue);
      const start = Number(input.NextToken ?? 0);
      const end = start + (input.MaxRecords ?? 50);
      return {
        MetricAlarms: found.slice(start, end),
        CompositeAlarms: [],
        ...(end < found.length ? { NextToken: String(end) } : {}),
      };
    },

    ListTagsForResource: (
      _call: Call,
      { ResourceARN = "" }: cloudwatch.ListTagsForResourceInput,
    ): cloudwatch.ListTagsForResourceOutput => {
      const [, region = "", name = ""] = /^arn:aws:cloudwatch:([^:]+):\d+:alarm:(.+)$/s.exec(ResourceARN) ?? [];
      const alarm = alarms.get(`${region}/${name}`);
      if (!alarm) throw new AwsError("ResourceNotFoundException", `${ResourceARN} does not exist.`, 404);
      return { Tags: Object.entries(alarm.tags).map(([Key, Value]) => ({ Key, Value })) };
    },

    DeleteAlarms: ({ region }: Call, input: cloudwatch.DeleteAlarmsInput): object => {
      for (const name of input.AlarmNames ?? []) {
        if (!alarms.has(`${region}/${name}`))
          throw new AwsError("ResourceNotFound", `The alarm ${name} does not exist.`, 404);
      }
      for (const name of input.AlarmNames ?? []) alarms.delete(`${region}/${name}`);
      return {};
    },
  };
}

function seriesOf(metric: cloudwatch.Metric, periodSeconds: number, statistic: string): Series {
  const name = metricNames.find((known) => known === metric.MetricName);
  const instanceId = metric.Dimensions?.find(({ Name }) => Name === "InstanceId")?.Value;
  if (metric.Namespace !== "AWS/EC2" || !name || instanceId === undefined) {
    throw new AwsError(
      "ValidationError",
      `Simulated: only ${metricNames.join(", ")} of AWS/EC2 by InstanceId are measured here`,
    );
  }
  if (!["Average", "Sum", "Minimum", "Maximum", "SampleCount"].includes(statistic)) {
    throw new AwsError("ValidationError", `The statistic ${statistic} is not known`);
  }
  return { name, instanceId, statistic, periodMs: periodSeconds * 1000 };
}

function aggregate(samples: readonly Sample[], statistic: string): number {
  const values = samples.map(({ value }) => value);
  const sum = values.reduce((total, value) => total + value, 0);
  switch (statistic) {
    case "Sum":
      return sum;
    case "Minimum":
      return Math.min(...values);
    case "Maximum":
      return Math.max(...values);
    case "SampleCount":
      return values.length;
    default:
      return sum / values.length;
  }
}

function compares(value: number, operator: string | undefined, threshold: number): boolean {
  switch (operator) {
    case "GreaterThanOrEqualToThreshold":
      return value >= threshold;
    case "LessThanThreshold":
      return value < threshold;
    case "LessThanOrEqualToThreshold":
      return value <= threshold;
    default:
      return value > threshold;
  }
}
