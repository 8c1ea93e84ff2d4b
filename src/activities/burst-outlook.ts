import type { BurstLease, BurstPoolView } from "../domain/burst.ts";
import { forecastPool } from "../domain/burst-replay.ts";
import { type ForecastAdvice, LoadForecast } from "../domain/load-forecast.ts";
import type { Store } from "../store/index.ts";

/** What a forecast learns from at first. */
const learntDays = 7;
const stepSeconds = 300;
const minuteMs = 60_000;

/** A pool's forecast, kept up minute by minute; learnt anew where its settings changed. */
export class BurstOutlook {
  readonly #store: Store;
  #forecast: LoadForecast | undefined;
  #of = "";
  #nextMs = 0;
  #advice: ForecastAdvice | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Undefined for a pool without a forecast, and while its load is not known. */
  async advise(pool: BurstPoolView, leases: readonly BurstLease[], nowMs: number): Promise<ForecastAdvice | undefined> {
    const signal = pool.signals.find(({ measures }) => measures === "utilisation");
    if (!pool.forecast || !signal) return undefined;
    const { ownVms, maxVms, cooldownSeconds, forecast } = pool;
    const of = JSON.stringify({ ownVms, maxVms, cooldownSeconds, forecast, signal });
    if (of !== this.#of) {
      this.#of = of;
      const leadMinutes = forecast.leadSeconds / 60;
      this.#forecast = new LoadForecast(forecastPool(pool, { leadMinutes, threshold: signal.threshold }));
      this.#nextMs = nowMs - learntDays * 86_400_000;
    }
    const fromMs = Math.floor(this.#nextMs / minuteMs) * minuteMs;
    const endMs = Math.floor(nowMs / minuteMs) * minuteMs;
    if (endMs <= fromMs) return this.#advice;
    const coarse = endMs - fromMs > 2 * stepSeconds * 1000;
    const series = await this.#store.metrics.range({
      ...{ site: pool.site, metric: signal.metric },
      ...(signal.resourceId === undefined ? {} : { resourceId: signal.resourceId }),
      from: new Date(fromMs).toISOString(),
      to: new Date(endMs).toISOString(),
      stepSeconds: coarse ? stepSeconds : 60,
    });
    const stepMs = (coarse ? stepSeconds : 60) * 1000;
    const sums = new Map<number, { sum: number; count: number }>();
    for (const { at, value } of series.flatMap(({ points }) => points)) {
      const step = Math.floor(Date.parse(at) / stepMs);
      const known = sums.get(step) ?? { sum: 0, count: 0 };
      sums.set(step, { sum: known.sum + value, count: known.count + 1 });
    }
    for (let atMs = fromMs; atMs < endMs; atMs += minuteMs) {
      const known = sums.get(Math.floor(atMs / stepMs));
      if (!known) {
        this.#forecast?.skip();
        this.#advice = undefined;
        continue;
      }
      const serving = leases.filter(
        ({ servingAt, endedAt }) =>
          servingAt !== undefined &&
          Date.parse(servingAt) <= atMs &&
          (endedAt === undefined || Date.parse(endedAt) > atMs),
      ).length;
      const work = (known.sum / known.count) * (ownVms + serving);
      this.#advice = this.#forecast?.observe(work, Math.floor(atMs / minuteMs) % 1_440);
    }
    this.#nextMs = endMs;
    return this.#advice;
  }
}
