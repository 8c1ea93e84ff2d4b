import { open, readFile } from "node:fs/promises";
import { RangeMap } from "./ranges.ts";

/** One line of a layer's log: a flush (`[offset, length, number of the data file or -1 for zeros]`), or the end of the
 *  attempt with the bytes that it wrote to its first data file. */
type Line = { readonly ranges: readonly (readonly [number, number, number])[] } | { readonly issued: number };

export interface LayerLog {
  readonly map: RangeMap;
  /** How much of the file was read: whole lines only. */
  readonly bytes: number;
  /** Present when the attempt ended with nothing unflushed. */
  readonly issued?: number;
}

/** Reads a log, or its first `upTo` bytes. A last line without its end was never acknowledged and does not count.
 *  Undefined when it is shorter than that or makes no sense. */
export async function readLayerLog(path: string, upTo?: number): Promise<LayerLog | undefined> {
  let text = await readFile(path);
  if (upTo !== undefined) {
    if (text.byteLength < upTo) return undefined;
    text = text.subarray(0, upTo);
  }
  const bytes = text.lastIndexOf("\n") + 1;
  const map = new RangeMap();
  let issued: number | undefined;
  try {
    for (let at = 0; at < bytes; ) {
      const end = text.indexOf("\n", at);
      const line = JSON.parse(text.toString("utf8", at, end)) as Line;
      if ("issued" in line) issued = line.issued;
      else {
        issued = undefined;
        for (const [offset, length, file] of line.ranges) map.set(offset, offset + length, file);
      }
      at = end + 1;
    }
  } catch {
    return undefined;
  }
  return { map, bytes, ...(issued === undefined ? {} : { issued }) };
}

export function flushLine(map: RangeMap): string {
  const ranges = [...map].map(({ offset, end, value }) => [offset, end - offset, value]);
  return `${JSON.stringify({ ranges })}\n`;
}

export function endLine(issued: number): string {
  return `${JSON.stringify({ issued })}\n`;
}

/** Makes the file durable as it is now and returns how much of it counts. */
export async function settleLayerLog(path: string): Promise<LayerLog | undefined> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  return readLayerLog(path);
}
