import type { MetricSample, VmMetric } from "../../domain/metric.ts";
import { inSpan, percentOf, perSecond, ratioOf, spanOf, type WholeSpans, wholeSpans } from "../metric-spans.ts";
import type { MetricsFacet, MetricsQuery } from "../metrics-facet.ts";
import type { Oci } from "./client.ts";
import { isoOf } from "./models.ts";

interface ComputeMetric {
  readonly name: string;
  readonly statistic: "mean" | "sum";
  readonly toOurs: (value: number, seconds: number) => number;
  /** The other way, of an alarm's threshold. */
  readonly toTheirs: (value: number, seconds: number) => number;
}

const ratio = { statistic: "mean", toOurs: ratioOf, toTheirs: percentOf } as const;
const rate = { statistic: "sum", toOurs: perSecond, toTheirs: inSpan } as const;

/** "Compute Instance Metrics" (`oci_computeagent`): all of them told by the Oracle Cloud Agent, which Oracle's images have. */
export const knownMetrics: Readonly<Record<VmMetric, ComputeMetric>> = {
  "cpu.utilisation": { name: "CpuUtilization", ...ratio },
  "memory.used": { name: "MemoryUtilization", ...ratio },
  "disk.read": { name: "DiskBytesRead", ...rate },
  "disk.write": { name: "DiskBytesWritten", ...rate },
  "network.in": { name: "NetworksBytesIn", ...rate },
  "network.out": { name: "NetworksBytesOut", ...rate },
};

/** "Limits information for returned data": 100,000 points and 2,000 streams a call. */
const pointsAtOnce = 80_000;
const vmsAtOnce = 50;

/** What Oracle Cloud's Monitoring keeps of instances. */
export class OciMetrics implements MetricsFacet {
  readonly metrics = Object.keys(knownMetrics) as readonly VmMetric[];
  readonly stepSeconds = 60;
  readonly delaySeconds = 180;
  readonly keepsHistory = true;
  readonly #oci: Oci;

  constructor(oci: Oci) {
    this.#oci = oci;
  }

  async *read(query: MetricsQuery, signal: AbortSignal): AsyncGenerator<MetricSample> {
    const spans = wholeSpans(query, spanOf(query, this.stepSeconds));
    if (!spans) return;
    const { vms, metrics } = query;
    const points = (spans.end - spans.start) / 1_000 / spans.seconds;
    const together = Math.max(1, Math.min(vmsAtOnce, Math.floor(pointsAtOnce / points)));
    for (let at = 0; at < vms.length; at += together) {
      const ids = vms.slice(at, at + together).map(({ vmId }) => vmId);
      for (const metric of metrics) yield* this.#readMetric(metric, ids, spans, signal);
    }
  }

  async *#readMetric(
    metric: VmMetric,
    ids: readonly string[],
    { start, end, seconds }: WholeSpans,
    signal: AbortSignal,
  ): AsyncGenerator<MetricSample> {
    const { name, statistic, toOurs } = knownMetrics[metric];
    const subject = { operation: "read metrics", resource: this.#oci.resource("metric", name) };
    const minutes = seconds / 60;
    const interval = minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`;
    const query = `${name}[${interval}]{resourceId =~ "${ids.join("|")}"}.${statistic}()`;
    const { items } = await this.#oci.monitoring.call(
      "summarizeMetricsData",
      {
        compartmentId: await this.#oci.compartment(),
        summarizeMetricsDataDetails: {
          namespace: "oci_computeagent",
          ...{ query, startTime: new Date(start), endTime: new Date(end) },
        },
      },
      subject,
      signal,
    );
    const wanted = new Set(ids);
    for (const { dimensions, aggregatedDatapoints } of items) {
      const resourceId = dimensions.resourceId ?? "";
      if (!wanted.has(resourceId)) continue;
      for (const { timestamp, value } of aggregatedDatapoints) {
        yield { site: this.#oci.site, resourceId, metric, at: isoOf(timestamp), value: toOurs(value, seconds) };
      }
    }
  }
}
