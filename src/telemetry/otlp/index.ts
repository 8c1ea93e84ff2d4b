import { ProviderError } from "../../domain/errors.ts";
import type { LogLine } from "../../domain/log-line.ts";
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

/** Another process, for which this one sends what it tells; of the same version. */
export type Teller = Pick<Resource, "service" | "instance" | "host">;

/** Takes what others tell, and sends it under their names. It neither throws nor waits. */
export interface Relay {
  spans(of: Teller, spans: readonly Span[]): void;
  lines(of: Teller, lines: readonly LogLine[]): void;
  /** In Prometheus's text format; counted since then. Moments are milliseconds since 1970. */
  metrics(of: Teller, text: string, since: number): void;
}

interface Told<T> {
  readonly resource: Resource;
  readonly item: T;
}

interface Reading {
  readonly resource: Resource;
  readonly text: string;
  readonly since: number;
  readonly at: number;
}

type Signal = "traces" | "logs" | "metrics";

const sendWithinMs = 10_000;
const batches: BatchSettings = { most: 10_000, mostSize: 2 ** 24, atOnce: 500, everyMs: 1_000 };
/** A collector that is away needs no older readings: the next one tells more. */
const readings: BatchSettings = { most: 2, atOnce: 1, everyMs: 0 };
const othersReadings: BatchSettings = { most: 1_000, mostSize: 2 ** 24, atOnce: 1, everyMs: 0 };

/** Sends what a process tells to an OpenTelemetry collector, as OTLP over HTTP in JSON, beside the work. */
export class Otlp {
  readonly spans: SpanTaker;
  readonly lines: LineTaker;
  readonly relay: Relay;
  readonly #traces: Batches<Told<Span>>;
  readonly #logs: Batches<Told<string | LogLine>>;
  readonly #readings: Batches<Reading>;
  readonly #othersReadings: Batches<Reading>;
  readonly #settings: OtlpSettings;
  readonly #since = Date.now();
  #reading: NodeJS.Timeout | undefined;

  constructor(settings: OtlpSettings) {
    this.#settings = settings;
    const { resource } = settings;
    const own = { ...batches, ...settings.batches };
    this.#traces = new Batches((spans) => this.#post("traces", tracesBody(byTeller(spans))), own);
    this.#logs = new Batches((lines) => this.#post("logs", logsBody(byTeller(lines))), own);
    const sendReading = async ([reading]: readonly Reading[]) => {
      if (!reading) return undefined;
      const { text, since, at } = reading;
      return this.#post("metrics", metricsBody(reading.resource, parsePrometheus(text), { since, at }));
    };
    this.#readings = new Batches(sendReading, readings);
    this.#othersReadings = new Batches(sendReading, othersReadings);
    const takeSpan = (of: Resource, span: Span): void =>
      void (span.work.sampled && this.#traces.give({ resource: of, item: span }));
    this.spans = { take: (span) => takeSpan(resource, span) };
    this.lines = { take: (item) => this.#logs.give({ resource, item }, item.length) };
    const { version } = resource;
    this.relay = {
      spans: (of, spans) => {
        const named = { ...of, version };
        for (const span of spans) takeSpan(named, span);
      },
      lines: (of, lines) => {
        const named = { ...of, version };
        for (const item of lines) this.#logs.give({ resource: named, item }, JSON.stringify(item).length);
      },
      metrics: (of, text, since) => {
        const reading = { resource: { ...of, version }, text, since, at: Date.now() };
        this.#othersReadings.give(reading, text.length);
      },
    };
  }

  /** By their names in the metrics. */
  get flows(): [string, { readonly state: FlowState }][] {
    return [
      ["otlp-traces", this.#traces],
      ["otlp-logs", this.#logs],
      ["otlp-metrics", this.#readings],
      ["otlp-metrics-of-sites", this.#othersReadings],
    ];
  }

  /** Reads metrics again and again, in Prometheus's text format; one that can't be read is left out. */
  readMetrics(read: () => Promise<string>): void {
    this.#reading = setInterval(() => {
      read().then(
        (text) => {
          const { resource } = this.#settings;
          this.#readings.give({ resource, text, since: this.#since, at: Date.now() });
        },
        () => undefined,
      );
    }, this.#settings.metricsEveryMs);
    this.#reading.unref();
  }

  async close(withinMs: number): Promise<void> {
    clearInterval(this.#reading);
    const all = [this.#traces, this.#logs, this.#readings, this.#othersReadings];
    await Promise.all(all.map((each) => each.close(withinMs)));
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

function byTeller<T>(told: readonly Told<T>[]): Map<Resource, T[]> {
  const grouped = new Map<Resource, T[]>();
  for (const { resource, item } of told) {
    const items = grouped.get(resource);
    if (items) items.push(item);
    else grouped.set(resource, [item]);
  }
  return grouped;
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
