import { ProviderError } from "../../domain/errors.ts";
import type { Extent } from "../ports.ts";
import type {
  CompressedStretch,
  ImageFacts,
  ImageMap,
  ImageSource,
  ImageSurvey,
  RandomAccess,
  Range,
  Stretch,
} from "./image.ts";
import { Ledger } from "./ledger.ts";
import { allSettled, unpackUnits } from "./unpack.ts";

/** The map is looked at in windows of so much disk: enough for any table, little enough to hold. */
const windowBytes = 1024 ** 3;

/** A disk inside an image file, through its format's map. */
export class MappedSource implements ImageSource {
  readonly facts: ImageFacts;
  readonly sizeBytes: number;
  readonly #file: RandomAccess;
  readonly #map: ImageMap;

  constructor(file: RandomAccess, facts: ImageFacts, map: ImageMap) {
    this.#file = file;
    this.#map = map;
    this.facts = facts;
    this.sizeBytes = facts.sizeBytes;
  }

  async *extents(options: { sinceBaseline?: string; signal?: AbortSignal }): AsyncGenerator<Extent> {
    const { sinceBaseline, signal } = options;
    if (sinceBaseline !== undefined) throw noBaseline(this.#file.name, sinceBaseline);
    const ranges = await this.#file.dataRanges();
    let last: { offset: number; length: number; kind: Extent["kind"] } | undefined;
    for await (const stretches of this.#walk(signal)) {
      const extents: Extent[] = [];
      for (const stretch of stretches) {
        for (const { offset, length, kind } of withoutHoles(stretch, ranges)) {
          if (last?.kind === kind) last.length += length;
          else {
            if (last) extents.push(last);
            last = { offset, length, kind };
          }
        }
      }
      yield* extents;
    }
    if (last) yield last;
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    if (offset < 0 || offset + target.byteLength > this.sizeBytes)
      throw outside(this.#file.name, offset, target.byteLength);
    const stretches = await this.#map.stretches(offset, offset + target.byteLength, signal);
    const reads: Promise<void>[] = [];
    let packed: CompressedStretch[] = [];
    const unpack = (): void => {
      const units = packed;
      packed = [];
      if (units.length === 0) return;
      const unitBytes = this.facts.unitBytes ?? 0;
      reads.push(unpackUnits({ file: this.#file, units, unitBytes, offset, target }, signal));
    };
    for (const stretch of stretches) {
      if (stretch.kind === "compressed") {
        packed.push(stretch);
        continue;
      }
      unpack();
      const part = target.subarray(stretch.offset - offset, stretch.offset - offset + stretch.length);
      if (stretch.kind === "zero") part.fill(0);
      else reads.push(this.#file.read(stretch.at, part, signal));
    }
    unpack();
    await allSettled(reads);
  }

  async survey(signal?: AbortSignal): Promise<ImageSurvey> {
    const ledger =
      this.#map.granuleBytes === undefined ? undefined : new Ledger(this.#file.name, this.#map.granuleBytes);
    if (ledger) for await (const table of this.#map.tables(signal)) ledger.table(table);
    const ranges = await this.#file.dataRanges();
    let allocatedBytes = 0;
    let compressedBytes = 0;
    for await (const stretches of this.#walk(signal)) {
      for (const stretch of stretches) {
        if (stretch.kind === "zero") continue;
        if (stretch.kind === "compressed") compressedBytes += stretch.length;
        for (const { kind, length } of withoutHoles(stretch, ranges)) if (kind === "data") allocatedBytes += length;
        ledger?.stored(stretch);
      }
    }
    return { allocatedBytes, compressedBytes };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Window by window: an asynchronous step for every stretch would cost more than the stretch. */
  async *#walk(signal: AbortSignal | undefined): AsyncGenerator<readonly Stretch[]> {
    for (let from = 0; from < this.sizeBytes; from += windowBytes) {
      signal?.throwIfAborted();
      yield await this.#map.stretches(from, Math.min(from + windowBytes, this.sizeBytes), signal);
    }
  }
}

/** A stretch as extents; where the file has holes, data are zeros. */
function withoutHoles(stretch: Stretch, ranges: readonly Range[] | undefined): readonly Extent[] {
  const { offset, length } = stretch;
  if (stretch.kind !== "data" || !ranges) return [{ offset, length, kind: stretch.kind === "zero" ? "zero" : "data" }];
  const extents: Extent[] = [];
  const end = stretch.at + length;
  let at = stretch.at;
  for (let index = firstEndingAfter(ranges, at); at < end; index++) {
    const range = ranges[index];
    const dataFrom = Math.min(end, Math.max(at, range?.at ?? end));
    if (dataFrom > at) extents.push({ offset: offset + (at - stretch.at), length: dataFrom - at, kind: "zero" });
    const dataTo = Math.min(end, range ? range.at + range.length : end);
    const data = { offset: offset + (dataFrom - stretch.at), length: dataTo - dataFrom };
    if (data.length > 0) extents.push({ ...data, kind: "data" });
    at = Math.max(dataFrom, dataTo);
  }
  return extents;
}

function firstEndingAfter(ranges: readonly Range[], at: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range && range.at + range.length <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function noBaseline(name: string, baseline: string): ProviderError {
  return new ProviderError("NotFound", {
    operation: "read what changed",
    resource: name,
    reason: `an image file knows no changes since ${baseline}`,
    action: "Plan the move again: it then compares hashes or moves everything.",
  });
}

function outside(name: string, offset: number, length: number): ProviderError {
  return new ProviderError("InvalidInput", {
    operation: "read the image",
    resource: name,
    reason: `${length} bytes at ${offset} are not within the disk`,
    action: "Ask for bytes within the disk's size.",
  });
}
