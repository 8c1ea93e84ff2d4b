/** A fixed number of shared buffers: the bound on the bytes in flight, and what hash threads read without a copy. */
export class BufferPool {
  readonly #free: SharedArrayBuffer[] = [];
  readonly #bytesEach: number;
  #left: number;

  constructor(count: number, bytesEach: number) {
    this.#left = count;
    this.#bytesEach = bytesEach;
  }

  get available(): boolean {
    return this.#free.length > 0 || this.#left > 0;
  }

  take(): SharedArrayBuffer {
    const free = this.#free.pop();
    if (free) return free;
    if (this.#left === 0) throw new RangeError("No buffer is free.");
    this.#left--;
    return new SharedArrayBuffer(this.#bytesEach);
  }

  release(buffer: SharedArrayBuffer): void {
    this.#free.push(buffer);
  }
}
