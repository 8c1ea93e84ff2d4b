import type { PageBlobClient } from "@azure/storage-blob";
import type { BlockSink } from "../../transfer/ports.ts";
import { conflict, invalid, type Subject } from "../failures.ts";
import { isLeaseFailure } from "./errors.ts";
import type { ReplicaBlobs } from "./replica-blobs.ts";

const MiB = 2 ** 20;
/** "Put Page": one request's. */
const largestWrite = 4 * MiB;
const pageBytes = 512;

export interface PageBlobSinkOptions {
  readonly blobs: ReplicaBlobs;
  readonly blob: string;
  readonly sizeBytes: number;
  /** This attempt's: Azure refuses each write that comes with another one. */
  readonly leaseId: string;
  /** Takes the lease again. @throws Conflict when the blob is another attempt's. */
  readonly retake: (signal: AbortSignal) => Promise<void>;
  readonly subject: Subject;
}

/** Writes a page blob. What Azure has acknowledged is durable. */
export class PageBlobSink implements BlockSink {
  readonly sizeBytes: number;
  readonly #options: PageBlobSinkOptions;
  #closed = false;
  #retaking: Promise<void> | undefined;

  constructor(options: PageBlobSinkOptions) {
    this.#options = options;
    this.sizeBytes = options.sizeBytes;
  }

  async write(offset: number, data: Uint8Array, signal: AbortSignal = neverAborted): Promise<void> {
    this.#check(offset, data.byteLength);
    const puts: Promise<unknown>[] = [];
    for (let at = 0; at < data.byteLength; at += largestWrite) {
      const part = data.subarray(at, at + largestWrite);
      const body = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
      puts.push(this.#put(offset + at, body, signal));
    }
    await Promise.all(puts);
  }

  async writeZeroes(offset: number, length: number, signal: AbortSignal = neverAborted): Promise<void> {
    this.#check(offset, length);
    if (length === 0) return;
    const { leaseId } = this.#options;
    await this.#leased(signal, (client) =>
      client.clearPages(offset, length, { conditions: { leaseId }, abortSignal: signal }),
    );
  }

  async flush(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async #put(offset: number, body: Buffer, signal: AbortSignal): Promise<void> {
    const { leaseId } = this.#options;
    await this.#leased(signal, (client) =>
      client.uploadPages(body, offset, body.byteLength, { conditions: { leaseId }, abortSignal: signal }),
    );
  }

  /** An earlier attempt that comes late may take the lease before it learns that it has lost: it is taken back, once. */
  async #leased(signal: AbortSignal, work: (client: PageBlobClient) => PromiseLike<unknown>): Promise<void> {
    const { blobs, blob, subject } = this.#options;
    try {
      await blobs.use(blob, subject, signal, work);
    } catch (error) {
      if (!isLeaseFailure(error)) throw error;
      await this.#retake(signal);
      await blobs.use(blob, subject, signal, work);
    }
  }

  /** Writes that fail together take it back together: one would break what the other one took. */
  #retake(signal: AbortSignal): Promise<void> {
    this.#retaking ??= this.#options.retake(signal).finally(() => {
      this.#retaking = undefined;
    });
    return this.#retaking;
  }

  #check(offset: number, length: number): void {
    const { subject } = this.#options;
    if (this.#closed) throw conflict(subject, "its handle was closed", "Open the generation again.");
    if (offset % pageBytes === 0 && length % pageBytes === 0 && offset + length <= this.sizeBytes) return;
    throw invalid(
      subject,
      `[${offset}, ${offset + length}) is not made of whole pages of the disk`,
      "Write multiples of 512 bytes.",
    );
  }
}

const neverAborted = new AbortController().signal;
