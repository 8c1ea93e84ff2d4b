import { GuestMetrics, type GuestSpan } from "../../cloud/guests/guest-metrics.ts";
import type { AwsCloud } from "../cloud.ts";

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html */
export const metricNames = [
  ...(["CPUUtilization", "EBSReadBytes", "EBSWriteBytes", "EBSReadOps", "EBSWriteOps"] as const),
  // Known, and not measured here: what goes over a guest's network is not counted.
  ...(["NetworkIn", "NetworkOut"] as const),
];
export type MetricName = (typeof metricNames)[number];
export type Ec2Metrics = GuestMetrics<MetricName>;

/** As CloudWatch measures instances. */
export function ec2Metrics(cloud: AwsCloud): Ec2Metrics {
  const periodMs = () => cloud.settings.metricPeriodMs;
  return new GuestMetrics<MetricName>({ guests: cloud.guests, periodMs, figures });
}

function figures({ before, now, busy }: GuestSpan) {
  return {
    CPUUtilization: busy * 100,
    EBSReadBytes: now.readBytes - before.readBytes,
    EBSWriteBytes: now.writtenBytes - before.writtenBytes,
    EBSReadOps: now.readOperations - before.readOperations,
    EBSWriteOps: now.writeOperations - before.writeOperations,
  };
}
