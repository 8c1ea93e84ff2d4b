import { type Fact, known, unknown } from "../../domain/guest.ts";
import type { BlockSource } from "../ports.ts";

/** Something on the disk is not as its format demands, or is more than an inspection may cost. Its message goes after
 *  "cannot tell:". Never leaves this folder. */
export class Unreadable extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "Unreadable";
  }
}

/** It took too long: another time it may not. */
export class OutOfTime extends Unreadable {}

/** A system that is shut down in order leaves it otherwise. */
export class NotAtRest extends Unreadable {}

/** Bytes that can be read at any offset. Reading past the end is {@link Unreadable}. */
export interface Bytes {
  readonly sizeBytes: number;
  read(offset: number, length: number): Promise<Buffer>;
}

export interface ReadLimits {
  /** Bytes that an inspection may ask of the source. */
  readonly readBytes: number;
  /** When it has to have ended, by `performance.now()`. */
  readonly deadlineMs: number;
}

const pageBytes = 64 * 1024;
const cachedPages = 128;
/** What is read in one go never holds more memory than this. */
const maxReadBytes = 16 * 1024 * 1024;

/** A disk behind a small cache, counted and bounded: an image may claim anything, the cost stays the same. */
export class DiskBytes implements Bytes {
  readonly sizeBytes: number;
  bytesRead = 0;
  readonly #source: BlockSource;
  readonly #limits: ReadLimits;
  readonly #signal: AbortSignal | undefined;
  readonly #pages = new Map<number, Buffer>();

  constructor(source: BlockSource, limits: ReadLimits, signal?: AbortSignal) {
    this.sizeBytes = source.sizeBytes;
    this.#source = source;
    this.#limits = limits;
    this.#signal = signal;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    checkRange(this, offset, length);
    if (length > pageBytes) return this.#fetch(offset, length);
    const first = Math.floor(offset / pageBytes);
    const last = Math.floor((offset + Math.max(length, 1) - 1) / pageBytes);
    const start = offset - first * pageBytes;
    const page = await this.#page(first);
    if (last === first) return page.subarray(start, start + length);
    const next = await this.#page(last);
    return Buffer.concat([page.subarray(start), next]).subarray(0, length);
  }

  /** Fails when the time is up or the caller gave up; for loops that need no bytes. */
  checkTime(): void {
    this.#signal?.throwIfAborted();
    if (performance.now() > this.#limits.deadlineMs) throw new OutOfTime("looking at it took too long");
  }

  async #page(index: number): Promise<Buffer> {
    const cached = this.#pages.get(index);
    if (cached) return cached;
    const offset = index * pageBytes;
    const page = await this.#fetch(offset, Math.min(pageBytes, this.sizeBytes - offset));
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size < cachedPages) break;
      this.#pages.delete(oldest);
    }
    this.#pages.set(index, page);
    return page;
  }

  async #fetch(offset: number, length: number): Promise<Buffer> {
    this.checkTime();
    this.bytesRead += length;
    if (this.bytesRead > this.#limits.readBytes) throw new Unreadable("there is more to read than a look may cost");
    const bytes = Buffer.allocUnsafe(length);
    await this.#source.read(offset, bytes, this.#signal);
    return bytes;
  }
}

/** A stretch of something, such as a partition. */
export class ByteWindow implements Bytes {
  readonly sizeBytes: number;
  readonly #bytes: Bytes;
  readonly #offset: number;

  /** A stretch that reaches past the end is cut there. */
  constructor(bytes: Bytes, offset: number, sizeBytes: number) {
    this.#bytes = bytes;
    this.#offset = offset;
    this.sizeBytes = Math.max(0, Math.min(sizeBytes, bytes.sizeBytes - offset));
  }

  async read(offset: number, length: number): Promise<Buffer> {
    checkRange(this, offset, length);
    return this.#bytes.read(this.#offset + offset, length);
  }
}

export function checkRange(bytes: Bytes, offset: number, length: number): void {
  const fits = Number.isSafeInteger(offset) && offset >= 0 && length >= 0 && offset + length <= bytes.sizeBytes;
  if (!fits) throw new Unreadable("something on it points outside of the disk");
  if (length > maxReadBytes) throw new Unreadable("a table on it is too large");
}

/** A fact out of what may turn out {@link Unreadable}; every other failure is the caller's. */
export async function attempt<T>(read: () => Promise<T>): Promise<Fact<T>> {
  try {
    return known(await read());
  } catch (error) {
    if (error instanceof Unreadable) return unknown(error.message);
    throw error;
  }
}
