import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { PageBlobClient } from "@azure/storage-blob";
import { isProviderError } from "../../domain/errors.ts";
import type { BlockSource, Extent } from "../../transfer/ports.ts";
import { drain } from "../drain.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import type { Azure } from "./client.ts";
import { toExtents } from "./extents.ts";
import { changedRanges, writtenRanges } from "./page-ranges.ts";
import type { OurSnapshot, Snapshots } from "./points.ts";

const MiB = 2 ** 20;
/** One request's. */
const largestRead = 4 * MiB;

export interface SnapshotSourceOptions {
  readonly snapshot: OurSnapshot;
  readonly snapshots: Snapshots;
  /** What it can be compared with: a baseline's id → its snapshot's name. */
  readonly baselines?: ReadonlyMap<string, string>;
  /** Says whether this reader may still ask for a new address when its own was taken away. */
  readonly isCurrent?: (signal: AbortSignal) => Promise<boolean>;
  readonly subject: Subject;
  readonly onClose?: () => Promise<void>;
}

/** A snapshot of a managed disk, read by a signed address. The VHD footer behind the disk is no part of it. */
export class SnapshotSource implements BlockSource {
  readonly sizeBytes: number;
  readonly #azure: Azure;
  readonly #options: SnapshotSourceOptions;
  readonly #ended = new AbortController();
  readonly #addresses = new Map<string, Promise<string>>();

  constructor(azure: Azure, options: SnapshotSourceOptions) {
    this.#azure = azure;
    this.#options = options;
    this.sizeBytes = options.snapshot.sizeBytes;
  }

  /** Asks for the address, so that a reader's claim shows before its first read. */
  async open(signal: AbortSignal): Promise<this> {
    await this.#address(this.#options.snapshot.snapshotId, signal);
    return this;
  }

  async *extents({ sinceBaseline, signal }: { sinceBaseline?: string; signal?: AbortSignal }): AsyncGenerator<Extent> {
    const both = this.#either(signal);
    const earlier = sinceBaseline === undefined ? undefined : this.#options.baselines?.get(sinceBaseline);
    if (sinceBaseline !== undefined && earlier === undefined) {
      throw notFound(this.#options.subject, `this disk does not know the changes since ${sinceBaseline} any more`);
    }
    if (earlier === undefined) {
      const ranges = writtenRanges(this.sizeBytes, (offset, count) =>
        this.#use(both, (blob) => blob.getPageRanges(offset, count, { abortSignal: both })),
      );
      yield* toExtents(ranges, this.sizeBytes, true);
      return;
    }
    const ranges = changedRanges(this.sizeBytes, (offset, count) =>
      this.#use(both, async (blob) => {
        const before = await this.#address(earlier, both);
        return blob.getPageRangesDiffForManagedDisks(offset, count, before, { abortSignal: both });
      }),
    );
    yield* toExtents(ranges, this.sizeBytes, false);
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    const both = this.#either(signal);
    both.throwIfAborted();
    const reads: Promise<void>[] = [];
    for (let at = 0; at < target.byteLength; at += largestRead) {
      reads.push(this.#readPart(offset + at, target.subarray(at, at + largestRead), both));
    }
    await Promise.all(reads);
  }

  async close(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort(new Error("The source was closed."));
    await this.#options.onClose?.();
  }

  async #readPart(offset: number, target: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#use(signal, (blob) => readRange(this.#azure, blob, offset, target, signal));
  }

  /** Signed addresses end after a while, and are asked for again; unless another reader has taken over. */
  async #use<T>(signal: AbortSignal, work: (blob: PageBlobClient) => Promise<T>): Promise<T> {
    const { snapshot, subject, isCurrent } = this.#options;
    for (let renewed = false; ; renewed = true) {
      const address = await this.#address(snapshot.snapshotId, signal);
      try {
        return await this.#azure.signed(address, subject, signal, work);
      } catch (error) {
        const ended = isProviderError(error, "CloudUnauthenticated", "CloudPermissionDenied");
        if (!ended || renewed) throw error;
        if (isCurrent && !(await isCurrent(signal))) {
          throw conflict(subject, "another attempt has taken over", "Leave it to the newer attempt.");
        }
        this.#addresses.clear();
      }
    }
  }

  #address(name: string, signal: AbortSignal): Promise<string> {
    const known = this.#addresses.get(name);
    if (known) return known;
    const asking = this.#options.snapshots.grant(name, this.#options.subject, signal);
    this.#addresses.set(name, asking);
    asking.catch(() => this.#addresses.delete(name));
    return asking;
  }

  #either(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#ended.signal]) : this.#ended.signal;
  }
}

/** Fills `target` from a page blob; an answer that breaks off is asked for again. */
export async function readRange(
  azure: Azure,
  blob: PageBlobClient,
  offset: number,
  target: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const { blockAttempts, firstRetryMs, requestTimeoutMs } = azure.patience;
  for (let attempt = 1; ; attempt++) {
    const { readableStreamBody } = await blob.download(offset, target.byteLength, {
      abortSignal: signal,
      maxRetryRequests: 0,
    });
    try {
      return await drain(readableStreamBody as Readable, target, requestTimeoutMs, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (attempt >= blockAttempts) throw error;
      await sleep(firstRetryMs * attempt, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
