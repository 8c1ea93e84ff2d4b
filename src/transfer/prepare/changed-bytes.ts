import { type Bytes, checkRange } from "../inspect/disk-bytes.ts";

/** Bytes that can be written at any offset. `file`: what of the guest it belongs to, for the list of changes. */
export interface WritableBytes extends Bytes {
  write(offset: number, data: Uint8Array, file: string): Promise<void>;
}

/** A stretch of the disk that was changed, for whom and why. */
export interface ChangedRange {
  readonly offset: number;
  readonly length: number;
  readonly file: string;
  readonly reason: string;
}

const pageBytes = 4096;

/** A disk with changes on top of it, which are kept in memory; the disk itself is only read. */
export class ChangedBytes implements WritableBytes {
  readonly sizeBytes: number;
  /** Of the writes that follow. */
  reason = "";
  readonly #original: Bytes;
  readonly #pages = new Map<number, Buffer>();
  #log: ChangedRange[] = [];

  constructor(original: Bytes) {
    this.#original = original;
    this.sizeBytes = original.sizeBytes;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.from(await this.#original.read(offset, length));
    this.overlay(offset, bytes);
    return bytes;
  }

  /** Puts what was changed into bytes that were read of the disk at that offset. */
  overlay(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.byteLength;
    for (let page = Math.floor(offset / pageBytes); page * pageBytes < end; page++) {
      const changed = this.#pages.get(page);
      if (!changed) continue;
      const [from, to] = [Math.max(offset, page * pageBytes), Math.min(end, page * pageBytes + changed.length)];
      bytes.set(changed.subarray(from - page * pageBytes, to - page * pageBytes), from - offset);
    }
  }

  async write(offset: number, data: Uint8Array, file: string): Promise<void> {
    checkRange(this, offset, data.byteLength);
    const end = offset + data.byteLength;
    for (let page = Math.floor(offset / pageBytes); page * pageBytes < end; page++) {
      const start = page * pageBytes;
      const bytes = this.#pages.get(page) ?? (await this.read(start, Math.min(pageBytes, this.sizeBytes - start)));
      this.#pages.set(page, bytes);
      const [from, to] = [Math.max(offset, start), Math.min(end, start + bytes.length)];
      bytes.set(data.subarray(from - offset, to - offset), from - start);
    }
    this.#log.push({ offset, length: data.byteLength, file, reason: this.reason });
  }

  /** A stretch of the disk, such as a partition. */
  window(start: number, sizeBytes: number): WritableBytes {
    return new WritableWindow(this, start, Math.max(0, Math.min(sizeBytes, this.sizeBytes - start)));
  }

  /** What differs from the disk, in order; what was written twice for the same cause comes once. */
  async ranges(): Promise<ChangedRange[]> {
    const merged: ChangedRange[] = [];
    const sorted = this.#log.toSorted((a, b) => a.offset - b.offset || a.length - b.length);
    for (const range of sorted) {
      const at = merged.findLastIndex(({ file, reason }) => file === range.file && reason === range.reason);
      const before = merged[at];
      if (before && range.offset <= before.offset + before.length) {
        const end = Math.max(before.offset + before.length, range.offset + range.length);
        merged[at] = { ...before, length: end - before.offset };
      } else merged.push(range);
    }
    const differing: ChangedRange[] = [];
    for (const range of merged) if (await this.#differs(range)) differing.push(range);
    return differing;
  }

  async #differs({ offset, length }: ChangedRange): Promise<boolean> {
    for (let at = offset; at < offset + length; at += pageBytes) {
      const piece = Math.min(pageBytes, offset + length - at);
      if (!(await this.read(at, piece)).equals(await this.#original.read(at, piece))) return true;
    }
    return false;
  }
}

class WritableWindow implements WritableBytes {
  readonly sizeBytes: number;
  readonly #disk: WritableBytes;
  readonly #start: number;

  constructor(disk: WritableBytes, start: number, sizeBytes: number) {
    this.#disk = disk;
    this.#start = start;
    this.sizeBytes = sizeBytes;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    checkRange(this, offset, length);
    return this.#disk.read(this.#start + offset, length);
  }

  async write(offset: number, data: Uint8Array, file: string): Promise<void> {
    checkRange(this, offset, data.byteLength);
    await this.#disk.write(this.#start + offset, data, file);
  }
}
