import type { HealthTarget } from "../domain/health-probe.ts";
import type { Probe } from "../domain/site-health.ts";
import { whyNoConnection } from "./tcp-probe.ts";

/** One look at an address: whether it takes a connection and, where it is to, answers HTTP. Never throws. */
export async function probeTarget(of: HealthTarget, withinMs: number, signal: AbortSignal): Promise<Probe> {
  const begun = performance.now();
  const { kind, target } = of;
  const told = (result: Probe["result"], reason?: string): Probe => {
    const tookMs = Math.round(performance.now() - begun);
    return { kind, target, result, tookMs, ...(reason === undefined ? {} : { reason }) };
  };
  const unreached = await whyNoConnection(of, withinMs);
  if (unreached !== undefined) return told("failed", unreached);
  if (!of.http) return told("ok");
  const leftMs = Math.max(1, withinMs - (performance.now() - begun));
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(leftMs)]);
    const response = await fetch(target, { signal: within, redirect: "manual" });
    await response.body?.cancel();
    return told("ok", response.status >= 400 ? `HTTP ${response.status}` : undefined);
  } catch (error) {
    // It was reached: that it says nothing, or something else than HTTP, is no outage of its site.
    return told("slow", error instanceof Error ? error.message : String(error));
  }
}
