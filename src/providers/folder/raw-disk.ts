import { open, readFile, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { conflict, fileFailure, invalid, notFound, type Subject } from "../failures.ts";
import { RangeMap } from "./ranges.ts";

/** Disks are counted in sectors; what a file lacks to a whole one reads as zeros, as QEMU has it. */
const sectorBytes = 512;
/** A file system's clock may stand still for some milliseconds: a change within the same tick would not show. */
const tickMs = 50;
const settleWithinMs = 2_000;

/** A raw disk image as it is at a moment. The file's times change whenever somebody writes to it. */
export interface DiskState {
  readonly sizeBytes: number;
  readonly fileBytes: number;
  /** Modification time in nanoseconds since 1970, in digits. */
  readonly stamp: string;
  /** What the file system stores of it. */
  readonly storedBytes: number;
}

export function wholeSectors(sizeBytes: number): number {
  return Math.ceil(sizeBytes / sectorBytes) * sectorBytes;
}

/** @throws ProviderError NotFound when it is gone, InvalidInput when it is no plain file. */
export async function diskState(path: string, subject: Subject): Promise<DiskState> {
  try {
    const stats = await stat(path, { bigint: true });
    if (!stats.isFile()) throw invalid(subject, `${path} is no plain file`, "Name a raw disk image.");
    const fileBytes = Number(stats.size);
    const storedBytes = Math.min(Number(stats.blocks) * 512, wholeSectors(fileBytes));
    return { sizeBytes: wholeSectors(fileBytes), fileBytes, stamp: String(stats.mtimeNs), storedBytes };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw notFound(subject, `${path} is not there`);
    throw fileFailure(error, subject);
  }
}

/** The same once its stamp tells it apart from whatever is written from now on.
 *  @throws ProviderError Conflict when somebody goes on writing. */
export async function settledState(path: string, subject: Subject, signal: AbortSignal): Promise<DiskState> {
  for (const deadline = Date.now() + settleWithinMs; ; ) {
    const state = await diskState(path, subject);
    const ageMs = Date.now() - Number(BigInt(state.stamp) / 1_000_000n);
    // From the future: another machine's clock, which tells nothing about this one's ticks.
    if (ageMs < 0 || ageMs > tickMs) return state;
    if (Date.now() > deadline) throw conflict(subject, `${path} is being written to`, "Stop what writes to it.");
    await sleep(tickMs - ageMs + 1, undefined, { signal });
  }
}

export function isSame(a: DiskState, b: DiskState): boolean {
  return a.fileBytes === b.fileBytes && a.stamp === b.stamp;
}

export const blockLogOf = (path: string) => `${path}.blocks.jsonl`;

interface Head {
  readonly format: 1;
  readonly stamp: string;
  readonly data: readonly (readonly [number, number])[];
}

interface Change {
  readonly from: string;
  readonly to: string;
  readonly ranges: readonly (readonly [number, number])[];
}

/** What a disk's block log says of the file with the stamp that it has now. */
export class BlockLog {
  readonly #head: Head | undefined;
  readonly #changes: readonly Change[];

  private constructor(head: Head | undefined, changes: readonly Change[]) {
    this.#head = head;
    this.#changes = changes;
  }

  /** A log that is missing or makes no sense knows nothing. */
  static async read(path: string): Promise<BlockLog> {
    const text = await readFile(blockLogOf(path), "utf8").catch(ignoreMissing);
    try {
      const [head, ...changes] = (text ?? "")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown);
      if (isHead(head) && changes.every(isChange)) return new BlockLog(head, changes);
    } catch {
      // Not JSON.
    }
    return new BlockLog(undefined, []);
  }

  /** The stamp that the file had when the log was begun. */
  get madeWith(): string | undefined {
    return this.#head?.stamp;
  }

  /** Ranges that may hold something else than zeros; undefined when something was written that is not in the log. */
  allocation(stamp: string): RangeMap | undefined {
    const changes = this.#head && this.#backTo(stamp, this.#head.stamp);
    if (!changes) return undefined;
    const all = RangeMap.of(this.#head?.data ?? []);
    for (const { offset, end } of changes) all.set(offset, end, 0);
    return all;
  }

  /** Ranges that were written between two stamps; undefined when that is not known. */
  changes(stamp: string, since: string): RangeMap | undefined {
    return stamp === since ? new RangeMap() : this.#backTo(stamp, since);
  }

  #backTo(stamp: string, since: string): RangeMap | undefined {
    const found = new RangeMap();
    let at = stamp;
    for (const { from, to, ranges } of this.#changes.toReversed()) {
      if (at === since) break;
      if (to !== at) return undefined;
      for (const [offset, length] of ranges) found.set(offset, offset + length, 0);
      at = from;
    }
    return at === since ? found : undefined;
  }
}

/** The log's first line, for a file that was just made. */
export function firstLine(stamp: string, data: RangeMap): string {
  return `${JSON.stringify({ format: 1, stamp, data: data.pairs() })}\n`;
}

/** Gives a file that we made a stamp that no clock tick has. */
export async function restamp(path: string, subject: Subject): Promise<DiskState> {
  const file = await open(path, "r+");
  try {
    const now = Date.now() / 1000;
    await file.utimes(now, now);
    await file.sync();
  } finally {
    await file.close();
  }
  return diskState(path, subject);
}

function isHead(line: unknown): line is Head {
  const { format, stamp, data } = (line ?? {}) as Partial<Head>;
  return format === 1 && typeof stamp === "string" && isPairs(data);
}

function isChange(line: unknown): line is Change {
  const { from, to, ranges } = (line ?? {}) as Partial<Change>;
  return typeof from === "string" && typeof to === "string" && isPairs(ranges);
}

function isPairs(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (pair) =>
        Array.isArray(pair) && pair.length === 2 && pair.every((part) => Number.isSafeInteger(part) && part >= 0),
    )
  );
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}
