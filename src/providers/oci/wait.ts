import { setTimeout as sleep } from "node:timers/promises";
import type { OciPatience } from "./settings.ts";

/** Of a look-up that several callers share. */
export const lookUpWithinMs = 5 * 60_000;

/**
 * Asks until there is an answer. The pauses begin short and grow; nothing outlives the call, so any process can go on asking.
 * @throws the signal's reason once it is aborted; what `ask` throws.
 */
export async function poll<T>(
  ask: () => Promise<T | undefined>,
  { pollMs }: Pick<OciPatience, "pollMs">,
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

/** Waits for work that several callers share: who gives up leaves it to the others. @throws the signal's reason once it is aborted. */
export async function shared<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let give = () => {};
  const given = new Promise<never>((_, reject) => {
    give = () => reject(signal.reason);
    if (signal.aborted) give();
    else signal.addEventListener("abort", give, { once: true });
  });
  try {
    return await Promise.race([work, given]);
  } finally {
    signal.removeEventListener("abort", give);
  }
}
