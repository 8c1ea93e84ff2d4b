import type { Geometry, ImageIdentity, PlannableFormat } from "./layout.ts";
import { planners } from "./layout.ts";
import { UnitSet } from "./unit-set.ts";
import { dataRuns } from "./zero-runs.ts";

/** A stretch of the disk that was read, and where in it there is more than zeros. */
export interface Chunk {
  readonly offset: number;
  /** The beginning of {@link buffer}; outside the runs it holds anything. */
  readonly bytes: Uint8Array;
  readonly buffer: SharedArrayBuffer;
  /** Pairs of begin and end within `bytes`; at least one. */
  readonly runs: readonly number[];
}

export interface Write {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * Turns chunks into writes of an image file. Chunks are prepared side by side, placed one after the other in the disk's
 * order, and their writes done in any order.
 */
export interface ImageWriter<Prepared> {
  prepare(chunk: Chunk): Promise<Prepared>;
  place(prepared: Prepared): Write[];
  /** After the writes of {@link place}. */
  written(prepared: Prepared): void;
  /** What is written when all chunks were: tables and headers, so that a file without them is no image. */
  finish(): Iterable<Write>;
  /** The file's length, after {@link finish}. */
  readonly objectBytes: number;
}

/** Tables are written in stretches of about so much. */
const tableWriteBytes = 1024 * 1024;

/** Writes the formats with a plan: as data come, they go where the plan made of all of them would put them. */
export class PlannedWriter implements ImageWriter<Chunk> {
  readonly #format: PlannableFormat;
  readonly #sizeBytes: number;
  readonly #identity: ImageIdentity;
  readonly #geometry: Geometry;
  readonly #units: UnitSet;
  #objectBytes = 0;

  constructor(options: { format: PlannableFormat; sizeBytes: number; identity: ImageIdentity }) {
    this.#format = options.format;
    this.#sizeBytes = options.sizeBytes;
    this.#identity = options.identity;
    this.#geometry = planners[options.format].geometry(options.sizeBytes);
    this.#units = new UnitSet(this.#geometry.unitBytes);
  }

  get objectBytes(): number {
    return this.#objectBytes;
  }

  prepare(chunk: Chunk): Promise<Chunk> {
    return Promise.resolve(chunk);
  }

  place({ offset, bytes, runs }: Chunk): Write[] {
    const { unitBytes, dataAt, strideBytes, dense } = this.#geometry;
    const writes: Write[] = [];
    for (let index = 0; index < runs.length; index += 2) {
      const [start, end] = [runs[index] ?? 0, runs[index + 1] ?? 0];
      if (!dense) {
        writes.push({ at: offset + start, bytes: bytes.subarray(start, end) });
        continue;
      }
      this.#units.add(offset + start, end - start);
      for (let from = start; from < end; ) {
        const unit = Math.floor((offset + from) / unitBytes);
        // The units of one run follow each other in the file too, unless something is between all units there.
        const to = strideBytes === unitBytes ? end : Math.min(end, (unit + 1) * unitBytes - offset);
        const at = dataAt + (this.#units.rank(unit) ?? 0) * strideBytes + (offset + from - unit * unitBytes);
        writes.push({ at, bytes: bytes.subarray(from, to) });
        from = to;
      }
    }
    return writes;
  }

  written(): void {}

  *finish(): Generator<Write> {
    const input = { sizeBytes: this.#sizeBytes, units: this.#units, identity: this.#identity };
    const { objectBytes, regions } = planners[this.#format].plan(input, this.#geometry);
    this.#objectBytes = objectBytes;
    // Last what a reader looks at first.
    for (const { at, length, count, stride, fillPiece } of regions.toReversed()) {
      const together = stride === length ? Math.max(1, Math.floor(tableWriteBytes / length)) : 1;
      for (let index = 0; index < count; index += together) {
        const pieces = Math.min(together, count - index);
        const bytes = new Uint8Array(pieces * length);
        for (let piece = 0; piece < pieces; piece++) {
          const filled = new Uint8Array(length);
          fillPiece(filled, index + piece);
          bytes.set(filled, piece * length);
        }
        // Tables of a vast disk are mostly zeros.
        const runs = dataRuns(bytes);
        for (let run = 0; run < runs.length; run += 2) {
          yield { at: at + index * stride + (runs[run] ?? 0), bytes: bytes.subarray(runs[run], runs[run + 1]) };
        }
      }
    }
  }
}
