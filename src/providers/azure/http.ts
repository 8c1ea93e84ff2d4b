import { setTimeout as sleep } from "node:timers/promises";
import type { HttpClient, PipelineRequest, PipelineResponse } from "@azure/core-rest-pipeline";
import type { CallBudget, ProviderContext } from "../provider.ts";
import { familyOf } from "./budgets.ts";
import { statusCode } from "./errors.ts";
import { noteRetryAfter } from "./long-operations.ts";
import type { AzurePatience } from "./settings.ts";

/** A longer wait than this is the caller's affair: it is passed on with the failure. */
const longestRetryAfterMs = 5_000;
const longestBackOffMs = 5_000;
const repeatable = new Set([408, 429, 500, 502, 503, 504]);

export interface HttpParts {
  readonly context: ProviderContext;
  readonly patience: AzurePatience;
  /** Where all requests go instead of to Azure's own hosts. */
  readonly endpoint?: string;
  /** The SDK's own client, which speaks to the network. */
  readonly inner: HttpClient;
}

/**
 * What all of the SDK's clients of a site send their requests through: each takes its share of a budget, is repeated a few
 * times where that can do no harm, and goes to the site's endpoint where it has one.
 */
export class BudgetedHttp implements HttpClient {
  readonly #parts: HttpParts;
  readonly #budgets = new Map<string, CallBudget>();

  constructor(parts: HttpParts) {
    this.#parts = parts;
  }

  async sendRequest(request: PipelineRequest): Promise<PipelineResponse> {
    const { patience, context } = this.#parts;
    const signal = (request.abortSignal as AbortSignal | undefined) ?? neverAborted;
    const { budget, rate, call, isBlock } = familyOf(request.method, new URL(request.url));
    const attempts = isBlock ? patience.blockAttempts : patience.attempts;
    for (let attempt = 1; ; attempt++) {
      const shared = this.#budget(budget, rate);
      await shared.take(signal);
      const startedAt = Date.now();
      const clock = performance.now();
      const tell = (code: string) =>
        context.onCall?.({ call, code, attempt, isBlock, startedAt, durationMs: performance.now() - clock });
      let waitMs: number | undefined;
      try {
        const response = await this.#once(request);
        tell(statusCode(response.status));
        if (isThrottled(response)) await shared.throttled?.(retryAfterMs(response));
        waitMs = attempt < attempts ? afterAnswer(response, attempt, patience) : undefined;
        if (waitMs === undefined) {
          noteRetryAfter(response.headers.get("retry-after"));
          return response;
        }
        (response.readableStreamBody as { destroy?: () => void } | undefined)?.destroy?.();
      } catch (error) {
        signal.throwIfAborted();
        tell(statusCode(undefined));
        if (attempt >= attempts || !isRepeatable(request)) throw timedOut(error);
        waitMs = backOffMs(attempt, patience);
      }
      await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  /** At an endpoint of one's own the request goes there, by a name of its own; its answers speak of Azure's hosts. */
  async #once(request: PipelineRequest): Promise<PipelineResponse> {
    const { endpoint, inner, patience } = this.#parts;
    request.timeout = request.timeout > 0 ? request.timeout : patience.requestTimeoutMs;
    if (endpoint === undefined) return inner.sendRequest(request);
    const { url, allowInsecureConnection } = request;
    const { pathname, search, host } = new URL(url);
    request.url = `${endpoint.replace(/\/$/, "")}${pathname}${search}`;
    request.headers.set("x-forwarded-host", host);
    request.headers.set("x-forwarded-proto", "https");
    request.allowInsecureConnection = true;
    try {
      return await inner.sendRequest(request);
    } finally {
      request.url = url;
      request.allowInsecureConnection = allowInsecureConnection;
    }
  }

  #budget(name: string, rate: Parameters<ProviderContext["budget"]>[1]): CallBudget {
    const known = this.#budgets.get(name);
    if (known) return known;
    const made = this.#parts.context.budget(name, rate);
    this.#budgets.set(name, made);
    return made;
  }
}

const neverAborted = new AbortController().signal;

/** Milliseconds until the next try; undefined when the answer is to be passed on. */
function afterAnswer(response: PipelineResponse, attempt: number, patience: AzurePatience): number | undefined {
  if (!repeatable.has(response.status)) return undefined;
  const refused = response.status === 429 || response.status === 503;
  if (!refused && !isRepeatable(response.request)) return undefined;
  const asked = retryAfterMs(response);
  if (asked === undefined) return backOffMs(attempt, patience);
  return asked <= longestRetryAfterMs ? asked : undefined;
}

/** Resource Manager and its providers say 429; the storage services "ServerBusy", which comes with a 503. */
function isThrottled({ status, headers }: PipelineResponse): boolean {
  return status === 429 || (status === 503 && headers.get("x-ms-error-code") === "ServerBusy");
}

const costRetryHeaders = ["qpu", "entity", "tenant"].map(
  (limit) => `x-ms-ratelimit-microsoft.costmanagement-${limit}-retry-after`,
);

function retryAfterMs({ headers }: PipelineResponse): number | undefined {
  // Cost Management says it in headers of its own, one for each of its limits.
  const asked = costRetryHeaders.map((name) => headers.get(name)).find((value) => value !== undefined);
  const seconds = Number(headers.get("retry-after") ?? asked ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}

/** Resource Manager's PUTs set what is there; its POSTs that begin something twice do no harm either, as all those used here
 *  turn something on or off, or ask. A snapshot of a blob would be taken twice,
 *  and a secret be made twice. */
function isRepeatable({ method, url }: PipelineRequest): boolean {
  const { pathname, searchParams } = new URL(url);
  if (method === "POST" && pathname.endsWith("/addPassword")) return false;
  return !(method === "PUT" && searchParams.get("comp") === "snapshot");
}

/** Half of it is drawn, so that many workers spread. */
function backOffMs(attempt: number, { firstRetryMs }: AzurePatience): number {
  const most = Math.min(longestBackOffMs, firstRetryMs * 2 ** (attempt - 1));
  return most / 2 + Math.random() * (most / 2);
}

/** The pipeline aborts by itself what its time has run out for, without saying why. */
function timedOut(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== "AbortError") return error;
  return Object.assign(new Error("no answer came in time", { cause: error }), { code: "ETIMEDOUT" });
}
