import { SearchError } from "./problem.ts";
import type { Bound, Pattern } from "./query.ts";
import type { Word } from "./tokens.ts";

/** From (inclusive) to (exclusive), in milliseconds since 1970. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const durationUnits: Readonly<Record<string, number>> = {
  s: 1_000,
  m: minute,
  min: minute,
  h: hour,
  d: day,
  w: 7 * day,
  mo: 30 * day,
  y: 365 * day,
};
const byteUnits: Readonly<Record<string, number>> = {
  "": 2 ** 30,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
};

/** `30d`, `1.5h` in milliseconds. */
export function readDuration(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)([a-z]+)$/i.exec(text) ?? [];
  const scale = durationUnits[unit.toLowerCase()];
  return amount === undefined || scale === undefined ? undefined : Math.round(Number(amount) * scale);
}

/** A day, a month, a year or a moment; days and months are those of UTC. */
export function readPeriod(text: string, now: number): Period | undefined {
  const today = now - (now % day);
  if (/^today$/i.test(text)) return { from: today, to: today + day };
  if (/^yesterday$/i.test(text)) return { from: today - day, to: today };
  if (/^now$/i.test(text)) return { from: now, to: now };
  const date = /^(?!0000)(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(text);
  if (date) {
    const [, year, month, dayOfMonth] = date.map(Number) as [number, number, number, number];
    const from = utc(year, date[2] ? month : 1, date[3] ? dayOfMonth : 1);
    const to = date[3] ? utc(year, month, dayOfMonth, 1) : date[2] ? utc(year, month + 1, 1) : utc(year + 1, 1, 1);
    const exact = new Date(from);
    // The 31st of February would be a day in March.
    const real = !date[3] || (exact.getUTCMonth() + 1 === month && exact.getUTCDate() === dayOfMonth);
    return real && Number.isFinite(from) && (!date[2] || (month >= 1 && month <= 12)) ? { from, to } : undefined;
  }
  const time = /^(?!0000)\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(?:\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/i.exec(text);
  if (!time) return undefined;
  const from = Date.parse(time[2] ? text : `${text}Z`);
  if (Number.isNaN(from)) return undefined;
  return { from, to: from + (time[1]?.includes(".") ? 1 : time[1] ? 1_000 : minute) };
}

function utc(year: number, month: number, dayOfMonth: number, plusDays = 0): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, dayOfMonth + plusDays);
  return date.getTime();
}

/** Numbers as the field counts: whole units or bytes or micro-dollars. @throws SearchError */
export function readNumber(word: Word, field: string): number {
  const [, amount = "", unit = ""] = /^\$?(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(word.text) ?? [];
  const bytes = field === "memory" || field === "size";
  const scale = bytes ? byteUnits[unit.toLowerCase()] : unit === "" ? (field === "cost" ? 1e6 : 1) : undefined;
  if (amount === "" || scale === undefined || (word.text.startsWith("$") && field !== "cost")) {
    const example = bytes ? "16GiB (16 means GiB)" : field === "cost" ? "100 (dollars a month)" : "4";
    throw new SearchError(word, `${word.text || '""'} is not a value of ${field}`, `Write it like ${example}.`);
  }
  return bytes || field === "cost" ? Math.round(Number(amount) * scale) : Number(amount) * scale;
}

/** `a..b`, `a..` or `..b`; undefined where there are no two dots. */
export function splitRange(word: Word): { from?: Word; to?: Word } | undefined {
  if (word.quoted) return undefined;
  const at = word.text.indexOf("..");
  if (at < 0) return undefined;
  const part = (start: number, end: number): Word | undefined =>
    end > start
      ? { text: word.text.slice(start, end), quoted: false, start: word.start + start, end: word.start + end }
      : undefined;
  const from = part(0, at);
  const to = part(at + 2, word.text.length);
  if (!from && !to) throw new SearchError(word, "A range needs one end at least", "Write it like 2..8, 2.. or ..8.");
  return { ...(from ? { from } : {}), ...(to ? { to } : {}) };
}

/** `*` stands for any text, unless it is quoted. */
export function readPattern(word: Word): Pattern {
  if (word.quoted || !word.text.includes("*")) return { type: "exact", value: word.text };
  // Several stars in a row say no more than one.
  return { type: "glob", pieces: word.text.split(/\*+/) };
}

export function inclusive(value: number): Bound {
  return { value, inclusive: true };
}

export function exclusive(value: number): Bound {
  return { value, inclusive: false };
}
