import { leafBytes } from "./ports.ts";

/** Of each leaf so many stretches of so many bytes are looked at: enough to tell noise from text, at a few microseconds. */
const stretches = 8;
const stretchBytes = 512;

/** Measures how much like noise the bytes are that go by, as their mean Shannon entropy in bits a byte. */
export class EntropyMeter {
  #bytes = 0;
  #weighted = 0;
  readonly #counts = new Uint32Array(256);

  add(data: Uint8Array): void {
    for (let offset = 0; offset < data.byteLength; offset += leafBytes) {
      const leaf = data.subarray(offset, Math.min(data.byteLength, offset + leafBytes));
      this.#bytes += leaf.byteLength;
      this.#weighted += leaf.byteLength * this.#entropyOf(leaf);
    }
  }

  /** Undefined while nothing went by. */
  get bitsPerByte(): number | undefined {
    return this.#bytes === 0 ? undefined : this.#weighted / this.#bytes;
  }

  #entropyOf(leaf: Uint8Array): number {
    const counts = this.#counts.fill(0);
    const step = Math.max(stretchBytes, Math.floor(leaf.byteLength / stretches));
    let seen = 0;
    for (let from = 0; from < leaf.byteLength; from += step) {
      const to = Math.min(leaf.byteLength, from + stretchBytes);
      for (let at = from; at < to; at++) counts[leaf[at] as number] = (counts[leaf[at] as number] as number) + 1;
      seen += to - from;
    }
    let bits = 0;
    for (const count of counts) if (count > 0) bits -= (count / seen) * Math.log2(count / seen);
    return bits;
  }
}
