import type { MetricSample, VmMetric } from "../domain/metric.ts";

export interface MetricsQuery {
  readonly vms: readonly { readonly vmId: string }[];
  readonly metrics: readonly VmMetric[];
  /** ISO 8601 UTC. Samples from here on… */
  readonly from: string;
  /** …and before this moment. */
  readonly to: string;
  /** Of the spans that samples are about; a site that has none as short takes its shortest. */
  readonly stepSeconds: number;
}

/** What a site measures of its VMs. */
export interface MetricsFacet {
  /** Those that it measures without anybody in the guest; what is missing has its row in the site's capabilities. */
  readonly metrics: readonly VmMetric[];
  /** The shortest span that it has samples of. */
  readonly stepSeconds: number;
  /** A sample is there so long after its time. */
  readonly delaySeconds: number;
  /**
   * Where a site keeps its samples, those within the query's time. Where it keeps none (`keepsHistory` false) only what is
   * measured now: from its call before to this one, or within this one where there was none.
   * A VM that isn't there, or was off, has no samples; nothing is ever made up.
   */
  read(query: MetricsQuery, signal: AbortSignal): AsyncIterable<MetricSample>;
  readonly keepsHistory: boolean;
}
