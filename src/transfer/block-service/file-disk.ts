import { constants, type FileHandle, open, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { ProviderError } from "../../domain/errors.ts";
import { leafCount, lengthOfLeaf } from "../manifest.ts";
import { type BlockSink, type BlockSource, type Extent, leafBytes } from "../ports.ts";

const zeros = Buffer.alloc(8 * leafBytes);
const sectorBytes = 512;
const unknown = 0;
const isZero = 1;
const hasData = 2;

/** A block device or a file of raw bytes that nobody writes to. It is read to find out what of it is zeros: beside the disk
 *  that costs no network. */
export class FileSource implements BlockSource {
  readonly sizeBytes: number;
  readonly #file: FileHandle;
  /** What was found of each leaf, so that a second look costs nothing. */
  readonly #known: Uint8Array;

  private constructor(file: FileHandle, sizeBytes: number) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
    this.#known = new Uint8Array(leafCount(sizeBytes));
  }

  static async open(path: string): Promise<FileSource> {
    const file = await open(path, constants.O_RDONLY);
    return new FileSource(file, await sizeOf(file, path));
  }

  async *extents(options: { sinceBaseline?: string; signal?: AbortSignal }): AsyncGenerator<Extent> {
    const { sinceBaseline, signal } = options;
    if (sinceBaseline !== undefined) throw unknownBaseline(sinceBaseline);
    let open: { offset: number; length: number; kind: Extent["kind"] } | undefined;
    for (let leaf = 0; leaf < this.#known.length; leaf++) {
      signal?.throwIfAborted();
      const kind = await this.#kindOf(leaf);
      const length = lengthOfLeaf(this.sizeBytes, leaf);
      if (open?.kind === kind) open.length += length;
      else {
        if (open) yield open;
        open = { offset: leaf * leafBytes, length, kind };
      }
    }
    if (open) yield open;
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await readFully(this.#file, offset, target);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #kindOf(leaf: number): Promise<Extent["kind"]> {
    if (this.#known[leaf] === unknown) await this.#look(leaf);
    return this.#known[leaf] === isZero ? "zero" : "data";
  }

  /** At a few leaves at once. */
  async #look(leaf: number): Promise<void> {
    const offset = leaf * leafBytes;
    const bytes = Buffer.alloc(Math.min(zeros.byteLength, this.sizeBytes - offset));
    await readFully(this.#file, offset, bytes);
    for (let at = 0; at < bytes.byteLength; at += leafBytes) {
      const part = bytes.subarray(at, at + leafBytes);
      const same = part.equals(zeros.subarray(0, part.byteLength));
      this.#known[leaf + at / leafBytes] = same ? isZero : hasData;
    }
  }
}

/** A block device or a file of raw bytes that is written. */
export class FileSink implements BlockSink {
  readonly sizeBytes: number;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, sizeBytes: number) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
  }

  static async open(path: string): Promise<FileSink> {
    // A device that somebody else has open for itself (a mounted one) is refused by the kernel.
    const file = await open(path, constants.O_RDWR | constants.O_EXCL);
    return new FileSink(file, await sizeOf(file, path));
  }

  async write(offset: number, data: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    for (let done = 0; done < data.byteLength; ) {
      const { bytesWritten } = await this.#file.write(data, done, data.byteLength - done, offset + done);
      done += bytesWritten;
    }
  }

  async writeZeroes(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    for (let at = offset; at < offset + length; at += zeros.byteLength) {
      await this.write(at, zeros.subarray(0, Math.min(zeros.byteLength, offset + length - at)), signal);
    }
  }

  async flush(): Promise<void> {
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function sizeOf(file: FileHandle, path: string): Promise<number> {
  const found = await file.stat();
  if (!found.isBlockDevice()) return found.size;
  // Linux counts in sectors of this size here, whatever the device's are.
  const sectors = await readFile(`/sys/class/block/${basename(path)}/size`, "utf8");
  return Number(sectors) * sectorBytes;
}

async function readFully(file: FileHandle, offset: number, target: Uint8Array): Promise<void> {
  for (let done = 0; done < target.byteLength; ) {
    const { bytesRead } = await file.read(target, done, target.byteLength - done, offset + done);
    if (bytesRead === 0) throw new Error(`the disk ended at ${offset + done}`);
    done += bytesRead;
  }
}

function unknownBaseline(baseline: string): ProviderError {
  return new ProviderError("NotFound", {
    operation: "read what changed",
    resource: "the helper's disk",
    reason: `a disk does not know the changes since ${baseline}`,
    action: "Compare the hashes of its leaves.",
  });
}
