import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pauses } from "../poll.ts";

/** What the SDK gives for an operation that takes its time. */
interface Poller<T> {
  readonly isDone: boolean;
  poll(options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
  /** Its result, or its failure. */
  pollUntilDone(options: { readonly abortSignal: AbortSignal }): Promise<T>;
}

/** One look at an operation, and what Azure's answer asks for until the next one. */
interface Look {
  retryAfterMs: number;
}

const looking = new AsyncLocalStorage<Look>();

/** Called with each answer's `Retry-After`, in seconds: counts where an operation is being looked at. */
export function noteRetryAfter(seconds: string | undefined): void {
  const look = looking.getStore();
  if (look) look.retryAfterMs = Number(seconds ?? 0) * 1_000 || 0;
}

/**
 * Waits for what a call of the SDK began, and takes what has no operation as it is. It is looked at soon and then ever less
 * often; where Azure says when to look again, then. The SDK's own loop keeps to one interval, which would be too long for what
 * ends at once or too short for what takes minutes.
 * @throws what the operation failed with; the signal's reason once it is aborted.
 */
export async function untilDone<T>(began: PromiseLike<T>, { pollMs }: Pauses, signal: AbortSignal): Promise<T> {
  if (!isPoller(began)) return began;
  const abortSignal = signal;
  for (let pauseMs = pollMs.first; !began.isDone; pauseMs = Math.min(pollMs.most, pauseMs * 1.5)) {
    const look: Look = { retryAfterMs: 0 };
    await looking.run(look, () => began.poll({ abortSignal }));
    if (began.isDone) break;
    await sleep(look.retryAfterMs || pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
  return began.pollUntilDone({ abortSignal });
}

function isPoller<T>(began: PromiseLike<T>): began is PromiseLike<T> & Poller<T> {
  return "pollUntilDone" in began;
}
