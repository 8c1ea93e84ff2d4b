import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { seededRandom } from "./random.ts";

/** Requests a minute. */
export interface LoadTrace {
  readonly name: string;
  readonly startMs: number;
  readonly perMinute: readonly number[];
  /** Minutes between its own samples; what is in between is on a straight line. */
  readonly stepMinutes: number;
}

/** Steps that this many times out of a hundred are the trace's own; a hole in it is longer. */
const usualStep = 0.5;

/**
 * Load traces out of a CSV file (or one that gzip packed) with the columns trace, ts_utc, requests. Coarser ones are laid on
 * a straight line from sample to sample, a minute each; holes in finer ones as well.
 */
export async function readLoadTraces(file: string): Promise<readonly LoadTrace[]> {
  const bytes = await readFile(file);
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
  const [head = "", ...lines] = text.trimEnd().split(/\r?\n/);
  const columns = head.split(",");
  const [name, time, load] = ["trace", "ts_utc", "requests"].map((column) => columns.indexOf(column));
  if (name === undefined || time === undefined || load === undefined || Math.min(name, time, load) < 0) {
    throw new Error(`${file} begins with "${head}"; a load trace has the columns trace, ts_utc, requests`);
  }
  const traces = new Map<string, { atMs: number; value: number }[]>();
  for (const [index, line] of lines.entries()) {
    const values = line.split(",");
    const atMs = Date.parse(String(values[time]).replace(/^(\S{16})Z$/, "$1:00Z"));
    const value = Number(values[load]);
    if (!Number.isFinite(atMs) || !Number.isFinite(value) || values[load] === "") {
      throw new Error(`${file}, line ${index + 2}: "${line}" is no sample of a load`);
    }
    const samples = traces.get(String(values[name])) ?? [];
    traces.set(String(values[name]), samples);
    samples.push({ atMs, value });
  }
  return [...traces].map(([trace, samples]) => toTrace(trace, samples));
}

function toTrace(name: string, samples: { atMs: number; value: number }[]): LoadTrace {
  samples.sort((a, b) => a.atMs - b.atMs);
  const steps = samples
    .slice(1)
    .map(({ atMs }, index) => atMs - (samples[index]?.atMs ?? 0))
    .sort((a, b) => a - b);
  const stepMinutes = Math.max(1, Math.round((steps[Math.floor(steps.length * usualStep)] ?? 60_000) / 60_000));
  const startMs = samples[0]?.atMs ?? 0;
  const perMinute: number[] = [];
  for (const [index, { atMs, value }] of samples.entries()) {
    const next = samples[index + 1];
    const minutes = next ? Math.round((next.atMs - atMs) / 60_000) : stepMinutes;
    for (let minute = 0; minute < minutes; minute++) {
      const share = minute / minutes;
      perMinute.push((value + ((next?.value ?? value) - value) * share) / stepMinutes);
    }
  }
  return { name, startMs, perMinute, stepMinutes };
}

/** A made-up load of four weeks: days with a noon, quieter week-ends, noise, and rushes that come at no time of their own. */
export function madeUpTrace(seed: number): LoadTrace {
  const random = seededRandom(seed);
  const minutes = 28 * 1_440;
  let rush = 0;
  const perMinute = Array.from({ length: minutes }, (_, minute) => {
    const hour = (minute / 60) % 24;
    const weekend = Math.floor(minute / 1_440) % 7 >= 5 ? 0.6 : 1;
    if (random() < 1 / (2 * 1_440)) rush = 1 + 2 * random();
    rush *= 0.99;
    const day = 100 * weekend * (1 + 0.6 * Math.sin(((hour - 8) / 24) * 2 * Math.PI));
    return Math.max(0, day * (1 + rush) * (1 + 0.1 * (random() + random() + random() - 1.5)));
  });
  return { name: "made up", startMs: Date.UTC(2026, 0, 5), perMinute, stepMinutes: 1 };
}
