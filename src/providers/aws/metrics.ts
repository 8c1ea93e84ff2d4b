import type { MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import type { MetricSample, VmMetric } from "../../domain/metric.ts";
import { inSpan, percentOf, perSecond, ratioOf, spanOf, type WholeSpans, wholeSpans } from "../metric-spans.ts";
import type { MetricsFacet, MetricsQuery } from "../metrics-facet.ts";
import type { Aws } from "./client.ts";
import { items } from "./describe.ts";

/** "GetMetricData": at most so many in one request. */
const queriesAtOnce = 500;

interface Ec2Metric {
  readonly name: string;
  readonly statistic: "Average" | "Sum";
  /** What CloudWatch says of a period, in our unit. */
  readonly toOurs: (value: number, periodSeconds: number) => number;
  /** The other way, of an alarm's threshold. */
  readonly toTheirs: (value: number, periodSeconds: number) => number;
}

const ratio = { statistic: "Average", toOurs: ratioOf, toTheirs: percentOf } as const;
const rate = { statistic: "Sum", toOurs: perSecond, toTheirs: inSpan } as const;

/** "CloudWatch metrics that are available for your instances". Of disks those of EBS: instance stores go with their instance. */
export const knownMetrics: Readonly<Partial<Record<VmMetric, Ec2Metric>>> = {
  "cpu.utilisation": { name: "CPUUtilization", ...ratio },
  "disk.read": { name: "EBSReadBytes", ...rate },
  "disk.write": { name: "EBSWriteBytes", ...rate },
  "network.in": { name: "NetworkIn", ...rate },
  "network.out": { name: "NetworkOut", ...rate },
};

interface Asked {
  readonly vmId: string;
  readonly metric: VmMetric;
  readonly of: Ec2Metric;
}

/** What CloudWatch keeps of EC2's instances. */
export class AwsMetrics implements MetricsFacet {
  readonly metrics = Object.keys(knownMetrics) as readonly VmMetric[];
  /** Basic monitoring: "data is available automatically in 5-minute periods at no charge". */
  readonly stepSeconds = 300;
  readonly delaySeconds = 300;
  readonly keepsHistory = true;
  readonly #aws: Aws;

  constructor(aws: Aws) {
    this.#aws = aws;
  }

  async *read(query: MetricsQuery, signal: AbortSignal): AsyncGenerator<MetricSample> {
    const spans = wholeSpans(query, spanOf(query, this.stepSeconds));
    if (!spans) return;
    const { vms, metrics } = query;
    const asked = vms.flatMap(({ vmId }) =>
      metrics.flatMap((metric): Asked[] => (knownMetrics[metric] ? [{ vmId, metric, of: knownMetrics[metric] }] : [])),
    );
    for (let at = 0; at < asked.length; at += queriesAtOnce) {
      yield* this.#readPart(asked.slice(at, at + queriesAtOnce), spans, signal);
    }
  }

  async *#readPart(
    asked: readonly Asked[],
    { start, end, seconds: period }: WholeSpans,
    signal: AbortSignal,
  ): AsyncGenerator<MetricSample> {
    const subject = { operation: "read metrics", resource: this.#aws.site };
    const input = {
      MetricDataQueries: asked.map((one, index) => queryOf(one, index, period)),
      StartTime: new Date(start),
      EndTime: new Date(end),
      ScanBy: "TimestampAscending" as const,
    };
    const results = items(
      (NextToken) =>
        this.#aws.cloudWatch.send((sdk) => new sdk.GetMetricDataCommand({ ...input, NextToken }), subject, signal),
      ({ MetricDataResults = [] }) => MetricDataResults,
    );
    for await (const { Id = "", Timestamps = [], Values = [] } of results) {
      const one = asked[Number(Id.slice(1))];
      if (!one) continue;
      const { vmId, metric, of } = one;
      for (const [index, moment] of Timestamps.entries()) {
        const value = Values[index];
        if (value === undefined) continue;
        // CloudWatch names a period by its beginning.
        const at = new Date(moment.getTime() + period * 1_000).toISOString();
        yield { site: this.#aws.site, resourceId: vmId, metric, at, value: of.toOurs(value, period) };
      }
    }
  }
}

function queryOf({ vmId, of }: Asked, index: number, Period: number): MetricDataQuery {
  const Dimensions = [{ Name: "InstanceId", Value: vmId }];
  const Metric = { Namespace: "AWS/EC2", MetricName: of.name, Dimensions };
  return { Id: `m${index}`, MetricStat: { Metric, Period, Stat: of.statistic } };
}
