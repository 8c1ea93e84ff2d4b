import type { Meter, MeteredSpan } from "./meter.ts";
import type { RateCard } from "./rate-card.ts";

/** What something cost on a day. */
export interface BillLine {
  /** `2026-11-29`. */
  readonly day: string;
  readonly kind: "instance" | "disk";
  readonly item: string;
  readonly region: string;
  readonly zone?: string;
  readonly resourceId: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Hours of an instance, GiB-hours of a disk. */
  readonly usage: number;
  /** US dollars for one of them. */
  readonly rate: number;
  readonly usd: number;
  readonly spot: boolean;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const usualPastDays = 28;

/** A simulated cloud's bill: what was metered, at the list prices that come with the product. What has no price there is not on
 *  it, as nobody knows what it costs. */
export class Bill {
  readonly #meter: Meter;
  readonly #rates: RateCard;

  constructor(meter: Meter, rates: RateCard) {
    this.#meter = meter;
    this.#rates = rates;
  }

  /** Of whole days, `to` being the one after the last; nothing is charged ahead of now. */
  lines(from: string, to: string, now = Date.now()): BillLine[] {
    const lines: BillLine[] = [];
    for (let start = Date.parse(from); start < Math.min(Date.parse(to), now); start += dayMs) {
      const end = Math.min(start + dayMs, now);
      const day = new Date(start).toISOString().slice(0, 10);
      for (const span of this.#meter.spans(start, end)) {
        const hours = (Math.min(span.to ?? end, end) - Math.max(span.from, start)) / hourMs;
        const rate = this.#rateOf(span);
        if (rate === undefined || hours <= 0) continue;
        const { kind, item, region, zone, resourceId, name, tags, spot = false } = span;
        const usage = hours * (kind === "disk" ? span.quantity : 1);
        const what = { day, kind, item, region, resourceId, name, tags, spot };
        lines.push({ ...what, ...(zone === undefined ? {} : { zone }), usage, rate, usd: usage * rate });
      }
    }
    return lines;
  }

  /** The simulation's own guess: each day to come costs what the whole ones of the last four weeks did on average. Undefined
   *  without a whole day that cost anything. */
  forecastDay(wanted: (line: BillLine) => boolean, now = Date.now()): number | undefined {
    const today = new Date(now).toISOString().slice(0, 10);
    const from = new Date(Date.parse(today) - usualPastDays * dayMs).toISOString().slice(0, 10);
    const past = this.lines(from, today, now).filter(wanted);
    const first = past[0]?.day;
    if (first === undefined) return undefined;
    return past.reduce((sum, { usd }) => sum + usd, 0) / ((Date.parse(today) - Date.parse(first)) / dayMs);
  }

  #rateOf({ kind, item, region, spot }: MeteredSpan): number | undefined {
    return kind === "instance" ? this.#rates.instanceHour(region, item, spot) : this.#rates.diskHour(region, item);
  }
}

/** Lines of the same group added up, in the order in which groups first come. */
export function grouped(
  lines: readonly BillLine[],
  keysOf: (line: BillLine) => readonly string[],
): { readonly keys: readonly string[]; readonly usd: number; readonly usage: number }[] {
  const groups = new Map<string, { keys: readonly string[]; usd: number; usage: number }>();
  for (const line of lines) {
    const keys = keysOf(line);
    const id = JSON.stringify(keys);
    const group = groups.get(id) ?? { keys, usd: 0, usage: 0 };
    groups.set(id, { keys, usd: group.usd + line.usd, usage: group.usage + line.usage });
  }
  return [...groups.values()];
}

/** Each day of the time, `to` being the one after the last. */
export function daysOf(from: string, to: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(from); at < Date.parse(to); at += dayMs) days.push(new Date(at).toISOString().slice(0, 10));
  return days;
}
