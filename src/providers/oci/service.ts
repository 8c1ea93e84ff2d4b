import type { ProviderError } from "../../domain/errors.ts";
import type { Subject } from "../failures.ts";
import type { ProviderContext } from "../provider.ts";
import { CallBudgets, callVendor } from "../vendor-calls.ts";
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

/** One client of the SDK, made with the first call. Calls keep the tenancy's budget, are repeated a few times where that can do
 *  no harm, and fail with the union's codes. */
export class OciService<C> {
  readonly #name: string;
  readonly #parts: ServiceParts;
  readonly #load: () => Promise<C>;
  readonly #budgets: CallBudgets;
  #loading: Promise<C> | undefined;

  constructor(name: string, parts: ServiceParts, load: () => Promise<C>) {
    this.#name = name;
    this.#parts = parts;
    this.#load = load;
    this.#budgets = new CallBudgets(parts.context);
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
    const call = `${this.#name}:${operation}`;
    const { context, patience, redact } = this.#parts;
    const { attempts, firstRetryMs } = patience;
    const repeats = {
      ...{ call, attempts, firstRetryMs },
      budget: this.#budgets.of(call, rateOf(this.#name, operation)),
      failureOf: (error: unknown) => ociFailure(error, subject, redact),
      isHarmless: (failure: ProviderError) => failure.code === "RateLimited" || isRepeatable(method, request as object),
    };
    return callVendor(repeats, context, signal, () => this.#once(client, method, request, signal, read));
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

  #loadOnce(): Promise<C> {
    const loading = this.#load();
    loading.catch(() => {
      this.#loading = undefined;
    });
    return loading;
  }
}

function bodyBytes(request: { readonly uploadPartBody?: unknown; readonly putObjectBody?: unknown }): number {
  const body = request.uploadPartBody ?? request.putObjectBody;
  return body instanceof Uint8Array ? body.byteLength : 0;
}

/** What makes something twice when it is asked for twice: without a retry token it is looked up first, by the caller. */
function isRepeatable(method: string, request: object): boolean {
  if (!/^(create|launch|attach|capture|add|copy)/.test(method)) return true;
  return "opcRetryToken" in request && request.opcRetryToken !== undefined;
}
