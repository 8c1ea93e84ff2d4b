import { setTimeout as sleep } from "node:timers/promises";
import type { AzurePatience } from "./settings.ts";

/**
 * Asks until there is an answer. The pauses begin short and grow; nothing outlives the call, so any process can go on asking.
 * @throws the signal's reason once it is aborted; what `ask` throws.
 */
export async function poll<T>(
  ask: () => Promise<T | undefined>,
  { pollMs }: Pick<AzurePatience, "pollMs">,
  signal: AbortSignal,
): Promise<T> {
  for (let pauseMs = pollMs.first; ; pauseMs = Math.min(pollMs.most, pauseMs * 1.5)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
