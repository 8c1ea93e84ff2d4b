import { nextMonth } from "../domain/cost.ts";

const dayMs = 86_400_000;

/** The days of a billing month that have begun, `to` being the one after the last; undefined for a month that has not. */
export function begunDays(month: string, now = Date.now()): { readonly from: string; readonly to: string } | undefined {
  const from = `${month}-01`;
  const tomorrow = dayOf(now + dayMs);
  const end = nextMonth(month);
  const to = end < tomorrow ? end : tomorrow;
  return from < to ? { from, to } : undefined;
}

/** So many days from today on. */
export function comingDays(days: number, now = Date.now()): { readonly from: string; readonly to: string } {
  return { from: dayOf(now), to: dayOf(now + days * dayMs) };
}

export function dayOf(at: number | Date): string {
  return new Date(at).toISOString().slice(0, 10);
}
