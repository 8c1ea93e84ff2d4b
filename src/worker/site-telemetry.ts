import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "../host/ports.ts";
import type { SiteClient } from "../site/client.ts";
import type { SiteOutput } from "../site/contract.ts";
import { Batches, type BatchSettings } from "../telemetry/batches.ts";
import type { FlowState } from "../telemetry/flow-metrics.ts";
import type { Say } from "../telemetry/say.ts";
import type { Scrubber } from "../telemetry/scrub.ts";
import type { Span, SpanTaker } from "../telemetry/span.ts";
import { WorkerMetrics } from "./metrics.ts";
import { joined, sdkMetrics } from "./metrics-server.ts";
import { sdkPrometheus } from "./telemetry.ts";

const batches: BatchSettings = { most: 10_000, atOnce: 500, everyMs: 1_000 };
const longestFailure = 4_000;

type Told = Pick<SiteOutput<"assignment">, "takesSpans" | "metricsEveryMs">;

/** What a worker of a site tells of itself beside its lines. It reaches nobody but the API, which keeps and sends it on. */
export class SiteTelemetry {
  readonly metrics: WorkerMetrics;
  readonly spans: SpanTaker;
  /** How the SDK's native part is to be told to count. */
  readonly sdk: ReturnType<typeof sdkPrometheus>;
  readonly #read: () => Promise<string>;
  readonly #spans: Batches<Span>;
  readonly #client = Promise.withResolvers<SiteClient>();
  readonly #since = new Date().toISOString();
  #takesSpans = true;

  private constructor(
    port: number,
    {
      flows,
      scrubber,
      log,
    }: { flows: ReadonlyMap<string, { readonly state: FlowState }>; scrubber: Scrubber; log: Say },
  ) {
    this.#spans = new Batches(async (spans) => {
      const clean = JSON.parse(scrubber.clean(JSON.stringify(spans.map(short)))) as (Span & Sent)[];
      await (await this.#client.promise).call("keepSpans", { spans: clean });
      return undefined;
    }, batches);
    this.spans = { take: (span) => void (this.#takesSpans && span.work.sampled && this.#spans.give(span)) };
    this.metrics = new WorkerMetrics(new Map([...flows, ["spans", this.#spans]]));
    this.sdk = sdkPrometheus(port);
    const both = [this.metrics, sdkMetrics(port)];
    this.#read = () => joined(both, log);
  }

  static async start(parts: {
    flows: ReadonlyMap<string, { readonly state: FlowState }>;
    scrubber: Scrubber;
    log: Say;
  }): Promise<SiteTelemetry> {
    const [port = 0] = await freePorts(1);
    return new SiteTelemetry(port, parts);
  }

  /** Tells the API from now on, until the signal ends it. A reading that is not taken is left out: the next one tells more. */
  async tell(client: SiteClient, { takesSpans, metricsEveryMs }: Told, signal: AbortSignal): Promise<void> {
    this.#takesSpans = takesSpans;
    this.#client.resolve(client);
    while (!signal.aborted) {
      const text = await this.#read();
      await client.call("keepMetrics", { text, since: this.#since }, signal).catch(() => undefined);
      await sleep(metricsEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Spans that wait go out within this time, or not. */
  close(withinMs: number): Promise<void> {
    return this.#spans.close(withinMs);
  }
}

interface Sent {
  readonly facts?: Record<string, string | number>;
}

function short({ failure, ...span }: Span): Span {
  return failure === undefined ? span : { ...span, failure: failure.slice(0, longestFailure) };
}
