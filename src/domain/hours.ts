/** Hours of the week: `mon-fri 22:00-06:00`, `sat,sun`, `08:00-18:00`. Those that end before they begin go on past midnight
 *  and belong to the day they begin on. */
export interface Hours {
  /** 0 is Sunday. */
  readonly days: readonly number[];
  /** Minutes of the day; 1440 is its end. */
  readonly from: number;
  readonly to: number;
}

const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMinutes = 24 * 60;
const dayMs = dayMinutes * minuteMs;
/** A week of hours, seen from any day of it, with a day on either side. */
const daysAround = { before: 1, after: 8 };

/** Undefined when it isn't such a text. */
export function parseHours(text: string): Hours | undefined {
  const parts = text.trim().toLowerCase().split(/\s+/);
  const timed = /^\d/.test(parts.at(-1) ?? "") ? parts.pop() : undefined;
  const span = timed === undefined ? { from: 0, to: dayMinutes } : parseSpan(timed);
  const days = parts.length === 0 ? [0, 1, 2, 3, 4, 5, 6] : parts.length === 1 ? parseDays(parts[0] ?? "") : undefined;
  return span && days && (timed !== undefined || parts.length > 0) ? { days, ...span } : undefined;
}

function parseSpan(text: string): { from: number; to: number } | undefined {
  const [, fromHour, fromMinute, toHour, toMinute] = /^(\d\d?):(\d\d)-(\d\d?):(\d\d)$/.exec(text) ?? [];
  if (toMinute === undefined || Number(fromMinute) > 59 || Number(toMinute) > 59) return undefined;
  const from = Number(fromHour) * 60 + Number(fromMinute);
  const to = Number(toHour) * 60 + Number(toMinute);
  return from < dayMinutes && to <= dayMinutes && from !== to ? { from, to } : undefined;
}

function parseDays(text: string): number[] | undefined {
  const days = new Set<number>();
  for (const part of text.split(",")) {
    const [first = -1, last = first] = part.split("-").map((name) => dayNames.indexOf(name));
    if (first < 0 || last < 0 || part.split("-").length > 2) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return [...days].sort((a, b) => a - b);
}

/** Whether such a zone is known: `UTC`, `Europe/Berlin`. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

export function isWithin(hours: readonly Hours[], at: number, timeZone: string): boolean {
  const local = at + offsetMs(at, timeZone);
  const minute = Math.floor((((local % dayMs) + dayMs) % dayMs) / minuteMs);
  const today = new Date(local).getUTCDay();
  const yesterday = (today + 6) % 7;
  return hours.some(({ days, from, to }) =>
    from < to
      ? days.includes(today) && minute >= from && minute < to
      : (days.includes(today) && minute >= from) || (days.includes(yesterday) && minute < to),
  );
}

/** When the answer of {@link isWithin} is another one than now; undefined when it stays what it is. Milliseconds. */
export function nextChange(hours: readonly Hours[], at: number, timeZone: string): number | undefined {
  const now = isWithin(hours, at, timeZone);
  return boundaries(hours, at, timeZone).find((time) => time > at && isWithin(hours, time, timeZone) !== now);
}

/** All beginnings and ends of hours around a time, in order. */
function boundaries(hours: readonly Hours[], at: number, timeZone: string): number[] {
  const local = at + offsetMs(at, timeZone);
  const midnight = Math.floor(local / dayMs) * dayMs;
  const times = new Set<number>();
  for (let day = -daysAround.before; day <= daysAround.after; day++) {
    for (const { from, to } of hours) {
      for (const minute of [from, to]) times.add(instantOf(midnight + day * dayMs + minute * minuteMs, timeZone));
    }
  }
  for (const time of clockChanges(at, timeZone)) times.add(time);
  return [...times].sort((a, b) => a - b);
}

/** When the zone's clocks are set in the days around: hours that begin while they skip begin then. */
function clockChanges(at: number, timeZone: string): number[] {
  const first = Math.floor(at / hourMs) * hourMs - daysAround.before * dayMs;
  const last = first + (daysAround.before + daysAround.after) * dayMs;
  if (offsetMs(first, timeZone) === offsetMs(last, timeZone)) return [];
  const hours = Array.from({ length: (last - first) / hourMs }, (_, index) => first + (index + 1) * hourMs);
  return hours.filter((time) => offsetMs(time, timeZone) !== offsetMs(time - hourMs, timeZone));
}

/** The moment at which clocks of the zone show a local time; where they skip it, one that is an hour away. */
function instantOf(local: number, timeZone: string): number {
  const guess = local - offsetMs(local, timeZone);
  return local - offsetMs(guess, timeZone);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far the zone's clocks are ahead of UTC at a moment. */
function offsetMs(at: number, timeZone: string): number {
  if (timeZone === "UTC") return 0;
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  formats.set(timeZone, format);
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}
