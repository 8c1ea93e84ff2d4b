import { setTimeout as sleep } from "node:timers/promises";
import { isProviderError, ProviderError } from "../../domain/errors.ts";
import type { Subject } from "../failures.ts";
import type { CallBudget, ProviderContext } from "../provider.ts";
import { rateOf } from "./budgets.ts";
import { awsFailure, vendorCode } from "./errors.ts";
import type { AwsPatience } from "./settings.ts";

/** What all of the SDK's clients have in common. */
export interface SdkClient {
  send(command: never, options: { abortSignal: AbortSignal; requestTimeout: number }): Promise<unknown>;
  destroy(): void;
}

/** As much of the SDK's commands as tells what they give back. */
interface AnyCommand {
  readonly input: object;
  resolveMiddleware(stack: never, configuration: never, options: never): unknown;
}
type OutputOf<C> = C extends { resolveMiddleware(stack: never, configuration: never, options: never): infer H }
  ? H extends (args: never) => Promise<{ output: infer O }>
    ? O
    : never
  : never;

export interface ServiceParts {
  readonly context: ProviderContext;
  readonly patience: AwsPatience;
  /** What the site's requests have under way together: they share its link. */
  readonly carried: { bytes: number };
  /** Takes credentials out of what a vendor says. */
  readonly redact: (text: string) => string;
}

/** A longer wait than this is the caller's affair: it is passed on with the failure. */
const longestRetryAfterMs = 5_000;
const longestBackOffMs = 3_000;

/** One of AWS's services: its SDK is loaded with the first call. Calls keep the account's budget, are repeated a few times
 *  where that can do no harm, and fail with the union's codes. */
export class AwsService<Sdk> {
  readonly #name: string;
  readonly #parts: ServiceParts;
  readonly #load: () => Promise<{ sdk: Sdk; client: SdkClient }>;
  readonly #budgets = new Map<string, CallBudget>();
  #loading: Promise<{ sdk: Sdk; client: SdkClient }> | undefined;

  constructor(name: string, parts: ServiceParts, load: () => Promise<{ sdk: Sdk; client: SdkClient }>) {
    this.#name = name;
    this.#parts = parts;
    this.#load = load;
  }

  /**
   * `read` takes what streams out of the answer, so that an answer that breaks off is asked for again.
   * @throws ProviderError; the signal's reason once that is aborted.
   */
  async send<C extends AnyCommand, T = OutputOf<C>>(
    build: (sdk: Sdk) => C,
    subject: Subject,
    signal: AbortSignal,
    read: (output: OutputOf<C>) => Promise<T> | T = (output) => output,
  ): Promise<T> {
    signal.throwIfAborted();
    const { sdk, client } = await (this.#loading ??= this.#loadOnce());
    const command = build(sdk);
    const operation = command.constructor.name.replace(/Command$/, "");
    const budget = this.#budget(operation);
    const { patience } = this.#parts;
    const attempts = /SnapshotBlocks?$|ChangedBlocks$/.test(operation) ? patience.blockAttempts : patience.attempts;
    for (let attempt = 1; ; attempt++) {
      await budget.take(signal);
      const tell = this.#timed(operation, attempt);
      try {
        const result = await read((await this.#once(client, command, signal)) as OutputOf<C>);
        tell("ok");
        return result;
      } catch (error) {
        // An abort is the caller's own reason, not a failure of AWS.
        signal.throwIfAborted();
        const failure = awsFailure(error, subject, this.#parts.redact);
        tell(failure.code);
        if (failure.code === "RateLimited") await budget.throttled?.(failure.retryAfterMs);
        const waitMs = attempt < attempts ? retryIn(failure, operation, command.input, attempt, patience) : undefined;
        if (waitMs === undefined) throw this.#noted(failure, operation, attempt);
        await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  }

  #timed(operation: string, attempt: number): (code: string) => void {
    const { onCall } = this.#parts.context;
    if (!onCall) return () => undefined;
    const startedAt = Date.now();
    const clock = performance.now();
    const call = `${this.#name}:${operation}`;
    const isBlock = operation.endsWith("SnapshotBlock");
    return (code) => onCall({ call, code, attempt, isBlock, startedAt, durationMs: performance.now() - clock });
  }

  async #once(client: SdkClient, command: AnyCommand, abortSignal: AbortSignal): Promise<unknown> {
    const { carried, patience } = this.#parts;
    const bytes = bodyBytes(command.input);
    carried.bytes += bytes;
    try {
      const onItsWayMs = bytes === 0 ? 0 : (carried.bytes / patience.slowestBytesPerSecond) * 1_000;
      return await client.send(command as never, {
        abortSignal,
        requestTimeout: patience.requestTimeoutMs + onItsWayMs,
      });
    } finally {
      carried.bytes -= bytes;
    }
  }

  destroy(): void {
    void this.#loading?.then(
      ({ client }) => client.destroy(),
      () => undefined,
    );
  }

  #loadOnce(): Promise<{ sdk: Sdk; client: SdkClient }> {
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

function bodyBytes(input: { readonly BlockData?: unknown; readonly Body?: unknown }): number {
  const body = input.BlockData ?? input.Body;
  return body instanceof Uint8Array ? body.byteLength : 0;
}

/** Milliseconds until the next try; undefined when it makes no sense, or might make a second resource. */
function retryIn(
  failure: ProviderError,
  operation: string,
  input: object,
  attempt: number,
  { firstRetryMs }: AwsPatience,
): number | undefined {
  if (!isProviderError(failure, "RateLimited", "Unavailable", "Timeout")) return undefined;
  // AWS answered that it did nothing; otherwise nobody knows whether it did.
  const refused = failure.code === "RateLimited" || vendorCode(failure) === "RequestTimeTooSkewed";
  if (!refused && !isRepeatable(operation, input)) return undefined;
  const asked = failure.retryAfterMs;
  if (asked !== undefined) return asked <= longestRetryAfterMs ? asked : undefined;
  // "Exponential back-off and jitter": half of it is drawn, so that many workers spread.
  const most = Math.min(longestBackOffMs, firstRetryMs * 2 ** (attempt - 1));
  return most / 2 + Math.random() * (most / 2);
}

/** What creates something without a client token is looked up by its tag before it is tried again, by the caller. */
function isRepeatable(operation: string, input: object): boolean {
  if (!/^(Create|Allocate|Register|Attach|Associate|Import)/.test(operation)) return true;
  if (operation === "CreateTags" || operation === "RegisterTargets") return true;
  return "ClientToken" in input && input.ClientToken !== undefined;
}
