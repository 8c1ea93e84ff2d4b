import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { type Checksum, type ChecksumName, checksum } from "./checksums.ts";

const readBytes = 256 * 1024;

/** One immutable piece of an object's content, as a file. */
export interface Content {
  readonly contentId: string;
  readonly sizeBytes: number;
}

export interface Stored extends Content {
  readonly sums: Readonly<Partial<Record<ChecksumName, Buffer>>>;
}

/** The bytes of an object store, apart from what is known of them. */
export class ContentStore {
  readonly #dir: string;

  /** Removes files that none of `known` names: what a killed process had begun. */
  constructor(dir: string, known: Iterable<string>) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const kept = new Set(known);
    for (const name of readdirSync(dir)) if (!kept.has(name)) rmSync(join(dir, name));
  }

  /** Writes a stream and computes checksums on its way. Nothing is left of one that breaks off. */
  async write(pieces: AsyncIterable<Buffer>, sums: readonly ChecksumName[]): Promise<Stored> {
    const contentId = randomUUID();
    const path = join(this.#dir, contentId);
    const running = new Map<ChecksumName, Checksum>(sums.map((name) => [name, checksum(name)]));
    const file = await open(path, "wx", 0o600);
    let sizeBytes = 0;
    try {
      for await (const piece of pieces) {
        for (const sum of running.values()) sum.update(piece);
        await file.write(piece, 0, piece.length, sizeBytes);
        sizeBytes += piece.length;
      }
    } catch (error) {
      await file.close();
      rmSync(path, { force: true });
      throw error;
    }
    await file.close();
    return { contentId, sizeBytes, sums: Object.fromEntries([...running].map(([name, sum]) => [name, sum.digest()])) };
  }

  /** The bytes `start` … `end - 1` of several pieces one behind the other. */
  async *read(contents: readonly Content[], start: number, end: number): AsyncGenerator<Buffer> {
    let before = 0;
    for (const { contentId, sizeBytes } of contents) {
      const [from, to] = [Math.max(start - before, 0), Math.min(end - before, sizeBytes)];
      before += sizeBytes;
      if (from >= to) continue;
      const file = await open(join(this.#dir, contentId), "r");
      try {
        for (let at = from; at < to; ) {
          const piece = Buffer.allocUnsafe(Math.min(readBytes, to - at));
          const { bytesRead } = await file.read(piece, 0, piece.length, at);
          if (bytesRead === 0) throw new Error(`the content ${contentId} is shorter than it was`);
          yield piece.subarray(0, bytesRead);
          at += bytesRead;
        }
      } finally {
        await file.close();
      }
    }
  }

  path(contentId: string): string {
    return join(this.#dir, contentId);
  }

  delete(contents: readonly Content[]): void {
    for (const { contentId } of contents) rmSync(join(this.#dir, contentId), { force: true });
  }
}
