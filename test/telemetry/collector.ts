import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code?: number; readonly message?: string };
}
export interface ReceivedRecord {
  readonly timeUnixNano: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: { readonly stringValue: string };
  readonly attributes: readonly Attribute[];
  readonly traceId?: string;
  readonly spanId?: string;
}
export interface ReceivedMetric {
  readonly name: string;
  readonly sum?: {
    readonly isMonotonic: boolean;
    readonly dataPoints: readonly { asDouble: number; attributes: readonly Attribute[] }[];
  };
  readonly gauge?: { readonly dataPoints: readonly { asDouble: number }[] };
  readonly histogram?: {
    readonly dataPoints: readonly {
      count: string;
      sum: number;
      bucketCounts: readonly string[];
      explicitBounds: readonly number[];
      attributes: readonly Attribute[];
    }[];
  };
}
interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** What OTLP's three requests have in them, as far as tests look at it. */
interface Body {
  readonly resourceSpans?: readonly { resource: object; scopeSpans: readonly { spans: readonly ReceivedSpan[] }[] }[];
  readonly resourceLogs?: readonly { scopeLogs: readonly { logRecords: readonly ReceivedRecord[] }[] }[];
  readonly resourceMetrics?: readonly { scopeMetrics: readonly { metrics: readonly ReceivedMetric[] }[] }[];
}

/** A small collector: takes OTLP over HTTP in JSON and keeps it. */
export class Collector {
  readonly requests: { path: string; headers: IncomingHttpHeaders; text: string; body: Body }[] = [];
  /** What it answers, while it takes nothing. */
  refusing: { status: number; body?: string } | undefined;
  readonly #server = createServer((request, response) => void this.#take(request, response));

  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
    if (this.refusing) {
      response.writeHead(this.refusing.status).end(this.refusing.body ?? "");
      return;
    }
    this.requests.push({ path: request.url ?? "", headers: request.headers, text, body: JSON.parse(text) as Body });
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  }

  get spans(): ReceivedSpan[] {
    const all = this.requests.flatMap(({ body }) => body.resourceSpans ?? []);
    return all.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  }

  get records(): ReceivedRecord[] {
    const all = this.requests.flatMap(({ body }) => body.resourceLogs ?? []);
    return all.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords));
  }

  get metrics(): ReceivedMetric[] {
    const all = this.requests.flatMap(({ body }) => body.resourceMetrics ?? []);
    return all.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
  }

  async until<T>(find: (collector: Collector) => T | undefined): Promise<T> {
    for (let tries = 0; tries < 400; tries++) {
      const found = find(this);
      if (found !== undefined) return found;
      await sleep(25);
    }
    throw new Error(`not received; there are: ${this.spans.map(({ name }) => name).join(", ")}`);
  }
}

export function attribute({ attributes }: { readonly attributes: readonly Attribute[] }, key: string): unknown {
  const value = attributes.find((each) => each.key === key)?.value;
  return value && Object.values(value)[0];
}
