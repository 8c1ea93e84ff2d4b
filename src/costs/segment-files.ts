import { createWriteStream } from "node:fs";
import { readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { CostRepository, CostSegment } from "../store/index.ts";

/** More than this of segments that nobody asked for lately is not kept here; the store has them all. */
const keptBytes = 8 * 2 ** 30;

/** The store's segments as files beside this process. What a segment holds never changes, so a file is fetched once. */
export class SegmentFiles {
  readonly #dir: string;
  readonly #costs: CostRepository;
  readonly #fetching = new Map<string, Promise<boolean>>();

  constructor(dir: string, costs: CostRepository) {
    this.#dir = dir;
    this.#costs = costs;
  }

  /** The files of all segments that may have a charge within the days. */
  async of(from: string, to: string): Promise<readonly string[]> {
    // One that is replaced while it is fetched has a successor in the next list.
    for (let attempt = 0; ; attempt += 1) {
      const segments = await this.#costs.segments(from, to);
      const fetched: boolean[] = [];
      for (const segment of segments) fetched.push(await this.#fetch(segment));
      if (fetched.every(Boolean) || attempt === 5) {
        await this.#drop(new Set(segments.map(({ segmentId }) => `${segmentId}.parquet`)));
        return segments.filter((_, index) => fetched[index]).map(({ segmentId }) => this.#path(segmentId));
      }
    }
  }

  #path(segmentId: string): string {
    return join(this.#dir, `${segmentId}.parquet`);
  }

  #fetch(segment: CostSegment): Promise<boolean> {
    const { segmentId } = segment;
    const running = this.#fetching.get(segmentId);
    if (running) return running;
    const fetching = this.#fetchOnce(segment).finally(() => this.#fetching.delete(segmentId));
    this.#fetching.set(segmentId, fetching);
    return fetching;
  }

  async #fetchOnce({ segmentId, bytes }: CostSegment): Promise<boolean> {
    const path = this.#path(segmentId);
    const there = await stat(path).catch(() => undefined);
    if (there?.size === bytes) {
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined);
      return true;
    }
    const incoming = `${path}.incoming`;
    await pipeline(Readable.from(this.#costs.read(segmentId)), createWriteStream(incoming, { mode: 0o600 }));
    const { size } = await stat(incoming);
    if (size !== bytes) {
      await rm(incoming, { force: true });
      return false;
    }
    await rename(incoming, path);
    return true;
  }

  async #drop(needed: ReadonlySet<string>): Promise<void> {
    const names = (await readdir(this.#dir)).filter((name) => name.endsWith(".parquet") && !needed.has(name));
    const files = await Promise.all(
      names.map(async (name) => {
        const found = await stat(join(this.#dir, name)).catch(() => undefined);
        return { name, size: found?.size ?? 0, at: found?.mtimeMs ?? 0 };
      }),
    );
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { name, size } of files.sort((a, b) => a.at - b.at)) {
      if (total <= keptBytes) return;
      await rm(join(this.#dir, name), { force: true });
      total -= size;
    }
  }
}
