import { parseHours } from "../domain/hours.ts";
import type { BandwidthHours } from "../domain/move-hours.ts";

/** A value as the file may write it, read into one unit; undefined when it isn't one. */
type Reading = number | undefined;

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const bytes: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const bitsPerSecond: Readonly<Record<string, number>> = { bps: 1, Kbps: 1e3, Mbps: 1e6, Gbps: 1e9 };

export const durationPattern = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
export const sizePattern = /^\d+(?:\.\d+)?\s?(?:B|[KMGT]i?B)$/;
export const ratePattern = /^\d+(?:\.\d+)?\s?(?:bps|Kbps|Mbps|Gbps)$/;
export const percentPattern = /^\d+(?:\.\d+)?\s?%$/;

/** `50ms`, `30s`, `5m`, `1h30m`, `2d` in milliseconds. */
export function parseDuration(text: string): Reading {
  if (!durationPattern.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g);
  const total = [...parts].reduce((sum, [, value, unit]) => sum + Number(value) * (milliseconds[unit ?? ""] ?? 0), 0);
  return whole(total);
}

/** `512MiB`, `10GiB`, `1TB` in bytes. */
export function parseSize(text: string): Reading {
  return sizePattern.test(text) ? scaled(text, bytes) : undefined;
}

/** A number is Mbps; also `500Mbps`, `1Gbps`. In bytes per second. */
export function parseRate(value: number | string): Reading {
  if (typeof value === "number") return whole((value * 1e6) / 8);
  const bits = ratePattern.test(value) ? scaled(value, bitsPerSecond) : undefined;
  return bits === undefined ? undefined : whole(bits / 8);
}

/** `mon-fri 08:00-18:00 100Mbps`: hours of the week, and the limit that holds then. */
export function parseBandwidthHours(text: string): BandwidthHours | undefined {
  const [, hours = "", limit = ""] = /^(.*\S)\s+(\S+)$/.exec(text.trim()) ?? [];
  const bytesPerSecond = parseRate(/^\d+(?:\.\d+)?$/.test(limit) ? Number(limit) : limit);
  return parseHours(hours) && bytesPerSecond !== undefined && bytesPerSecond > 0
    ? { hours, bytesPerSecond }
    : undefined;
}

/** `0.9` or `90%`, as a fraction. */
export function parseShare(value: number | string): Reading {
  const share = typeof value === "number" ? value : percentPattern.test(value) ? Number.parseFloat(value) / 100 : -1;
  return share >= 0 && share <= 1 ? share : undefined;
}

function scaled(text: string, units: Readonly<Record<string, number>>): Reading {
  const unit = text.replace(/^[\d.\s]+/, "");
  return whole(Number.parseFloat(text) * (units[unit] ?? Number.NaN));
}

function whole(value: number): Reading {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}

/** A duration in the largest unit that divides it: `90s`, `5m`. */
export function formatDuration(ms: number): string {
  const fitting = Object.entries(milliseconds)
    .reverse()
    .find(([, length]) => ms % length === 0 && ms >= length);
  return fitting ? `${ms / fitting[1]}${fitting[0]}` : `${ms}ms`;
}
