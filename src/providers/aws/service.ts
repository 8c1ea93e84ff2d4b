import type { ProviderError } from "../../domain/errors.ts";
import type { Subject } from "../failures.ts";
import type { ProviderContext } from "../provider.ts";
import { CallBudgets, callVendor } from "../vendor-calls.ts";
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

/** One of AWS's services: its SDK is loaded with the first call. Calls keep the account's budget, are repeated a few times
 *  where that can do no harm, and fail with the union's codes. */
export class AwsService<Sdk> {
  readonly #name: string;
  readonly #parts: ServiceParts;
  readonly #load: () => Promise<{ sdk: Sdk; client: SdkClient }>;
  readonly #budgets: CallBudgets;
  #loading: Promise<{ sdk: Sdk; client: SdkClient }> | undefined;

  constructor(name: string, parts: ServiceParts, load: () => Promise<{ sdk: Sdk; client: SdkClient }>) {
    this.#name = name;
    this.#parts = parts;
    this.#load = load;
    this.#budgets = new CallBudgets(parts.context);
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
    const call = `${this.#name}:${operation}`;
    const { context, patience, redact } = this.#parts;
    const { firstRetryMs } = patience;
    const attempts = /SnapshotBlocks?$|ChangedBlocks$/.test(operation) ? patience.blockAttempts : patience.attempts;
    const repeats = {
      ...{ call, attempts, firstRetryMs, isBlock: operation.endsWith("SnapshotBlock") },
      budget: this.#budgets.of(call, rateOf(this.#name, operation)),
      failureOf: (error: unknown) => awsFailure(error, subject, redact),
      // AWS answered that it did nothing; otherwise nobody knows whether it did.
      isHarmless: (failure: ProviderError) =>
        failure.code === "RateLimited" ||
        vendorCode(failure) === "RequestTimeTooSkewed" ||
        isRepeatable(operation, command.input),
    };
    return callVendor(repeats, context, signal, async () =>
      read((await this.#once(client, command, signal)) as OutputOf<C>),
    );
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
}

function bodyBytes(input: { readonly BlockData?: unknown; readonly Body?: unknown }): number {
  const body = input.BlockData ?? input.Body;
  return body instanceof Uint8Array ? body.byteLength : 0;
}

/** What creates something without a client token is looked up by its tag before it is tried again, by the caller. */
function isRepeatable(operation: string, input: object): boolean {
  if (!/^(Create|Allocate|Register|Attach|Associate|Import)/.test(operation)) return true;
  if (operation === "CreateTags" || operation === "RegisterTargets") return true;
  return "ClientToken" in input && input.ClientToken !== undefined;
}
