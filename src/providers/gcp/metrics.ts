import type { MetricSample, VmMetric } from "../../domain/metric.ts";
import { spanOf, type WholeSpans, wholeSpans } from "../metric-spans.ts";
import type { MetricsFacet, MetricsQuery } from "../metrics-facet.ts";
import type { Gcp } from "./client.ts";
import { askMonitoring } from "./monitoring.ts";

interface GceMetric {
  readonly type: string;
  readonly aligner: "ALIGN_MEAN" | "ALIGN_RATE";
}

/** "Google Cloud metrics: compute"; what an instance has several series of (disks, balanced traffic or not) is summed up. */
export const knownMetrics: Readonly<Partial<Record<VmMetric, GceMetric>>> = {
  "cpu.utilisation": { type: "instance/cpu/utilization", aligner: "ALIGN_MEAN" },
  "disk.read": { type: "instance/disk/read_bytes_count", aligner: "ALIGN_RATE" },
  "disk.write": { type: "instance/disk/write_bytes_count", aligner: "ALIGN_RATE" },
  "network.in": { type: "instance/network/received_bytes_count", aligner: "ALIGN_RATE" },
  "network.out": { type: "instance/network/sent_bytes_count", aligner: "ALIGN_RATE" },
};

/** As "projects.timeSeries.list" answers. */
interface Listed {
  readonly timeSeries?: readonly {
    readonly metric?: { readonly labels?: Readonly<Record<string, string>> };
    readonly points?: readonly {
      readonly interval?: { readonly endTime?: string };
      readonly value?: { readonly doubleValue?: number; readonly int64Value?: string };
    }[];
  }[];
  readonly nextPageToken?: string;
}

/** What Cloud Monitoring keeps of Compute Engine's instances: one question a metric for all of the zone. */
export class GcpMetrics implements MetricsFacet {
  readonly metrics = Object.keys(knownMetrics) as readonly VmMetric[];
  readonly stepSeconds = 60;
  /** "Sampled every 60 seconds. After sampling, data is not visible for up to 240 seconds." */
  readonly delaySeconds = 240;
  readonly keepsHistory = true;
  readonly #gcp: Gcp;

  constructor(gcp: Gcp) {
    this.#gcp = gcp;
  }

  async *read(query: MetricsQuery, signal: AbortSignal): AsyncGenerator<MetricSample> {
    const spans = wholeSpans(query, spanOf(query, this.stepSeconds));
    const { vms, metrics } = query;
    if (!spans || vms.length === 0) return;
    const wanted = new Set(vms.map(({ vmId }) => vmId));
    for (const metric of metrics) {
      const of = knownMetrics[metric];
      if (of) yield* this.#readMetric(metric, of, { ...spans, wanted }, signal);
    }
  }

  async *#readMetric(
    metric: VmMetric,
    { type, aligner }: GceMetric,
    { start, end, seconds, wanted }: WholeSpans & { readonly wanted: ReadonlySet<string> },
    signal: AbortSignal,
  ): AsyncGenerator<MetricSample> {
    const { site, entry } = this.#gcp;
    const subject = { operation: "read metrics", resource: this.#gcp.resource("metric", type) };
    const asked = {
      filter: `metric.type = "compute.googleapis.com/${type}" AND resource.type = "gce_instance" AND resource.labels.zone = "${entry.zone}"`,
      "interval.startTime": new Date(start).toISOString(),
      "interval.endTime": new Date(end).toISOString(),
      "aggregation.alignmentPeriod": `${seconds}s`,
      "aggregation.perSeriesAligner": aligner,
      "aggregation.crossSeriesReducer": aligner === "ALIGN_RATE" ? "REDUCE_SUM" : "REDUCE_MEAN",
      "aggregation.groupByFields": "metric.labels.instance_name",
    };
    const call = { operation: "timeSeries.list", path: "timeSeries" };
    let pageToken: string | undefined;
    do {
      const query = { ...asked, ...(pageToken && { pageToken }) };
      const page: Listed = await askMonitoring<Listed>(this.#gcp, { ...call, query }, subject, signal);
      for (const { metric: of, points = [] } of page.timeSeries ?? []) {
        const vmId = of?.labels?.instance_name;
        if (vmId === undefined || !wanted.has(vmId)) continue;
        // The newest comes first.
        for (const { interval, value } of points.toReversed()) {
          const figure = value?.doubleValue ?? (value?.int64Value === undefined ? undefined : Number(value.int64Value));
          if (figure === undefined || interval?.endTime === undefined) continue;
          const at = new Date(interval.endTime).toISOString();
          yield {
            site,
            resourceId: vmId,
            metric,
            at,
            value: metric === "cpu.utilisation" ? Math.min(1, figure) : figure,
          };
        }
      }
      pageToken = page.nextPageToken || undefined;
    } while (pageToken !== undefined);
  }
}
