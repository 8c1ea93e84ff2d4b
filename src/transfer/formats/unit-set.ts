import type { Extent } from "../ports.ts";

interface Run {
  readonly first: number;
  readonly count: number;
  /** Units in the runs before this one. */
  readonly before: number;
}

/** Which units of a disk hold data, as runs; a unit's rank is how many of them come before it. */
export class UnitSet {
  readonly unitBytes: number;
  readonly #runs: Run[] = [];
  #count = 0;

  constructor(unitBytes: number) {
    this.unitBytes = unitBytes;
  }

  static fromExtents(unitBytes: number, extents: Iterable<Extent>): UnitSet {
    const set = new UnitSet(unitBytes);
    for (const { offset, length, kind } of extents) if (kind === "data" && length > 0) set.add(offset, length);
    return set;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds the units that a range touches; ranges come in ascending order. Those that are there stay. */
  add(offset: number, length: number): void {
    const last = this.#runs.at(-1);
    const known = last ? last.first + last.count : 0;
    const first = Math.max(known, Math.floor(offset / this.unitBytes));
    const count = Math.ceil((offset + length) / this.unitBytes) - first;
    if (count <= 0) return;
    if (last && first === known) this.#runs[this.#runs.length - 1] = { ...last, count: last.count + count };
    else this.#runs.push({ first, count, before: this.#count });
    this.#count += count;
  }

  /** Undefined for a unit without data. */
  rank(unit: number): number | undefined {
    const run = this.#runs[this.#lastWhere((run) => run.first <= unit)];
    return run && unit < run.first + run.count ? run.before + (unit - run.first) : undefined;
  }

  /** The runs that touch `[from, to)`, cut to it. */
  *runsIn(from: number, to: number): Generator<Run> {
    const start = Math.max(
      0,
      this.#lastWhere((run) => run.first <= from),
    );
    for (let index = start; index < this.#runs.length; index++) {
      const run = this.#runs[index];
      if (!run || run.first >= to) return;
      const first = Math.max(from, run.first);
      const count = Math.min(to, run.first + run.count) - first;
      if (count > 0) yield { first, count, before: run.before + (first - run.first) };
    }
  }

  /** The runs of ranks `[from, to)`. */
  *runsOfRanks(from: number, to: number): Generator<Run> {
    const start = Math.max(
      0,
      this.#lastWhere((run) => run.before <= from),
    );
    for (let index = start; index < this.#runs.length; index++) {
      const run = this.#runs[index];
      if (!run || run.before >= to) return;
      const before = Math.max(from, run.before);
      const count = Math.min(to, run.before + run.count) - before;
      if (count > 0) yield { first: run.first + (before - run.before), count, before };
    }
  }

  /** The index of the last run that `holds` is true of, which is true of all before it; -1 for none. */
  #lastWhere(holds: (run: Run) => boolean): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const run = this.#runs[middle];
      if (run && holds(run)) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
