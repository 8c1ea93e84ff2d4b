import { hostname } from "node:os";
import type { MetricSample } from "../domain/metric.ts";
import type { CloudCall } from "../providers/provider.ts";
import type { Store } from "../store/index.ts";
import type { Say } from "../telemetry/say.ts";

const everyMs = 60_000;
/** What is beyond it within a minute is left out: the figure hardly changes by it. */
const mostDurations = 10_000;

interface Calls {
  readonly durations: number[];
  failed: number;
  all: number;
}

/** How quickly sites answer this worker, as a sample a minute of each that was asked: what rules are about. */
export class CallFigures {
  readonly #metrics: Pick<Store["metrics"], "write">;
  readonly #log: Say;
  readonly #timer: NodeJS.Timeout;
  #sites = new Map<string, Calls>();

  constructor(metrics: Pick<Store["metrics"], "write">, log: Say) {
    this.#metrics = metrics;
    this.#log = log;
    this.#timer = setInterval(() => void this.flush(), everyMs);
    this.#timer.unref();
  }

  /** Blocks of disks take as long as their bytes; they would hide the others. */
  note(site: string, { code, durationMs, isBlock }: Pick<CloudCall, "code" | "durationMs" | "isBlock">): void {
    if (isBlock) return;
    const calls = this.#sites.get(site) ?? { durations: [], failed: 0, all: 0 };
    this.#sites.set(site, calls);
    calls.all += 1;
    // What isn't there, and what is not allowed, is an answer.
    if (code === "Unavailable" || code === "Timeout" || code === "RateLimited" || code === "Unknown") calls.failed += 1;
    if (calls.durations.length < mostDurations) calls.durations.push(durationMs);
  }

  /** Keeps what was noted since; a store that is away loses it, and nothing else. */
  async flush(): Promise<void> {
    const noted = this.#sites;
    this.#sites = new Map();
    const at = new Date().toISOString();
    const samples = [...noted].flatMap(([site, { durations, failed, all }]): MetricSample[] => {
      const sorted = durations.toSorted((a, b) => a - b);
      const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0;
      const of = { site, resourceId: hostname(), at };
      return [
        { ...of, metric: "calls.latency_p95", value: p95 / 1_000 },
        { ...of, metric: "calls.failed", value: failed / all },
      ];
    });
    if (samples.length === 0) return;
    await this.#metrics.write(samples).catch((error: unknown) => {
      this.#log("warn", "how quickly sites answer was not kept", { reason: String(error) });
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }
}
