/**
 * What a VM used over time, at even steps. A gap is NaN. Memory is absent where the site cannot see into the guest, and
 * so are network and disk where it does not measure them.
 */
export interface UsageSeries {
  /** Of the first sample. */
  readonly startMs: number;
  readonly stepSeconds: number;
  /** CPUs in use: 0.5 is half of one. */
  readonly cpu: Float64Array;
  readonly memoryBytes?: Float64Array;
  /** In and out together. */
  readonly networkBytesPerSecond?: Float64Array;
  /** Read and written together. */
  readonly diskBytesPerSecond?: Float64Array;
}

/** In how many hours it was measured, as days: gaps do not count. */
export function measuredDays(values: Float64Array, stepSeconds: number): number {
  const perHour = Math.max(1, Math.round(3_600 / stepSeconds));
  let hours = 0;
  for (let start = 0; start < values.length; start += perHour) {
    const end = Math.min(values.length, start + perHour);
    let measured = false;
    for (let at = start; at < end && !measured; at++) measured = !Number.isNaN(values[at]);
    if (measured) hours += (stepSeconds * (end - start)) / 3_600;
  }
  return hours / 24;
}

/** The value that the given share of the samples does not exceed; 0 where there are none. */
export function quantile(values: Float64Array, share: number): number {
  const measured = values.filter((value) => !Number.isNaN(value)).sort();
  if (measured.length === 0) return 0;
  return measured[Math.min(measured.length - 1, Math.max(0, Math.ceil(share * measured.length) - 1))] ?? 0;
}

export function highest(values: Float64Array): number {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}

/** The most that was used in two samples running, gaps left out: one alone may be a reading that went wrong. */
export function heldPeak(values: Float64Array): number {
  let [most, before] = [0, Number.NaN];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    const held = Math.min(before, value);
    if (held > most) most = held;
    before = value;
  }
  return most;
}

/** The same series without what lies outside of the samples `from` to `to`. */
export function part(series: UsageSeries, from: number, to: number): UsageSeries {
  const { memoryBytes, networkBytesPerSecond, diskBytesPerSecond, stepSeconds } = series;
  return {
    startMs: series.startMs + from * stepSeconds * 1000,
    stepSeconds,
    cpu: series.cpu.subarray(from, to),
    ...(memoryBytes ? { memoryBytes: memoryBytes.subarray(from, to) } : {}),
    ...(networkBytesPerSecond ? { networkBytesPerSecond: networkBytesPerSecond.subarray(from, to) } : {}),
    ...(diskBytesPerSecond ? { diskBytesPerSecond: diskBytesPerSecond.subarray(from, to) } : {}),
  };
}
