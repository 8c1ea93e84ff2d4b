import { ProviderError } from "../../domain/errors.ts";
import { reasonOf } from "./delivery.ts";

const answerWithinMs = 10_000;

/** Tells a dead man's switch that rules are looked at: somebody outside, who raises the alarm when this stops.
 *  @throws ProviderError Unavailable. */
export async function beat(url: string, signal: AbortSignal): Promise<void> {
  let reason: string;
  try {
    const ends = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]);
    const response = await fetch(url, { method: "POST", redirect: "error", signal: ends });
    await response.body?.cancel();
    if (response.ok) return;
    reason = `it answered ${response.status}`;
  } catch (error) {
    signal.throwIfAborted();
    reason = reasonOf(error);
  }
  throw new ProviderError("Unavailable", {
    operation: "tell the dead man's switch",
    resource: "alerting.heartbeat_url",
    reason,
    action: "Look whether the URL is right; it is tried again.",
  });
}
