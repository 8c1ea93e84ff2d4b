import { setTimeout as sleep } from "node:timers/promises";
import type { GcpPatience } from "./settings.ts";

/** Asks until there is an answer; nothing outlives the call. @throws the signal's reason once it is aborted. */
export async function poll<T>(
  ask: () => Promise<T | undefined>,
  { pollMs }: Pick<GcpPatience, "pollMs">,
  signal: AbortSignal,
): Promise<T> {
  for (let pauseMs = pollMs.first; ; pauseMs = Math.min(pollMs.most, pauseMs * 1.5)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
