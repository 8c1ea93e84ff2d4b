import type { MetricsQuery } from "./metrics-facet.ts";

export interface WholeSpans {
  /** Milliseconds; the first span's beginning… */
  readonly start: number;
  /** …and the last one's end: a span that is not over says too little. */
  readonly end: number;
  readonly seconds: number;
}

/** The spans of a query's time that a site can be asked about; undefined where none of them is over. */
export function wholeSpans({ from, to }: Pick<MetricsQuery, "from" | "to">, seconds: number): WholeSpans | undefined {
  const whole = (at: string) => Math.floor(Date.parse(at) / 1_000 / seconds) * seconds * 1_000;
  const [start, end] = [whole(from), whole(to)];
  return start < end ? { start, end, seconds } : undefined;
}

/** A span at least as long as was asked for that is a multiple of the site's shortest one, seconds. */
export function spanOf({ stepSeconds }: Pick<MetricsQuery, "stepSeconds">, shortestSeconds: number): number {
  return Math.ceil(Math.max(stepSeconds, shortestSeconds) / shortestSeconds) * shortestSeconds;
}

/** From what a site says of a span to our unit: percent to a ratio… */
export const ratioOf = (percent: number): number => percent / 100;
/** …and a sum to what came each second. */
export const perSecond = (sum: number, seconds: number): number => sum / seconds;
/** The other way: from a ratio to percent… */
export const percentOf = (ratio: number): number => rounded(ratio * 100);
/** …and from what comes each second to the sum of a span. */
export const inSpan = (rate: number, seconds: number): number => rounded(rate * seconds);

/** Without what binary fractions leave at the end: 0.57 is 57 percent. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
