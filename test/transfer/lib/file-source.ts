import { type FileHandle, open } from "node:fs/promises";
import type { BlockSource, Extent } from "../../../src/transfer/ports.ts";

/** A raw image as a disk, counting what is asked of it. */
export class FileSource implements BlockSource {
  readonly sizeBytes: number;
  readonly #file: FileHandle;
  reads = 0;

  private constructor(file: FileHandle, sizeBytes: number) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
  }

  static async open(path: string): Promise<FileSource> {
    const file = await open(path, "r");
    return new FileSource(file, (await file.stat()).size);
  }

  async *extents(): AsyncGenerator<Extent> {
    yield { offset: 0, length: this.sizeBytes, kind: "data" };
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.reads++;
    const { bytesRead } = await this.#file.read(target, 0, target.byteLength, offset);
    if (bytesRead !== target.byteLength) throw new Error(`read past the end of the disk at ${offset}`);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
