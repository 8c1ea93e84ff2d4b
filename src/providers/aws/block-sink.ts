import { hash } from "node:crypto";
import { type BlockSink, leafBytes } from "../../transfer/ports.ts";
import { conflict, invalid, type Subject } from "../failures.ts";
import type { Aws } from "./client.ts";

const blockBytes = leafBytes;
const hashBytes = 32;
/** Zero blocks on their way at once; writes are as many as the caller starts. */
const zerosInFlight = 16;

export interface SnapshotSinkOptions {
  readonly snapshotId: string;
  readonly sizeBytes: number;
  /** It starts as another snapshot's content, so zeros must be written. */
  readonly hasParent: boolean;
  readonly subject: Subject;
}

/** Writes a pending snapshot over EBS direct. A block is durable when AWS has acknowledged it. */
export class SnapshotSink implements BlockSink {
  readonly sizeBytes: number;
  readonly wholeLeaves = true;
  readonly #aws: Aws;
  readonly #options: SnapshotSinkOptions;
  /** One bit a block, least significant first: written by this handle. */
  readonly #written: Uint8Array;
  #zeros: { readonly bytes: Uint8Array; readonly checksum: string } | undefined;
  #closed = false;

  constructor(aws: Aws, options: SnapshotSinkOptions) {
    this.#aws = aws;
    this.#options = options;
    this.sizeBytes = options.sizeBytes;
    this.#written = new Uint8Array(Math.ceil(options.sizeBytes / blockBytes / 8));
  }

  async write(offset: number, data: Uint8Array, signal?: AbortSignal, hashes?: Uint8Array): Promise<void> {
    this.#check(offset, data.byteLength);
    const puts: Promise<void>[] = [];
    for (let at = 0; at < data.byteLength; at += blockBytes) {
      const block = data.subarray(at, at + blockBytes);
      const leaf = at / blockBytes;
      const known = hashes?.subarray(leaf * hashBytes, (leaf + 1) * hashBytes);
      const checksum = known ? Buffer.from(known).toString("base64") : hash("sha256", block, "base64");
      puts.push(this.#put(offset / blockBytes + leaf, block, checksum, signal));
    }
    await Promise.all(puts);
  }

  async writeZeroes(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    this.#check(offset, length);
    const end = (offset + length) / blockBytes;
    let next = offset / blockBytes;
    this.#zeros ??= zeroBlock();
    const { bytes, checksum } = this.#zeros;
    const lane = async (): Promise<void> => {
      while (next < end) {
        const index = next++;
        // A block that nobody wrote reads as zeros, unless a parent has something there.
        if (this.#options.hasParent || this.#isWritten(index)) await this.#put(index, bytes, checksum, signal);
      }
    };
    await Promise.all(Array.from({ length: zerosInFlight }, lane));
  }

  /** What has been acknowledged is durable. */
  async flush(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  async #put(index: number, block: Uint8Array, checksum: string, signal: AbortSignal | undefined): Promise<void> {
    const { snapshotId, subject } = this.#options;
    await this.#aws.ebs.send(
      (sdk) =>
        new sdk.PutSnapshotBlockCommand({
          SnapshotId: snapshotId,
          BlockIndex: index,
          BlockData: block,
          DataLength: blockBytes,
          Checksum: checksum,
          ChecksumAlgorithm: "SHA256",
        }),
      subject,
      signal ?? neverAborted,
    );
    this.#written[index >> 3] = (this.#written[index >> 3] ?? 0) | (1 << (index & 7));
  }

  #isWritten(index: number): boolean {
    return ((this.#written[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  #check(offset: number, length: number): void {
    const { subject } = this.#options;
    if (this.#closed) throw conflict(subject, "its handle was closed", "Open the generation again.");
    if (offset % blockBytes === 0 && length % blockBytes === 0 && offset + length <= this.sizeBytes) return;
    throw invalid(
      subject,
      `[${offset}, ${offset + length}) is not made of whole blocks of the disk`,
      "Write whole leaves.",
    );
  }
}

const neverAborted = new AbortController().signal;

function zeroBlock() {
  const bytes = new Uint8Array(blockBytes);
  return { bytes, checksum: hash("sha256", bytes, "base64") };
}
