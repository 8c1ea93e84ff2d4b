/** How figures are written: short, with their unit, the same everywhere. */

const binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** `1536` → `1.5 KiB`. Undefined stays a dash: unknown is not 0. */
export function bytes(value: number | undefined): string {
  if (value === undefined) return "–";
  const step = value < 1 ? 0 : Math.min(binary.length - 1, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1024 ** step;
  return `${trim(scaled, scaled < 10 && step > 0 ? 1 : 0)} ${binary[step]}`;
}

/** Memory and disks are told in GiB. */
export function gib(value: number | undefined): string {
  return value === undefined ? "–" : trim(value / 2 ** 30, value < 10 * 2 ** 30 ? 2 : 0);
}

/** `95` → `1 min 35 s`; two units at most. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return "–";
  if (seconds < 1) return seconds <= 0 ? "0 s" : `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 10) return `${trim(seconds, 1)} s`;
  const whole = Math.round(seconds);
  const units: readonly (readonly [number, string])[] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const first = units.findIndex(([size]) => whole >= size);
  const [size, unit] = units[first] ?? [1, "s"];
  const [smaller, smallUnit] = units[first + 1] ?? [1, ""];
  const rest = Math.floor((whole % size) / smaller);
  const head = `${Math.floor(whole / size)} ${unit}`;
  return smallUnit === "" || rest === 0 ? head : `${head} ${rest} ${smallUnit}`;
}

/** How long ago, as people say it: `12 min ago`. */
export function ago(iso: string | undefined, now: number): string {
  if (iso === undefined) return "never";
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < -1) return `in ${coarse(-seconds)}`;
  return seconds < 2 ? "now" : `${coarse(seconds)} ago`;
}

/** One unit only. */
export function coarse(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${count(Math.floor(seconds / 86_400))} d`;
}

export interface Money {
  readonly micros: number;
  readonly currency: string;
}

/** Whole units from 100 on, else with cents; unknown is a dash. */
export function money(value: Money | undefined): string {
  if (value === undefined) return "–";
  const amount = value.micros / 1e6;
  const digits = Math.abs(amount) >= 1_000 ? 0 : 2;
  const text = grouped(Math.abs(amount).toFixed(digits));
  const sign = amount < 0 ? "−" : "";
  return value.currency === "USD" ? `${sign}$${text}` : `${sign}${text} ${value.currency}`;
}

/** `1284` → `1 284`, with a narrow space that does not break. */
export function count(value: number | undefined): string {
  return value === undefined ? "–" : grouped(String(value));
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** UTC, to the second: `2026-11-24 10:00:05`. */
export function time(iso: string | undefined): string {
  return iso === undefined ? "–" : iso.slice(0, 19).replace("T", " ");
}

/** So many hours from a moment, as the API wants times. */
export function hoursFrom(from: number, hours: number): string {
  return new Date(from + hours * 3_600_000).toISOString();
}

/** `awaiting-finalize` → `awaiting finalize`. */
export function words(text: string): string {
  return text.replaceAll(/[-_]/g, " ");
}

function trim(value: number, digits: number): string {
  return grouped(value.toFixed(digits).replace(/\.0+$/, ""));
}

function grouped(text: string): string {
  const [whole = "", fraction] = text.split(".");
  const spaced = whole.replaceAll(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
  return fraction === undefined ? spaced : `${spaced}.${fraction}`;
}
