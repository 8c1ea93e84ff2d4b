import { ProviderError } from "../../../src/domain/errors.ts";
import { hashBytes, hashLeaf } from "../../../src/transfer/manifest.ts";
import { type BlockSink, type BlockSource, type Extent, leafBytes } from "../../../src/transfer/ports.ts";

/** A disk whose writes are lost in a crash unless they were flushed, as with a real server's cache. */
export class MemoryDisk implements BlockSource, BlockSink {
  readonly sizeBytes: number;
  readonly bytes: Uint8Array;
  readonly #durable: Uint8Array;
  readonly #granularity: number;
  /** Ranges that differ from a baseline, by its name. */
  readonly baselines = new Map<string, Extent[]>();
  /** Takes whole leaves only, as EBS does. */
  wholeLeaves = false;
  readonly leavesTouched = new Set<number>();
  bytesWritten = 0;
  bytesZeroed = 0;
  flushes = 0;
  /** After this many more written bytes the server dies. */
  crashAfterBytes = Number.POSITIVE_INFINITY;
  #dead = false;

  constructor(content: Uint8Array, granularity = 64 * 1024) {
    this.sizeBytes = content.byteLength;
    this.bytes = Uint8Array.from(content);
    this.#durable = Uint8Array.from(content);
    this.#granularity = granularity;
  }

  /** Comes back after a crash with what was flushed. */
  restart(): void {
    this.bytes.set(this.#durable);
    this.#dead = false;
    this.crashAfterBytes = Number.POSITIVE_INFINITY;
  }

  async *extents({ sinceBaseline }: { sinceBaseline?: string }): AsyncGenerator<Extent> {
    const ranges =
      sinceBaseline === undefined ? [{ offset: 0, length: this.sizeBytes }] : this.baselines.get(sinceBaseline);
    for (const { offset, length } of ranges ?? []) {
      for (let at = offset; at < offset + length; ) {
        const end = Math.min(offset + length, (Math.floor(at / this.#granularity) + 1) * this.#granularity);
        const kind = this.bytes.subarray(at, end).every((byte) => byte === 0) ? "zero" : "data";
        yield { offset: at, length: end - at, kind };
        at = end;
      }
    }
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#turn(signal);
    target.set(this.bytes.subarray(offset, offset + target.byteLength));
  }

  async write(offset: number, data: Uint8Array, signal?: AbortSignal, hashes?: Uint8Array): Promise<void> {
    if (this.wholeLeaves) checkHashes(data, hashes);
    await this.#turn(signal);
    this.crashAfterBytes -= data.byteLength;
    if (this.crashAfterBytes < 0) this.#dead = true;
    this.#alive();
    this.#touch(offset, data.byteLength);
    this.bytes.set(data, offset);
    this.bytesWritten += data.byteLength;
  }

  async writeZeroes(offset: number, length: number, signal?: AbortSignal): Promise<void> {
    await this.#turn(signal);
    this.#touch(offset, length);
    this.bytes.fill(0, offset, offset + length);
    this.bytesZeroed += length;
  }

  async flush(signal?: AbortSignal): Promise<void> {
    const content = Uint8Array.from(this.bytes);
    await this.#turn(signal);
    this.#durable.set(content);
    this.flushes++;
  }

  async close(): Promise<void> {}

  #touch(offset: number, length: number): void {
    const end = offset + length;
    const whole = offset % leafBytes === 0 && (end % leafBytes === 0 || end === this.sizeBytes);
    if (this.wholeLeaves && !whole) throw new Error(`${length} bytes at ${offset} are not whole leaves`);
    for (let leaf = Math.floor(offset / leafBytes); leaf * leafBytes < end; leaf++) this.leavesTouched.add(leaf);
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    this.#alive();
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    this.#alive();
  }

  #alive(): void {
    if (!this.#dead) return;
    throw new ProviderError("Unavailable", {
      operation: "use the disk",
      resource: "memory",
      reason: "its server was killed",
      action: "Start it again.",
    });
  }
}

/** A sink of whole leaves is told what it gets. */
function checkHashes(data: Uint8Array, hashes: Uint8Array | undefined): void {
  for (let leaf = 0; leaf * leafBytes < data.byteLength; leaf++) {
    const expected = hashLeaf(data.subarray(leaf * leafBytes, (leaf + 1) * leafBytes));
    const given = hashes?.subarray(leaf * hashBytes, (leaf + 1) * hashBytes);
    if (!given || !expected.equals(given)) throw new Error(`the hash of leaf ${leaf} of a write is missing or wrong`);
  }
}
