const pageBytes = 64 * 1024;
const pageGranules = pageBytes * 8;

/** Which parts of a file are spoken for, a bit a granule; memory grows with what is claimed, not with the file. */
export class Claims {
  readonly #granuleBytes: number;
  readonly #pages = new Map<number, Uint8Array>();

  constructor(granuleBytes: number) {
    this.#granuleBytes = granuleBytes;
  }

  /** Claims all granules that a range touches; false when some of them were claimed before. */
  claim(at: number, length: number): boolean {
    const end = Math.ceil((at + length) / this.#granuleBytes);
    let granule = Math.floor(at / this.#granuleBytes);
    let free = true;
    while (granule < end) {
      const page = this.#page(Math.floor(granule / pageGranules));
      const bit = granule % pageGranules;
      const count = Math.min(end - granule, pageGranules - bit);
      free = claimBits(page, bit, count) && free;
      granule += count;
    }
    return free;
  }

  /** Whether any granule that a range touches was claimed. */
  has(at: number, length: number): boolean {
    const end = Math.ceil((at + length) / this.#granuleBytes);
    for (let granule = Math.floor(at / this.#granuleBytes); granule < end; ) {
      const index = Math.floor(granule / pageGranules);
      const page = this.#pages.get(index);
      const pageEnd = Math.min(end, (index + 1) * pageGranules);
      for (; page && granule < pageEnd; granule++) {
        const bit = granule % pageGranules;
        if ((page[bit >> 3] ?? 0) & (1 << (bit & 7))) return true;
      }
      granule = pageEnd;
    }
    return false;
  }

  #page(index: number): Uint8Array {
    let page = this.#pages.get(index);
    if (!page) {
      page = new Uint8Array(pageBytes);
      this.#pages.set(index, page);
    }
    return page;
  }
}

function claimBits(page: Uint8Array, from: number, count: number): boolean {
  let free = true;
  const end = from + count;
  for (let bit = from; bit < end; ) {
    const index = bit >> 3;
    if ((bit & 7) === 0 && bit + 8 <= end) {
      const whole = page.subarray(index, end >> 3);
      free &&= whole.every((byte) => byte === 0);
      whole.fill(0xff);
      bit += whole.byteLength * 8;
      continue;
    }
    const mask = 1 << (bit & 7);
    if ((page[index] ?? 0) & mask) free = false;
    page[index] = (page[index] ?? 0) | mask;
    bit++;
  }
  return free;
}
