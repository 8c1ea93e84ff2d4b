import { usageError } from "./failure.ts";

const bitUnits: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9 };
const byteUnits: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
};

/** `500Mbps`, `1.5Gbit/s`, `40MB/s`, `64MiB/s` → bytes per second. */
export function readBandwidth(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]i?|)(bps|bit\/s|b\/s)$/i.exec(text.trim());
  const [, amount, prefix = "", unit = ""] = match ?? [];
  const inBytes = unit === "B/s" || unit === "Bps";
  const scale = (inBytes ? byteUnits : bitUnits)[prefix.toLowerCase()];
  const perSecond = scale === undefined ? Number.NaN : (Number(amount) * scale) / (inBytes ? 1 : 8);
  if (Number.isFinite(perSecond) && perSecond >= 1024) return Math.round(perSecond);
  throw usageError(`${text} is not a bandwidth`, "Write it like 500Mbps (megabits) or 64MiB/s, at least 1KiB/s.");
}

/** `512MiB`, `8GiB`, `16G` → bytes. */
export function readSize(text: string): number {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmg]i?)b?$/i.exec(text.trim()) ?? [];
  const bytes = Math.round(Number(amount) * (byteUnits[unit.toLowerCase()] ?? Number.NaN));
  if (bytes > 0) return bytes;
  throw usageError(`${text} is not a size`, "Write it with its unit, like 512MiB or 8GiB.");
}

/** `45`, `45s`, `2m`, `1h`, `3d` → seconds. */
export function readSeconds(text: string): number {
  const [, amount, unit = "s"] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text.trim()) ?? [];
  if (amount !== undefined) return Number(amount) * ({ s: 1, m: 60, h: 3600, d: 86_400 }[unit || "s"] ?? 1);
  throw usageError(`${text} is not a duration`, "Write it like 30s, 5m or 1h.");
}

export function readCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usageError(`${text} is not a number of something`, "Write a whole number of at least 1.");
}

export function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw usageError(`${text} is not a port`, "Write a number from 1 to 65535.");
}

/** `8080/path` → port and path. */
export function readHttpProbe(text: string): { port: number; path: string } {
  const [port = "", ...rest] = text.split("/");
  return { port: readPort(port), path: `/${rest.join("/")}` };
}

export function readPair(text: string): readonly [string, string] {
  const [source, target] = splitPair(text) ?? [];
  if (source && target) return [source, target];
  throw usageError(`${text} maps nothing`, "Write SOURCE=TARGET, with the networks' names.");
}

/** `key=value`; the value may be empty. */
export function readTag(text: string): readonly [string, string] {
  const tag = splitPair(text);
  if (tag) return tag;
  throw usageError(`${text} is not a tag`, "Write KEY=VALUE.");
}

function splitPair(text: string): readonly [string, string] | undefined {
  const at = text.indexOf("=");
  return at > 0 ? [text.slice(0, at), text.slice(at + 1)] : undefined;
}

export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A sum, to the cent; below ten cents with the digits it has. */
export function formatMoney(amount: { micros: number; currency: string }): string {
  const { micros, currency } = amount;
  return Math.abs(micros) >= 100_000 ? `${(micros / 1e6).toFixed(2)} ${currency}` : formatPrice(amount);
}

/** The price of one of something: with all its digits, two at least. */
export function formatPrice({ micros, currency }: { micros: number; currency: string }): string {
  const digits = String(micros / 1e6).split(".")[1]?.length ?? 0;
  return `${(micros / 1e6).toFixed(Math.max(2, digits))} ${currency}`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** A time, or how long ago or from now: `2026-12-31`, `24h` → ISO 8601 in UTC. */
export function momentOf(text: string, towards: "ago" | "ahead" = "ago"): string {
  if (!/^\d{4}-/.test(text)) {
    return new Date(Date.now() + (towards === "ago" ? -1 : 1) * readSeconds(text) * 1000).toISOString();
  }
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw usageError(`${text} is not a moment`, "Write 2026-12-31, 2026-12-31T10:00:00Z or 30d.");
}
