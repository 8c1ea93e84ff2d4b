import type { CompressedStretch, Stretch } from "./image.ts";

/** Collects stretches in ascending order and joins those that go on where the last one ended. */
export class StretchList {
  readonly #stretches: Stretch[] = [];
  readonly #from: number;
  readonly #to: number;
  #kind: "zero" | "data" | undefined;
  #offset = 0;
  #at = 0;
  #end = 0;

  /** Only what is in `[from, to)` is kept, except of compressed units, which stay whole. */
  constructor(from: number, to: number) {
    this.#from = from;
    this.#to = to;
  }

  zero(offset: number, length: number): void {
    const start = Math.max(offset, this.#from);
    const end = Math.min(offset + length, this.#to);
    if (end <= start) return;
    if (this.#kind !== "zero") this.#begin("zero", start, 0);
    this.#end = end;
  }

  data(offset: number, length: number, at: number): void {
    const start = Math.max(offset, this.#from);
    const end = Math.min(offset + length, this.#to);
    if (end <= start) return;
    const startAt = at + (start - offset);
    const goesOn = this.#kind === "data" && this.#at + (start - this.#offset) === startAt;
    if (!goesOn) this.#begin("data", start, startAt);
    this.#end = end;
  }

  compressed(stretch: Omit<CompressedStretch, "kind">): void {
    if (stretch.offset >= this.#to || stretch.offset + stretch.length <= this.#from) return;
    this.#finish();
    this.#stretches.push({ kind: "compressed", ...stretch });
  }

  done(): readonly Stretch[] {
    this.#finish();
    return this.#stretches;
  }

  #begin(kind: "zero" | "data", offset: number, at: number): void {
    this.#finish();
    this.#kind = kind;
    this.#offset = offset;
    this.#at = at;
  }

  #finish(): void {
    const length = this.#end - this.#offset;
    if (this.#kind === "zero") this.#stretches.push({ kind: "zero", offset: this.#offset, length });
    else if (this.#kind === "data") this.#stretches.push({ kind: "data", offset: this.#offset, length, at: this.#at });
    this.#kind = undefined;
  }
}
