import { setTimeout as sleep } from "node:timers/promises";
import { isProviderError } from "../domain/errors.ts";
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
  readonly #readings: Readings;
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
    this.#readings = new Readings(log);
    this.metrics = new WorkerMetrics(new Map([...flows, ["spans", this.#spans], ["metrics", this.#readings]]));
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

  /** Tells the API from now on, until the signal ends it. A reading that is not taken is counted and left out: the next one
   *  tells more. */
  async tell(client: SiteClient, { takesSpans, metricsEveryMs }: Told, signal: AbortSignal): Promise<void> {
    this.#takesSpans = takesSpans;
    this.#client.resolve(client);
    while (!signal.aborted) {
      const text = await this.#read();
      await client.call("keepMetrics", { text, since: this.#since }, signal).then(
        () => this.#readings.taken(),
        (error: unknown) => signal.aborted || this.#readings.refused(error),
      );
      await sleep(metricsEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Spans that wait go out within this time, or not. */
  close(withinMs: number): Promise<void> {
    return this.#spans.close(withinMs);
  }
}

/** What became of readings, said when it changes. */
class Readings {
  readonly #log: Say;
  #sent = 0;
  #dropped = 0;
  #refusedFor: string | undefined;

  constructor(log: Say) {
    this.#log = log;
  }

  get state(): FlowState {
    return { sent: this.#sent, dropped: this.#dropped, waiting: 0, lagMs: 0 };
  }

  taken(): void {
    this.#sent += 1;
    if (this.#refusedFor !== undefined) this.#log("info", "the API takes this worker's metrics again");
    this.#refusedFor = undefined;
  }

  refused(error: unknown): void {
    this.#dropped += 1;
    const kind = isProviderError(error) ? error.code : "Unknown";
    if (kind !== this.#refusedFor) this.#log("warn", "the API does not take this worker's metrics", { err: error });
    this.#refusedFor = kind;
  }
}

interface Sent {
  readonly facts?: Record<string, string | number>;
}

function short({ failure, ...span }: Span): Span {
  return failure === undefined ? span : { ...span, failure: failure.slice(0, longestFailure) };
}
