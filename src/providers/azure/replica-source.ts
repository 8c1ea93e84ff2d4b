import type { BlockSource, Extent } from "../../transfer/ports.ts";
import { notFound, type Subject } from "../failures.ts";
import { readRange } from "./block-source.ts";
import type { Azure } from "./client.ts";
import { toExtents } from "./extents.ts";
import { writtenRanges } from "./page-ranges.ts";
import type { ReplicaBlobs } from "./replica-blobs.ts";

const MiB = 2 ** 20;
const largestRead = 4 * MiB;

export interface ReplicaSourceOptions {
  readonly blobs: ReplicaBlobs;
  readonly blob: string;
  readonly snapshot: string;
  readonly sizeBytes: number;
  readonly subject: Subject;
}

/** A sealed generation, read from its page blob's snapshot. The VHD footer behind the disk is no part of it. */
export class ReplicaSource implements BlockSource {
  readonly sizeBytes: number;
  readonly #azure: Azure;
  readonly #options: ReplicaSourceOptions;
  readonly #ended = new AbortController();

  constructor(azure: Azure, options: ReplicaSourceOptions) {
    this.#azure = azure;
    this.#options = options;
    this.sizeBytes = options.sizeBytes;
  }

  async *extents({ sinceBaseline, signal }: { sinceBaseline?: string; signal?: AbortSignal }): AsyncGenerator<Extent> {
    const { blobs, blob, snapshot, subject } = this.#options;
    if (sinceBaseline !== undefined) throw notFound(subject, `it does not know the changes since ${sinceBaseline}`);
    const both = this.#either(signal);
    const ranges = writtenRanges(this.sizeBytes, (offset, count) =>
      blobs.use(blob, subject, both, (client) => client.getPageRanges(offset, count, { abortSignal: both }), snapshot),
    );
    yield* toExtents(ranges, this.sizeBytes, true);
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    const both = this.#either(signal);
    both.throwIfAborted();
    const { blobs, blob, snapshot, subject } = this.#options;
    const reads: Promise<void>[] = [];
    for (let at = 0; at < target.byteLength; at += largestRead) {
      const part = target.subarray(at, at + largestRead);
      reads.push(
        blobs.use(blob, subject, both, (client) => readRange(this.#azure, client, offset + at, part, both), snapshot),
      );
    }
    await Promise.all(reads);
  }

  async close(): Promise<void> {
    if (!this.#ended.signal.aborted) this.#ended.abort(new Error("The source was closed."));
  }

  #either(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#ended.signal]) : this.#ended.signal;
  }
}
