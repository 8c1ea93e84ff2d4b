import { setTimeout as sleep } from "node:timers/promises";
import { isProviderError, ProviderError } from "../../domain/errors.ts";
import type { Subject } from "../failures.ts";
import type { CallBudget, ProviderContext } from "../provider.ts";
import { rateOf } from "./budgets.ts";
import { ociFailure } from "./errors.ts";
import { during, type Exchange } from "./http.ts";
import type { OciPatience } from "./settings.ts";

type AnyMethod = (request: never) => Promise<unknown>;
/** The operations of one of the SDK's clients. */
export type Operation<C> = { [K in keyof C]: C[K] extends AnyMethod ? K : never }[keyof C] & string;
export type RequestOf<C, K extends keyof C> = C[K] extends (request: infer R) => Promise<unknown> ? R : never;
export type AnswerOf<C, K extends keyof C> = C[K] extends (request: never) => Promise<infer A> ? A : never;

export interface ServiceParts {
  readonly context: ProviderContext;
  readonly patience: OciPatience;
  /** What the site's requests have under way together: they share its link. */
  readonly carried: { bytes: number };
  /** Takes credentials out of what a vendor says. */
  readonly redact: (text: string) => string;
}

/** A longer wait than this is the caller's affair: it is passed on with the failure. */
const longestRetryAfterMs = 5_000;
const longestBackOffMs = 3_000;

/** One client of the SDK, made with the first call. Calls keep the tenancy's budget, are repeated a few times where that can do
 *  no harm, and fail with the union's codes. */
export class OciService<C> {
  readonly #name: string;
  readonly #parts: ServiceParts;
  readonly #load: () => Promise<C>;
  readonly #budgets = new Map<string, CallBudget>();
  #loading: Promise<C> | undefined;

  constructor(name: string, parts: ServiceParts, load: () => Promise<C>) {
    this.#name = name;
    this.#parts = parts;
    this.#load = load;
  }

  /** @throws ProviderError; the signal's reason once that is aborted. */
  call<K extends Operation<C>>(
    method: K,
    request: RequestOf<C, K>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<AnswerOf<C, K>> {
    return this.read(method, request, subject, signal, (answer) => answer);
  }

  /** The same; `read` takes what streams out of the answer, so that an answer that breaks off is asked for again. */
  async read<K extends Operation<C>, T>(
    method: K,
    request: RequestOf<C, K>,
    subject: Subject,
    signal: AbortSignal,
    read: (answer: AnswerOf<C, K>) => Promise<T> | T,
  ): Promise<T> {
    signal.throwIfAborted();
    const client = await (this.#loading ??= this.#loadOnce());
    const operation = `${method.charAt(0).toUpperCase()}${method.slice(1)}`;
    const budget = this.#budget(operation);
    const { patience } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      await budget.take(signal);
      const tell = this.#timed(operation, attempt);
      try {
        const result = await this.#once(client, method, request, signal, read);
        tell("ok");
        return result;
      } catch (error) {
        // An abort is the caller's own reason, not a failure of Oracle's.
        signal.throwIfAborted();
        const failure = ociFailure(error, subject, this.#parts.redact);
        tell(failure.code);
        if (failure.code === "RateLimited") await budget.throttled?.(failure.retryAfterMs);
        const waitMs =
          attempt < patience.attempts ? retryIn(failure, method, request as object, attempt, patience) : undefined;
        if (waitMs === undefined) throw this.#noted(failure, operation, attempt);
        await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  }

  async #once<K extends Operation<C>, T>(
    client: C,
    method: K,
    request: RequestOf<C, K>,
    signal: AbortSignal,
    read: (answer: AnswerOf<C, K>) => Promise<T> | T,
  ): Promise<T> {
    const { carried, patience } = this.#parts;
    const bytes = bodyBytes(request as object);
    carried.bytes += bytes;
    const onItsWayMs = bytes === 0 ? 0 : Math.ceil((carried.bytes / patience.slowestBytesPerSecond) * 1_000);
    const exchange: Exchange = { signal, timeoutMs: patience.requestTimeoutMs + onItsWayMs };
    try {
      const result = await during(exchange, async () => {
        const call = client[method] as (request: RequestOf<C, K>) => Promise<AnswerOf<C, K>>;
        const answer = await call.call(client, request);
        if (exchange.failure !== undefined) throw exchange.failure;
        return read(answer);
      });
      return result;
    } catch (error) {
      throw exchange.failure ?? error;
    } finally {
      carried.bytes -= bytes;
    }
  }

  #timed(operation: string, attempt: number): (code: string) => void {
    const { onCall } = this.#parts.context;
    if (!onCall) return () => undefined;
    const startedAt = Date.now();
    const clock = performance.now();
    const call = `${this.#name}:${operation}`;
    return (code) => onCall({ call, code, attempt, isBlock: false, startedAt, durationMs: performance.now() - clock });
  }

  #loadOnce(): Promise<C> {
    const loading = this.#load();
    loading.catch(() => {
      this.#loading = undefined;
    });
    return loading;
  }

  #budget(operation: string): CallBudget {
    const known = this.#budgets.get(operation);
    if (known) return known;
    const made = this.#parts.context.budget(`${this.#name}:${operation}`, rateOf(this.#name, operation));
    this.#budgets.set(operation, made);
    return made;
  }

  #noted(failure: ProviderError, operation: string, attempt: number): ProviderError {
    const facts = { ...failure.details.facts, operation: `${this.#name}:${operation}`, attempt };
    if (failure.code === "Unknown") this.#parts.context.log("warn", failure.message, facts);
    return new ProviderError(failure.code, { ...failure.details, facts });
  }
}

function bodyBytes(request: { readonly uploadPartBody?: unknown; readonly putObjectBody?: unknown }): number {
  const body = request.uploadPartBody ?? request.putObjectBody;
  return body instanceof Uint8Array ? body.byteLength : 0;
}

/** Milliseconds until the next try; undefined when it makes no sense, or might make a second resource. */
function retryIn(
  failure: ProviderError,
  method: string,
  request: object,
  attempt: number,
  { firstRetryMs }: OciPatience,
): number | undefined {
  if (!isProviderError(failure, "RateLimited", "Unavailable", "Timeout")) return undefined;
  if (failure.code !== "RateLimited" && !isRepeatable(method, request)) return undefined;
  const asked = failure.retryAfterMs;
  if (asked !== undefined) return asked <= longestRetryAfterMs ? asked : undefined;
  // "Retry": exponential back-off with jitter. Half of it is drawn, so that many workers spread.
  const most = Math.min(longestBackOffMs, firstRetryMs * 2 ** (attempt - 1));
  return most / 2 + Math.random() * (most / 2);
}

/** What makes something twice when it is asked for twice: without a retry token it is looked up first, by the caller. */
function isRepeatable(method: string, request: object): boolean {
  if (!/^(create|launch|attach|capture|add|copy)/.test(method)) return true;
  return "opcRetryToken" in request && request.opcRetryToken !== undefined;
}
