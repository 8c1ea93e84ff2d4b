import { type BurstSignal, toleratedIntervals } from "./burst-pool.ts";

/** One figure of a pool at one moment. */
export interface BurstSample {
  readonly atMs: number;
  readonly value: number;
}

/** `unknown`: no sample that is young enough; that is not zero. `over`: above the threshold, not for long enough yet. */
export type SignalState = "unknown" | "under" | "between" | "over" | "sustained";

export interface SignalReading {
  readonly metric: string;
  readonly state: SignalState;
  /** Of the youngest sample; absent when it is unknown. */
  readonly value?: number;
  readonly threshold: number;
  /** Since when it has been above the threshold without a hole. */
  readonly overSinceMs?: number;
  readonly detail: string;
}

/**
 * How a signal stands, by the times that samples are of: one that came late fills its place in between. A hole of more than
 * {@link toleratedIntervals} intervals ends what was sustained before it, as nobody knows what was in it.
 */
export function readSignal(
  signal: BurstSignal,
  samples: readonly BurstSample[],
  { nowMs, sampleSeconds }: { readonly nowMs: number; readonly sampleSeconds: number },
): SignalReading {
  const { metric, threshold, releaseUnder, sustainSeconds } = signal;
  const holeMs = toleratedIntervals * sampleSeconds * 1000;
  const known = samples.filter(({ atMs }) => atMs <= nowMs).toSorted((a, b) => b.atMs - a.atMs);
  const [newest] = known;
  if (!newest || nowMs - newest.atMs > holeMs) {
    const since = newest ? `for ${seconds(nowMs - newest.atMs)}` : "yet";
    const detail = `${metric}: no sample ${since}, which is not taken for zero`;
    return { metric, state: "unknown", threshold, detail };
  }
  const { value } = newest;
  const said = `${metric} is ${figureOf(value)}`;
  if (value <= threshold) {
    const state = value < releaseUnder ? "under" : "between";
    const beside = state === "under" ? `under ${releaseUnder}` : `from ${releaseUnder} to ${threshold}`;
    return { metric, state, value, threshold, detail: `${said}, ${beside}` };
  }
  let first = newest;
  for (const sample of known) {
    if (sample.value <= threshold || first.atMs - sample.atMs > holeMs) break;
    first = sample;
  }
  const overSinceMs = first.atMs;
  const lastedMs = nowMs - overSinceMs;
  const over = { metric, value, threshold, overSinceMs };
  if (lastedMs >= sustainSeconds * 1000) {
    const how = sustainSeconds === 0 ? "" : ` for ${seconds(lastedMs)}`;
    return { ...over, state: "sustained", detail: `${said}, above ${threshold}${how}` };
  }
  const detail = `${said}, above ${threshold} for ${seconds(lastedMs)} of ${sustainSeconds} s`;
  return { ...over, state: "over", detail };
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

export function figureOf(value: number): string {
  return String(Number(value.toPrecision(3)));
}
