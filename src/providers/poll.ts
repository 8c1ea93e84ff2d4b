import { setTimeout as sleep } from "node:timers/promises";

/** How long to wait between two questions, at first and at the most, in milliseconds. */
export interface Pauses {
  readonly pollMs: { readonly first: number; readonly most: number };
}

/** Beyond it whoever waits would not be heard of for too long. */
const longestPauseMs = 1_000;

/** Asks until it is so, or `withinMs` are over, and lets `onWaiting` hear of it at least every second. */
export async function waitUntil(
  isSo: () => Promise<boolean>,
  { onWaiting, withinMs }: { readonly onWaiting?: (() => void) | undefined; readonly withinMs?: number },
  { pollMs }: Pauses,
  signal: AbortSignal,
): Promise<void> {
  const look = async (): Promise<true | undefined> => {
    if (await isSo()) return true;
    onWaiting?.();
    return undefined;
  };
  const pauses = { first: Math.min(pollMs.first, longestPauseMs), most: Math.min(pollMs.most, longestPauseMs) };
  await poll(look, { pollMs: pauses }, signal, withinMs ?? Number.POSITIVE_INFINITY);
}

/**
 * Asks until there is an answer, or `withinMs` are over. The pauses begin short and grow, as vendors' advice on polling says;
 * nothing outlives the call, so any process can go on asking.
 * @throws the signal's reason once it is aborted; what `ask` throws.
 */
export function poll<T>(ask: () => Promise<T | undefined>, pauses: Pauses, signal: AbortSignal): Promise<T>;
export function poll<T>(
  ask: () => Promise<T | undefined>,
  pauses: Pauses,
  signal: AbortSignal,
  withinMs: number,
): Promise<T | undefined>;
export async function poll<T>(
  ask: () => Promise<T | undefined>,
  { pollMs }: Pauses,
  signal: AbortSignal,
  withinMs = Number.POSITIVE_INFINITY,
): Promise<T | undefined> {
  const deadline = performance.now() + withinMs;
  for (let pauseMs = pollMs.first; ; pauseMs = Math.min(pollMs.most, pauseMs * 1.5)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return undefined;
    await sleep(Math.min(pauseMs, leftMs), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
