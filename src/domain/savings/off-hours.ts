import type { UsageSeries } from "./usage.ts";

/** Hours in which something is off, each week the same, in UTC; the week begins on Monday at 0:00. */
export interface OffHours {
  /** `nights 20–6`, for a person. */
  readonly name: string;
  /** The first hour of the day that is off, and how many; none are off by day without. */
  readonly nights?: { readonly from: number; readonly hours: number };
  readonly weekends: boolean;
}

const hoursOfWeek = 168;
const mondayMs = 4 * 86_400_000;
const hourMs = 3_600_000;

/** Of the hours of a week. */
export function isOff({ nights, weekends }: OffHours, hourOfWeek: number): boolean {
  if (weekends && hourOfWeek >= 120) return true;
  if (!nights) return false;
  return ((hourOfWeek % 24) - nights.from + 24) % 24 < nights.hours;
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

export function peakWhileOff(peaks: Float64Array, off: OffHours): number {
  let peak = 0;
  for (let hour = 0; hour < hoursOfWeek; hour++) if (isOff(off, hour)) peak = Math.max(peak, peaks[hour] ?? 0);
  return peak;
}

const nightHours = [14, 12, 10, 8];

/** The schedule with the most hours off in which use never exceeded the limit; undefined when there is none. */
export function longestOff(peaks: Float64Array, limit: number): OffHours | undefined {
  for (const weekends of [true, false]) {
    if (weekends && peakWhileOff(peaks, { name: "", weekends }) > limit) continue;
    const quietest = nightHours.flatMap((hours) => {
      const tried = Array.from({ length: 24 }, (_, from) => {
        const off: OffHours = { name: named({ from, hours }, weekends), nights: { from, hours }, weekends };
        return { off, peak: peakWhileOff(peaks, off) };
      });
      const [best] = tried.sort((a, b) => a.peak - b.peak);
      return best && best.peak <= limit ? [best.off] : [];
    })[0];
    if (quietest) return quietest;
    if (weekends) return { name: "weekends", weekends: true };
  }
  return undefined;
}

function named({ from, hours }: { from: number; hours: number }, weekends: boolean): string {
  return `nights ${from}–${(from + hours) % 24} UTC${weekends ? " and weekends" : ""}`;
}
