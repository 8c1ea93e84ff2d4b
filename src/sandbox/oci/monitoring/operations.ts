import type * as sdk from "oci-monitoring";
import { GuestMetrics, type GuestSpan } from "../../cloud/guests/guest-metrics.ts";
import type { OciCloud } from "../cloud.ts";
import { invalid, missing } from "../errors.ts";
import { type Operation, operations } from "../operation.ts";
import type { Registry } from "../registry.ts";
import type { Wire } from "../wire.ts";

/** https://docs.oracle.com/en-us/iaas/Content/Compute/References/computemetrics.htm; memory and network are not measured here. */
export const computeMetricNames = [
  ...(["CpuUtilization", "MemoryUtilization", "DiskBytesRead", "DiskBytesWritten"] as const),
  ...(["NetworksBytesIn", "NetworksBytesOut"] as const),
];
export type ComputeMetricName = (typeof computeMetricNames)[number];
export type ComputeMetrics = GuestMetrics<ComputeMetricName>;

/** As the agent of Oracle's images tells it. */
export function computeMetrics(cloud: OciCloud): ComputeMetrics {
  return new GuestMetrics<ComputeMetricName>({
    guests: cloud.guests,
    periodMs: () => cloud.settings.metricPeriodMs,
    figures: ({ before, now, busy }: GuestSpan) => ({
      CpuUtilization: busy * 100,
      DiskBytesRead: now.readBytes - before.readBytes,
      DiskBytesWritten: now.writtenBytes - before.writtenBytes,
    }),
  });
}

/** As much of the Monitoring Query Language as is answered here:
 *  https://docs.oracle.com/en-us/iaas/Content/Monitoring/Reference/mql.htm */
const query = /^(\w+)\[(\d+)([mh])\](?:\{resourceId (=~?) "([^"]+)"\})?\.(mean|sum|max|min)\(\)$/;

export function monitoringOperations(registry: Registry, metrics: ComputeMetrics): Operation[] {
  const { cloud } = registry;
  const operation = operations("monitoring");
  const models = { takes: "SummarizeMetricsDataDetails", answers: "MetricData[]" };
  return [
    operation("SummarizeMetricsData", "POST /metrics/actions/summarizeMetricsData", models, (call) => {
      const compartmentId = call.query.get("compartmentId");
      if (compartmentId === null) throw missing("compartmentId");
      const details = call.json<Wire<sdk.models.SummarizeMetricsDataDetails>>();
      const [, name = "", count = "", unit, , ids, statistic = ""] = query.exec(details.query ?? "") ?? [];
      if (details.namespace !== "oci_computeagent" || !(computeMetricNames as readonly string[]).includes(name))
        return { body: [] };
      const spanMs = Number(count) * (unit === "h" ? 3_600_000 : 60_000);
      const [start, end] = [Date.parse(String(details.startTime)), Date.parse(String(details.endTime))];
      if (!(start < end)) throw invalid("startTime", "has to be before endTime");
      const wanted = ids?.split("|");
      const found = cloud.tables.instances.where(
        (instance) => instance.compartmentId === compartmentId && (wanted?.includes(instance.id) ?? true),
      );
      const body = found.flatMap((instance): Wire<sdk.models.MetricData>[] => {
        const samples = metrics.samples(instance.guestId, name as ComputeMetricName);
        const aggregatedDatapoints = summed(samples, { start, end, spanMs, statistic });
        if (aggregatedDatapoints.length === 0) return [];
        const dimensions = { resourceId: instance.id, resourceDisplayName: instance.displayName };
        return [{ namespace: details.namespace, compartmentId, name, dimensions, aggregatedDatapoints }];
      });
      return { body };
    }),
  ];
}

function summed(
  samples: readonly { at: number; value: number }[],
  { start, end, spanMs, statistic }: { start: number; end: number; spanMs: number; statistic: string },
): Wire<sdk.models.AggregatedDatapoint>[] {
  const within = samples.filter(({ at }) => at >= start && at < end);
  return [...Map.groupBy(within, ({ at }) => Math.floor(at / spanMs) * spanMs)].map(([at, of]) => {
    const values = of.map(({ value }) => value);
    const sum = values.reduce((total, value) => total + value, 0);
    const figures: Readonly<Record<string, number>> = {
      ...{ sum, mean: sum / values.length, max: Math.max(...values), min: Math.min(...values) },
    };
    return { timestamp: new Date(at).toISOString(), value: figures[statistic] ?? sum };
  });
}
