import { Unreadable } from "./disk-bytes.ts";

/** Reads a stream of pieces from front to back. */
export class Cursor {
  readonly #pieces: AsyncIterator<Buffer>;
  #piece: Buffer = Buffer.alloc(0);
  /** Bytes taken or skipped so far. */
  position = 0;

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes. */
  async take(length: number): Promise<Buffer> {
    const taken: Buffer[] = [];
    await this.#pass(length, (bytes) => taken.push(bytes));
    return taken.length === 1 ? (taken[0] as Buffer) : Buffer.concat(taken);
  }

  async skip(length: number): Promise<void> {
    await this.#pass(length, () => {});
  }

  /** Skips zeros; false when nothing is left after them. */
  async skipZeros(): Promise<boolean> {
    while (await this.#fill()) {
      const at = this.#piece.findIndex((byte) => byte !== 0);
      this.#advance(at < 0 ? this.#piece.length : at);
      if (at >= 0) return true;
    }
    return false;
  }

  /** Up to so many bytes, without moving on; fewer only where a piece ends there. */
  async peek(length: number): Promise<Buffer> {
    await this.#fill();
    while (this.#piece.length < length) {
      const next = await this.#pieces.next();
      if (next.done) break;
      this.#piece = Buffer.concat([this.#piece, next.value]);
    }
    return this.#piece.subarray(0, length);
  }

  /** What is left, piece by piece. */
  async *rest(): AsyncGenerator<Buffer> {
    while (await this.#fill()) {
      const piece = this.#piece;
      this.#advance(piece.length);
      yield piece;
    }
  }

  async #pass(length: number, use: (bytes: Buffer) => void): Promise<void> {
    for (let left = length; left > 0; ) {
      if (!(await this.#fill())) throw new Unreadable("it ends in the middle");
      const bytes = this.#piece.subarray(0, left);
      use(bytes);
      left -= bytes.length;
      this.#advance(bytes.length);
    }
  }

  async #fill(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const next = await this.#pieces.next();
      if (next.done) return false;
      this.#piece = next.value;
    }
    return true;
  }

  #advance(length: number): void {
    this.#piece = this.#piece.subarray(length);
    this.position += length;
  }
}
