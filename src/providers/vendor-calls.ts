import { setTimeout as sleep } from "node:timers/promises";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { CallBudget, ProviderContext } from "./provider.ts";

/** A longer wait than this is the caller's affair: it is passed on with the failure. */
const longestRetryAfterMs = 5_000;
const longestBackOffMs = 3_000;

/** A request to a vendor, as the repeats of all clouds' clients see it. */
export interface VendorCall {
  /** As metrics have it: `core:GetVnic`. */
  readonly call: string;
  /** As a failure tells it. Default the same. */
  readonly operation?: string;
  /** It carries a block of a disk. */
  readonly isBlock?: boolean;
  readonly budget: CallBudget;
  /** In all. */
  readonly attempts: number;
  readonly firstRetryMs: number;
  failureOf(error: unknown): ProviderError;
  /** Whether a repeat after this passing failure makes no second of anything. */
  isHarmless(failure: ProviderError): boolean;
}

/**
 * Makes a request within its budget and repeats it a few times where that can do no harm, after the wait that the vendor asked
 * for, or with exponential back-off and jitter.
 * @throws ProviderError with the call's own code; the signal's reason once that is aborted.
 */
export async function callVendor<T>(
  call: VendorCall,
  context: Pick<ProviderContext, "log" | "onCall">,
  signal: AbortSignal,
  send: () => Promise<T>,
): Promise<T> {
  const { budget, attempts } = call;
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    await budget.take(signal);
    const tell = timed(call, context, attempt);
    try {
      const answer = await send();
      tell("ok");
      return answer;
    } catch (error) {
      // An abort is the caller's own reason, not a failure of the vendor's.
      signal.throwIfAborted();
      const failure = call.failureOf(error);
      tell(failure.code);
      if (failure.code === "RateLimited") await budget.throttled?.(failure.retryAfterMs);
      const waitMs = attempt < attempts ? retryIn(call, failure, attempt) : undefined;
      if (waitMs === undefined) throw noted(call, context, failure, attempt);
      await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** The budgets of a site's families of calls, each made once. */
export class CallBudgets {
  readonly #context: Pick<ProviderContext, "budget">;
  readonly #made = new Map<string, CallBudget>();

  constructor(context: Pick<ProviderContext, "budget">) {
    this.#context = context;
  }

  of(name: string, rate: Parameters<ProviderContext["budget"]>[1]): CallBudget {
    const known = this.#made.get(name);
    if (known) return known;
    const made = this.#context.budget(name, rate);
    this.#made.set(name, made);
    return made;
  }
}

function timed(
  { call, isBlock = false }: VendorCall,
  { onCall }: Pick<ProviderContext, "onCall">,
  attempt: number,
): (code: string) => void {
  if (!onCall) return () => undefined;
  const startedAt = Date.now();
  const clock = performance.now();
  return (code) => onCall({ call, code, attempt, isBlock, startedAt, durationMs: performance.now() - clock });
}

/** Milliseconds until the next try; undefined when it makes no sense, or might make a second resource. */
function retryIn(
  { firstRetryMs, isHarmless }: VendorCall,
  failure: ProviderError,
  attempt: number,
): number | undefined {
  if (!isProviderError(failure, "RateLimited", "Unavailable", "Timeout") || !isHarmless(failure)) return undefined;
  const asked = failure.retryAfterMs;
  if (asked !== undefined) return asked <= longestRetryAfterMs ? asked : undefined;
  // Half of it is drawn, so that many workers spread.
  const most = Math.min(longestBackOffMs, firstRetryMs * 2 ** (attempt - 1));
  return most / 2 + Math.random() * (most / 2);
}

function noted(
  { call, operation = call }: VendorCall,
  { log }: Pick<ProviderContext, "log">,
  failure: ProviderError,
  attempt: number,
): ProviderError {
  const facts = { ...failure.details.facts, operation, attempt };
  if (failure.code === "Unknown") log("warn", failure.message, facts);
  return new ProviderError(failure.code, { ...failure.details, facts });
}
