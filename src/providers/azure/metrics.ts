import { isProviderError } from "../../domain/errors.ts";
import type { MetricSample, VmMetric } from "../../domain/metric.ts";
import { inSpan, percentOf, perSecond, ratioOf, type WholeSpans, wholeSpans } from "../metric-spans.ts";
import type { MetricsFacet, MetricsQuery } from "../metrics-facet.ts";
import type { Azure } from "./client.ts";

interface AzureMetric {
  readonly name: string;
  readonly aggregation: "average" | "total";
  /** What Azure Monitor says of a span, in our unit. */
  readonly toOurs: (value: number, seconds: number) => number;
  /** The other way, of an alarm's threshold. */
  readonly toTheirs: (value: number, seconds: number) => number;
}

const ratio = { aggregation: "average", toOurs: ratioOf, toTheirs: percentOf } as const;
const rate = { aggregation: "total", toOurs: perSecond, toTheirs: inSpan } as const;
/** What is free, of what is used. */
const restOf = (percent: number): number => ratioOf(100 - percent);
const freeOf = (used: number): number => percentOf(1 - used);

/** "Supported metrics for Microsoft.Compute/virtualMachines": of the host, so that none needs an agent in the guest. */
export const knownMetrics: Readonly<Record<VmMetric, AzureMetric>> = {
  "cpu.utilisation": { name: "Percentage CPU", ...ratio },
  "memory.used": { ...ratio, name: "Available Memory Percentage", toOurs: restOf, toTheirs: freeOf },
  "disk.read": { name: "Disk Read Bytes", ...rate },
  "disk.write": { name: "Disk Write Bytes", ...rate },
  "network.in": { name: "Network In Total", ...rate },
  "network.out": { name: "Network Out Total", ...rate },
};

/** The spans that all of them can be had in, as ISO 8601 says them. */
const grains: readonly (readonly [seconds: number, iso: string])[] = [
  [60, "PT1M"],
  [300, "PT5M"],
  [900, "PT15M"],
  [3_600, "PT1H"],
  [86_400, "P1D"],
];
const vmsAtOnce = 8;

/** What Azure Monitor keeps of virtual machines. */
export class AzureMetrics implements MetricsFacet {
  readonly metrics = Object.keys(knownMetrics) as readonly VmMetric[];
  readonly stepSeconds = 60;
  /** A minute's figures are there some minutes later, and may still change. */
  readonly delaySeconds = 180;
  readonly keepsHistory = true;
  readonly #azure: Azure;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  async *read(query: MetricsQuery, signal: AbortSignal): AsyncGenerator<MetricSample> {
    const { vms, metrics, stepSeconds } = query;
    const [seconds, interval] =
      grains.find(([each]) => each >= stepSeconds) ?? grains.at(-1) ?? ([60, "PT1M"] as const);
    const spans = wholeSpans(query, seconds);
    if (!spans || metrics.length === 0) return;
    for (let at = 0; at < vms.length; at += vmsAtOnce) {
      const part = vms.slice(at, at + vmsAtOnce);
      const read = await Promise.all(
        part.map(({ vmId }) => this.#readVm(vmId, metrics, { ...spans, interval }, signal)),
      );
      for (const samples of read) yield* samples;
    }
  }

  async #readVm(
    vmId: string,
    metrics: readonly VmMetric[],
    { start, end, seconds, interval }: WholeSpans & { readonly interval: string },
    signal: AbortSignal,
  ): Promise<readonly MetricSample[]> {
    const subject = { operation: "read metrics", resource: this.#azure.resource("vm", vmId) };
    const iso = (ms: number) => new Date(ms).toISOString();
    const resourceId = this.#azure.id("Microsoft.Compute/virtualMachines", vmId).slice(1);
    const answer = await this.#azure
      .monitor(subject, signal, ({ metrics: of }, { options }) =>
        of.list(resourceId, {
          ...{ ...options, interval, timespan: `${iso(start)}/${iso(end)}`, aggregation: "average,total" },
          metricnames: metrics.map((metric) => knownMetrics[metric].name).join(","),
          metricnamespace: "Microsoft.Compute/virtualMachines",
        }),
      )
      .catch((error: unknown) => {
        // It has gone since it was listed.
        if (isProviderError(error, "NotFound")) return { value: [] };
        throw error;
      });
    return metrics.flatMap((metric) => {
      const { name, aggregation, toOurs } = knownMetrics[metric];
      const found = answer.value.find((each) => each.name.value === name);
      const points = found?.timeseries.flatMap(({ data = [] }) => data) ?? [];
      return points.flatMap(({ timeStamp, [aggregation]: value }): MetricSample[] => {
        // Every span of the time is told, also those of which nothing was measured. It is named by its beginning.
        if (value === undefined) return [];
        const at = iso(timeStamp.getTime() + seconds * 1_000);
        return [{ site: this.#azure.site, resourceId: vmId, metric, at, value: toOurs(value, seconds) }];
      });
    });
  }
}
