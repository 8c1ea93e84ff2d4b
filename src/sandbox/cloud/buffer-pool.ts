/** Buffers of one size that are used again and again: fresh half-mebibytes keep the garbage collector busy. */
export class BufferPool {
  readonly #size: number;
  readonly #keep: number;
  readonly #free: Buffer[] = [];

  constructor(size: number, keep: number) {
    this.#size = size;
    this.#keep = keep;
  }

  /** Holds whatever was in it last. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#size);
  }

  /** For buffers that came from {@link take} and that nobody reads any more; others are left alone. */
  give(buffer: Buffer): void {
    if (buffer.length === this.#size && this.#free.length < this.#keep && !this.#free.includes(buffer))
      this.#free.push(buffer);
  }
}
