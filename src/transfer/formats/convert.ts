import { availableParallelism } from "node:os";
import type { BlockSource } from "../ports.ts";
import { giveScratch, takeScratch } from "./codec-pool.ts";
import type { ImageFormat } from "./format-names.ts";
import type { ImageWriter } from "./image-writer.ts";
import { PlannedWriter } from "./image-writer.ts";
import type { ImageIdentity } from "./layout.ts";
import { type OutputFile, writePieceBytes } from "./output-file.ts";
import { allSettled } from "./unpack.ts";
import { VmdkStreamWriter } from "./vmdk/stream-writer.ts";
import { dataRuns } from "./zero-runs.ts";

/**
 * Bytes that are only moved go in small pieces: what was read is then still in the processor's cache when it is written, and
 * one write takes it (measured: 256 KiB take a quarter less of the processor than 512 KiB). As many at once as Node has
 * threads for files.
 */
const plain = { chunkBytes: writePieceBytes, slots: 4 } as const;
/** Where threads compress or decompress, a piece should be worth a message to one. */
const packed = { chunkBytes: 1024 * 1024, slots: 2 * Math.max(2, availableParallelism()) } as const;

export interface ConvertInput {
  readonly source: BlockSource;
  /** Whether reading the source means decompressing. */
  readonly compressed: boolean;
  readonly format: ImageFormat;
  readonly output: OutputFile;
  readonly identity: ImageIdentity;
  readonly onProgress?: (progress: ConvertProgress) => void;
  readonly signal?: AbortSignal;
}

export interface ConvertProgress {
  /** Bytes of the disk that were read or known to be zeros. */
  readonly bytesDone: number;
  readonly sizeBytes: number;
}

export interface Converted {
  /** Bytes of the disk that were not zeros, and so written. */
  readonly dataBytes: number;
  /** The file's length; sparse where the format has places without data. */
  readonly fileBytes: number;
}

/**
 * Writes a disk as an image. Ranges that are unallocated, holes or zeros (page by page) are left out where the format can,
 * and are holes of the file elsewhere. The source's map should have been held to the file before (see `survey`).
 */
export async function writeImage(input: ConvertInput): Promise<Converted> {
  const { format, identity, source, output } = input;
  const { sizeBytes } = source;
  const writer =
    format === "vmdk"
      ? new VmdkStreamWriter({ name: output.name, sizeBytes, identity })
      : new PlannedWriter({ format, sizeBytes, identity });
  return new Conversion(input, writer).run();
}

interface ReadChunk {
  readonly offset: number;
  readonly length: number;
  /** What to read, relative to the chunk: pairs of begin and end. */
  readonly ranges: readonly number[];
}

class Conversion {
  readonly #input: ConvertInput;
  readonly #writer: ImageWriter<unknown>;
  /** Settles when the chunk before the newest one was placed. */
  #placed: Promise<void> = Promise.resolve();
  readonly #chunkBytes: number;
  readonly #slots: number;
  #dataBytes = 0;

  constructor(input: ConvertInput, writer: ImageWriter<unknown>) {
    this.#input = input;
    this.#writer = writer;
    const { chunkBytes, slots } = input.format === "vmdk" || input.compressed ? packed : plain;
    this.#chunkBytes = chunkBytes;
    this.#slots = slots;
  }

  async run(): Promise<Converted> {
    const { source, output, signal, onProgress } = this.#input;
    const stop = new AbortController();
    const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
    const chunks = chunksOf(source, this.#chunkBytes, both);
    await allSettled(
      Array.from({ length: this.#slots }, async () => {
        try {
          await this.#work(chunks, both);
        } catch (error) {
          stop.abort(error);
          throw error;
        }
      }),
    );
    signal?.throwIfAborted();
    const batch: Promise<void>[] = [];
    for (const write of this.#writer.finish()) {
      batch.push(output.write(write));
      if (batch.length < this.#slots) continue;
      await allSettled(batch.splice(0));
    }
    await allSettled(batch);
    await output.setLength(this.#writer.objectBytes);
    onProgress?.({ bytesDone: source.sizeBytes, sizeBytes: source.sizeBytes });
    return { dataBytes: this.#dataBytes, fileBytes: this.#writer.objectBytes };
  }

  async #work(chunks: AsyncGenerator<ReadChunk>, signal: AbortSignal): Promise<void> {
    const { source, output, onProgress } = this.#input;
    for (;;) {
      const next = await chunks.next();
      if (next.done) return;
      const before = this.#placed;
      let placed = (): void => {};
      this.#placed = new Promise((resolve) => (placed = resolve));
      try {
        const buffer = takeScratch(this.#chunkBytes);
        const prepared = await this.#read(next.value, buffer, signal);
        await before;
        signal.throwIfAborted();
        const writes = prepared === undefined ? [] : this.#writer.place(prepared.value);
        placed();
        await allSettled(writes.map((write) => output.write(write)));
        if (prepared !== undefined) this.#writer.written(prepared.value);
        giveScratch(buffer);
        onProgress?.({ bytesDone: next.value.offset + next.value.length, sizeBytes: source.sizeBytes });
      } finally {
        placed();
      }
    }
  }

  /** Undefined when it is all zeros. */
  async #read(
    chunk: ReadChunk,
    buffer: SharedArrayBuffer,
    signal: AbortSignal,
  ): Promise<{ value: unknown } | undefined> {
    const { offset, length, ranges } = chunk;
    const bytes = new Uint8Array(buffer, 0, length);
    const runs: number[] = [];
    for (let index = 0; index < ranges.length; index += 2) {
      const [start = 0, end = 0] = ranges.slice(index, index + 2);
      await this.#input.source.read(offset + start, bytes.subarray(start, end), signal);
      for (const edge of dataRuns(bytes.subarray(start, end))) runs.push(start + edge);
    }
    if (runs.length === 0) return undefined;
    for (let index = 0; index < runs.length; index += 2) this.#dataBytes += (runs[index + 1] ?? 0) - (runs[index] ?? 0);
    return { value: await this.#writer.prepare({ offset, bytes, buffer, runs }) };
  }
}

/** The chunks that hold data by the source's map, in order. */
async function* chunksOf(source: BlockSource, chunkBytes: number, signal: AbortSignal): AsyncGenerator<ReadChunk> {
  let ranges: number[] = [];
  let current = -1;
  const chunk = (): ReadChunk => {
    const offset = current * chunkBytes;
    return { offset, length: Math.min(chunkBytes, source.sizeBytes - offset), ranges };
  };
  for await (const { offset, length, kind } of source.extents({ signal })) {
    if (kind === "zero") continue;
    for (let at = offset; at < offset + length; ) {
      const index = Math.floor(at / chunkBytes);
      if (index !== current) {
        if (ranges.length > 0) yield chunk();
        ranges = [];
        current = index;
      }
      const end = Math.min(offset + length, (index + 1) * chunkBytes);
      ranges.push(at - index * chunkBytes, end - index * chunkBytes);
      at = end;
    }
  }
  if (ranges.length > 0) yield chunk();
}
