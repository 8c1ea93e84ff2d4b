import type { UsageSeries } from "./usage.ts";

/** Hours in which something is off, each week the same, in UTC; the week begins on Monday at 0:00. */
export interface OffHours {
  /** `nights 20–6`, for a person. */
  readonly name: string;
  /** The first hour of the day that is off, and how many; none are off by day without. */
  readonly nights?: { readonly from: number; readonly hours: number };
  readonly weekends: boolean;
}

const hoursOfDay = 24;
const hoursOfWeek = 168;
/** Its end. */
const friday = 120;
const mondayMs = 4 * 86_400_000;
const hourMs = 3_600_000;

/** Of the hours of a week. */
export function isOff({ nights, weekends }: OffHours, hourOfWeek: number): boolean {
  if (weekends && hourOfWeek >= friday) return true;
  if (!nights) return false;
  return ((hourOfWeek % hoursOfDay) - nights.from + hoursOfDay) % hoursOfDay < nights.hours;
}

export function shareOff(off: OffHours): number {
  let count = 0;
  for (let hour = 0; hour < hoursOfWeek; hour++) if (isOff(off, hour)) count += 1;
  return count / hoursOfWeek;
}

/** The highest CPU use in each hour of the week. */
export function peaksByHour({ cpu, startMs, stepSeconds }: UsageSeries): Float64Array {
  const peaks = new Float64Array(hoursOfWeek);
  for (const [index, value] of cpu.entries()) {
    const hour = Math.floor((startMs + index * stepSeconds * 1000 - mondayMs) / hourMs) % hoursOfWeek;
    if (value > (peaks[hour] ?? 0)) peaks[hour] = value;
  }
  return peaks;
}

export function peakWhileOff(peaks: Float64Array, { nights, weekends }: Pick<OffHours, "nights" | "weekends">): number {
  let peak = 0;
  for (let hour = weekends ? friday : hoursOfWeek; hour < hoursOfWeek; hour++) peak = Math.max(peak, peaks[hour] ?? 0);
  if (!nights) return peak;
  for (let day = 0; day < hoursOfWeek; day += hoursOfDay) {
    for (let hour = nights.from; hour < nights.from + nights.hours; hour++) {
      peak = Math.max(peak, peaks[day + (hour % hoursOfDay)] ?? 0);
    }
  }
  return peak;
}

const nightHours = [14, 12, 10, 8];

/** The schedule with the most hours off in which use never exceeded the limit; undefined when there is none. */
export function longestOff(peaks: Float64Array, limit: number): OffHours | undefined {
  for (const weekends of [true, false]) {
    if (weekends && peakWhileOff(peaks, { weekends }) > limit) continue;
    for (const hours of nightHours) {
      let [quietest, from] = [Number.POSITIVE_INFINITY, 0];
      for (let tried = 0; tried < hoursOfDay; tried++) {
        const peak = peakWhileOff(peaks, { nights: { from: tried, hours }, weekends });
        if (peak < quietest) [quietest, from] = [peak, tried];
      }
      if (quietest > limit) continue;
      return { name: named({ from, hours }, weekends), nights: { from, hours }, weekends };
    }
    if (weekends) return { name: "weekends", weekends: true };
  }
  return undefined;
}

function named({ from, hours }: { from: number; hours: number }, weekends: boolean): string {
  return `nights ${from}–${(from + hours) % 24} UTC${weekends ? " and weekends" : ""}`;
}
