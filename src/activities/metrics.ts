import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { isProviderError } from "../domain/errors.ts";
import { metricTiers } from "../domain/metric.ts";
import type { MetricsFacet } from "../providers/metrics-facet.ts";
import type { ActivityDeps } from "./deps.ts";

/** A sample that comes late, or is corrected, is read again within this. */
const againMs = 15 * 60_000;
/** What a site that keeps samples is asked for when it is looked at for the first time: what sizes are chosen by. */
const firstLookMs = 14 * 86_400_000;
const batchSize = 500;
const longestPauseMs = 5 * 60_000;

/** What sites measure of their VMs, read for as long as they are configured; nothing of it is in a history. */
export function metricActivities({ registry, store, log, intervals }: ActivityDeps) {
  return {
    /** Reads a site's figures again and again, for `forMs`. `measured` is false where the site measures nothing. */
    async readMetrics(input: { site: string; forMs: number }): Promise<{ measured: boolean }> {
      const { site, forMs } = input;
      const { cancellationSignal } = Context.current();
      const { metrics } = await registry.provider(site);
      if (!metrics) return { measured: false };
      const everyMs = Math.max(intervals.metricsMs, metrics.stepSeconds * 1_000);
      const until = AbortSignal.any([cancellationSignal, AbortSignal.timeout(forMs)]);
      let said: string | undefined;
      let failures = 0;
      while (!until.aborted) {
        const began = Date.now();
        try {
          await readOnce(site, metrics, until);
          said = undefined;
          failures = 0;
        } catch (error) {
          if (until.aborted) break;
          if (!isProviderError(error)) throw error;
          failures += 1;
          if (error.message !== said) log.warn(`The figures of ${site} were not read: ${error.message}`, error);
          said = error.message;
        }
        const pauseMs = failures > 1 ? Math.max(everyMs, Math.min(everyMs * 2 ** failures, longestPauseMs)) : everyMs;
        const restMs = Math.max(0, began + pauseMs - Date.now());
        await sleep(restMs, undefined, { signal: until }).catch(() => undefined);
      }
      cancellationSignal.throwIfAborted();
      return { measured: true };
    },
  };

  async function readOnce(site: string, facet: MetricsFacet, signal: AbortSignal): Promise<void> {
    const vms = (await store.vms.ids(site, { state: "running" })).map((vmId) => ({ vmId }));
    const now = Date.now();
    for (const { fromMs, toMs, stepSeconds } of await spans(site, facet, now)) {
      const span = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), stepSeconds };
      for (let at = 0; at < vms.length; at += batchSize) {
        const query = { ...span, vms: vms.slice(at, at + batchSize), metrics: facet.metrics };
        const samples = await Array.fromAsync(facet.read(query, signal));
        await store.metrics.write(samples);
      }
    }
  }

  /** From the newest that is there, or from long ago by hours and then finer. */
  async function spans(site: string, facet: MetricsFacet, now: number) {
    const { stepSeconds } = facet;
    if (!facet.keepsHistory) return [{ fromMs: now, toMs: now, stepSeconds }];
    const newest = await store.metrics.newest(site, new Date(now - firstLookMs).toISOString());
    if (newest !== undefined) {
      const delayMs = (facet.delaySeconds + stepSeconds) * 1_000;
      return [{ fromMs: Math.min(Date.parse(newest) - againMs, now - delayMs - againMs), toMs: now, stepSeconds }];
    }
    const hours = metricTiers.hours.stepSeconds;
    // At the beginning of a day, as days are what is summed up.
    const fineMs = Math.floor((now - metricTiers.raw.days * 86_400_000) / 86_400_000) * 86_400_000;
    return [
      { fromMs: now - firstLookMs, toMs: fineMs, stepSeconds: Math.max(hours, stepSeconds) },
      { fromMs: fineMs, toMs: now, stepSeconds },
    ];
  }
}
