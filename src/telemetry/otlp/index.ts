import { ProviderError } from "../../domain/errors.ts";
import { Batches, type BatchSettings } from "../batches.ts";
import type { FlowState } from "../flow-metrics.ts";
import type { LineTaker } from "../logger.ts";
import type { Span, SpanTaker } from "../span.ts";
import { logsBody } from "./logs.ts";
import { metricsBody } from "./metrics.ts";
import { parsePrometheus } from "./prometheus-text.ts";
import { tracesBody } from "./traces.ts";
import type { Resource } from "./values.ts";

export interface OtlpSettings {
  /** Of a collector: `/v1/traces`, `/v1/logs` and `/v1/metrics` are below it. */
  readonly endpoint: string;
  /** Asked for at each sending, as they may be rotated. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  readonly resource: Resource;
  /** The last thing that a body passes: takes out what must not leave. */
  readonly clean: (text: string) => string;
  /** Between two readings of the metrics. */
  readonly metricsEveryMs: number;
  readonly batches?: Partial<BatchSettings>;
}

type Signal = "traces" | "logs" | "metrics";

const sendWithinMs = 10_000;
const batches: BatchSettings = { most: 10_000, mostSize: 2 ** 24, atOnce: 500, everyMs: 1_000 };
/** A collector that is away needs no older readings: the next one tells more. */
const readings: BatchSettings = { most: 2, atOnce: 1, everyMs: 0 };

/** Sends what a process tells to an OpenTelemetry collector, as OTLP over HTTP in JSON, beside the work. */
export class Otlp {
  readonly spans: SpanTaker;
  readonly lines: LineTaker;
  readonly #traces: Batches<Span>;
  readonly #logs: Batches<string>;
  readonly #readings: Batches<{ text: string; at: number }>;
  readonly #settings: OtlpSettings;
  readonly #since = Date.now();
  #reading: NodeJS.Timeout | undefined;

  constructor(settings: OtlpSettings) {
    this.#settings = settings;
    const { resource } = settings;
    const own = { ...batches, ...settings.batches };
    this.#traces = new Batches((spans) => this.#post("traces", tracesBody(resource, spans)), own);
    this.#logs = new Batches((lines) => this.#post("logs", logsBody(resource, lines)), own);
    this.#readings = new Batches(async ([reading]) => {
      if (!reading) return undefined;
      const { text, at } = reading;
      return this.#post("metrics", metricsBody(resource, parsePrometheus(text), { since: this.#since, at }));
    }, readings);
    this.spans = { take: (span) => void (span.work.sampled && this.#traces.give(span)) };
    this.lines = { take: (line) => this.#logs.give(line, line.length) };
  }

  /** By their names in the metrics. */
  get flows(): [string, { readonly state: FlowState }][] {
    return [
      ["otlp-traces", this.#traces],
      ["otlp-logs", this.#logs],
      ["otlp-metrics", this.#readings],
    ];
  }

  /** Reads metrics again and again, in Prometheus's text format; one that can't be read is left out. */
  readMetrics(read: () => Promise<string>): void {
    this.#reading = setInterval(() => {
      read().then(
        (text) => this.#readings.give({ text, at: Date.now() }),
        () => undefined,
      );
    }, this.#settings.metricsEveryMs);
    this.#reading.unref();
  }

  async close(withinMs: number): Promise<void> {
    clearInterval(this.#reading);
    await Promise.all([this.#traces, this.#logs, this.#readings].map((each) => each.close(withinMs)));
  }

  /** Resolves with how many were refused, as far as the collector says.
   *  @throws ProviderError Unavailable where the same may be taken later. */
  async #post(signal: Signal, body: object): Promise<number> {
    const { endpoint, headers, clean } = this.#settings;
    const url = `${endpoint.replace(/\/+$/, "")}/v1/${signal}`;
    let status: number;
    let said: string;
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { ...(await headers()), "content-type": "application/json" },
        body: clean(JSON.stringify(body)),
        signal: AbortSignal.timeout(sendWithinMs),
        redirect: "error",
      });
      status = answer.status;
      said = await answer.text();
    } catch (error) {
      throw away(url, "there is no answer", error);
    }
    if (status >= 200 && status < 300) return refusedOf(said);
    // As the protocol has it, these and no others are to be tried again.
    if ([429, 502, 503, 504].includes(status)) throw away(url, `it answers ${status}`);
    throw new ProviderError("InvalidInput", {
      ...{ operation: "send telemetry", resource: url, reason: `it answers ${status}` },
      action: "Check telemetry.otlp_endpoint and telemetry.otlp_headers.",
    });
  }
}

/** The member's name says of what: `rejectedSpans`, `rejectedLogRecords`, `rejectedDataPoints`. */
function refusedOf(answer: string): number {
  const [, count = 0] = /"rejected\w+"\s*:\s*"?(\d+)/.exec(answer) ?? [];
  return Number(count);
}

function away(resource: string, reason: string, cause?: unknown): ProviderError {
  const action = "Check that the collector runs; meanwhile telemetry is dropped and counted.";
  return new ProviderError("Unavailable", { operation: "send telemetry", resource, reason, action, cause });
}
