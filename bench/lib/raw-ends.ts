import { type FileHandle, open } from "node:fs/promises";
import type { BlockSink, BlockSource, Extent } from "../../src/transfer/ports.ts";

/** A raw file whose allocated stretches are known, read and written in place. */
export class RawSource implements BlockSource {
  readonly sizeBytes: number;
  readonly #file: FileHandle;
  readonly #stretches: readonly Extent[];

  private constructor(file: FileHandle, sizeBytes: number, extents: readonly Extent[]) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
    this.#stretches = extents;
  }

  static async open(path: string, extents: readonly Extent[]): Promise<RawSource> {
    const file = await open(path, "r");
    return new RawSource(file, (await file.stat()).size, extents);
  }

  async *extents(): AsyncGenerator<Extent> {
    for (const stretch of this.#stretches) yield stretch;
  }

  async read(offset: number, target: Uint8Array): Promise<void> {
    await this.#file.read(target, 0, target.byteLength, offset);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

export class RawSink implements BlockSink {
  readonly sizeBytes: number;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, sizeBytes: number) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
  }

  static async open(path: string, sizeBytes: number): Promise<RawSink> {
    const file = await open(path, "w+");
    await file.truncate(sizeBytes);
    return new RawSink(file, sizeBytes);
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    await this.#file.write(data, 0, data.byteLength, offset);
  }

  async writeZeroes(offset: number, length: number): Promise<void> {
    await this.#file.write(Buffer.alloc(length), 0, length, offset);
  }

  async flush(): Promise<void> {
    await this.#file.datasync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
