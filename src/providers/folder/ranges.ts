/** A stretch of a disk, from `offset` up to and without `end`, with what is known of it. */
export interface Range {
  readonly offset: number;
  readonly end: number;
  readonly value: number;
}

/**
 * Ranges that do not overlap, in ascending order, each with a number. Touching ranges of one number are one range.
 * Three flat lists rather than objects: a disk in many pieces has millions.
 */
export class RangeMap {
  readonly #offsets: number[] = [];
  readonly #ends: number[] = [];
  readonly #values: number[] = [];

  static of(ranges: Iterable<readonly [offset: number, length: number]>, value = 0): RangeMap {
    const map = new RangeMap();
    for (const [offset, length] of ranges) map.set(offset, offset + length, value);
    return map;
  }

  get isEmpty(): boolean {
    return this.#offsets.length === 0;
  }

  /** Sum of the lengths. */
  get bytes(): number {
    return this.#offsets.reduce((sum, offset, index) => sum + (this.#ends[index] as number) - offset, 0);
  }

  /** Covers what was there. Quick at the end of the map, where copies write. */
  set(offset: number, end: number, value: number): void {
    if (end <= offset) return;
    let first = this.#firstEndingAfter(offset - 1);
    const ranges: Range[] = [];
    let [from, to] = [offset, end];
    let behind = first;
    while (behind < this.#offsets.length && (this.#offsets[behind] as number) <= end) behind++;
    // What is left of the ranges in between on either side, joined where the number is the same.
    const left = this.#at(first);
    const right = this.#at(behind - 1);
    if (left && left.offset < offset) {
      if (left.value === value) from = left.offset;
      else ranges.push({ ...left, end: Math.min(left.end, offset) });
    }
    let after: Range | undefined;
    if (right && behind > first && right.end > end) {
      if (right.value === value) to = right.end;
      else after = { ...right, offset: Math.max(right.offset, end) };
    }
    ranges.push({ offset: from, end: to, value });
    if (after) ranges.push(after);
    first = Math.min(first, behind);
    this.#offsets.splice(first, behind - first, ...ranges.map((range) => range.offset));
    this.#ends.splice(first, behind - first, ...ranges.map((range) => range.end));
    this.#values.splice(first, behind - first, ...ranges.map((range) => range.value));
  }

  /** The parts of ranges that lie in the stretch. */
  *within(offset: number, end: number): Generator<Range> {
    for (let index = this.#firstEndingAfter(offset); index < this.#offsets.length; index++) {
      const range = this.#at(index) as Range;
      if (range.offset >= end) return;
      yield { offset: Math.max(range.offset, offset), end: Math.min(range.end, end), value: range.value };
    }
  }

  /** The same with the gaps between, which get `gap` as their number. */
  *covering(offset: number, end: number, gap: number): Generator<Range> {
    let at = offset;
    for (const range of this.within(offset, end)) {
      if (range.offset > at) yield { offset: at, end: range.offset, value: gap };
      yield range;
      at = range.end;
    }
    if (at < end) yield { offset: at, end, value: gap };
  }

  overlaps(offset: number, end: number): boolean {
    const next = this.#offsets[this.#firstEndingAfter(offset)];
    return offset < end && next !== undefined && next < end;
  }

  *[Symbol.iterator](): Generator<Range> {
    for (let index = 0; index < this.#offsets.length; index++) yield this.#at(index) as Range;
  }

  /** `[offset, length]` pairs, as they are written to files. */
  pairs(): [number, number][] {
    return [...this].map(({ offset, end }) => [offset, end - offset]);
  }

  #at(index: number): Range | undefined {
    const offset = this.#offsets[index];
    if (offset === undefined) return undefined;
    return { offset, end: this.#ends[index] as number, value: this.#values[index] as number };
  }

  #firstEndingAfter(offset: number): number {
    let [low, high] = [0, this.#ends.length];
    if (high > 0 && (this.#ends[high - 1] as number) <= offset) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ends[middle] as number) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** `top` where it says something, else `base`; below `end` only. One pass, as either may be long. */
export function overlay(base: RangeMap, top: RangeMap, end: number): RangeMap {
  const merged = new RangeMap();
  let at = 0;
  const under = (until: number): void => {
    for (const range of base.within(at, until)) merged.set(range.offset, range.end, range.value);
  };
  for (const range of top.within(0, end)) {
    under(range.offset);
    merged.set(range.offset, range.end, range.value);
    at = range.end;
  }
  under(end);
  return merged;
}
