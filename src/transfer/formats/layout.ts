import type { BlockSource, Extent } from "../ports.ts";
import type { ImageFormat } from "./format-names.ts";
import { planQcow2, qcow2Geometry } from "./qcow2/layout.ts";
import { planRaw, rawGeometry } from "./raw-layout.ts";
import { UnitSet } from "./unit-set.ts";
import { planVhdDynamic, planVhdFixed, vhdDynamicGeometry, vhdFixedGeometry } from "./vhd/layout.ts";
import { planVhdx, vhdxGeometry } from "./vhdx/layout.ts";

/**
 * The formats whose every byte follows from the disk's size, its allocated ranges and its content, so that any part can be
 * made alone and again. (VMDK streamOptimized isn't one: where a grain lies depends on how well those before it compress.)
 */
export const plannableFormats = ["raw", "qcow2", "vhd-fixed", "vhd-dynamic", "vhdx"] as const satisfies ImageFormat[];
export type PlannableFormat = (typeof plannableFormats)[number];

/** What an image carries of its making. The same identity gives the same bytes. */
export interface ImageIdentity {
  /** A UUID. */
  readonly id: string;
  readonly createdAt: Date;
}

/** Where a format puts the disk's data, known before the first byte of them: unit by unit in the disk's order. */
export interface Geometry {
  /** What is allocated at once. */
  readonly unitBytes: number;
  /** Where the first unit's bytes begin, and how far the next unit's are from there. */
  readonly dataAt: number;
  readonly strideBytes: number;
  /** False: every unit has its own place, with or without data. */
  readonly dense: boolean;
}

/** Pieces of the object that are not disk data: `count` of them, `length` bytes each, every `stride` from `at` on. */
export interface Region {
  readonly at: number;
  readonly length: number;
  readonly count: number;
  readonly stride: number;
  /** Fills a piece, which is zeros to begin with. */
  fillPiece(piece: Uint8Array, index: number): void;
}

/** What a format makes of a set of units. */
export interface FormatPlan {
  readonly objectBytes: number;
  /** Apart from each other and from the data; what nobody fills is zeros. */
  readonly regions: readonly Region[];
}

export interface PlanInput {
  readonly sizeBytes: number;
  readonly units: UnitSet;
  readonly identity: ImageIdentity;
}

interface Planner {
  /** @throws ProviderError InvalidInput for a disk that the format can't hold. */
  geometry(sizeBytes: number): Geometry;
  plan(input: PlanInput, geometry: Geometry): FormatPlan;
}

export const planners: Readonly<Record<PlannableFormat, Planner>> = {
  raw: { geometry: rawGeometry, plan: planRaw },
  qcow2: { geometry: qcow2Geometry, plan: planQcow2 },
  "vhd-fixed": { geometry: vhdFixedGeometry, plan: planVhdFixed },
  "vhd-dynamic": { geometry: vhdDynamicGeometry, plan: planVhdDynamic },
  vhdx: { geometry: vhdxGeometry, plan: planVhdx },
};

/** An image as an object whose layout is settled: a pure function of the plan's input, plain data aside from `fillPiece`. */
export interface ImageLayout {
  readonly format: PlannableFormat;
  readonly sizeBytes: number;
  readonly objectBytes: number;
  readonly geometry: Geometry;
  readonly units: UnitSet;
  readonly regions: readonly Region[];
}

/**
 * Plans an image of a disk from its final extent map, so that its parts can be made in any order, on any host, again after
 * a failure, and without a staging disk.
 * @param input.sizeBytes the disk's size in the image; may be larger than the source, which then reads as zeros at its end
 * (Azure takes whole MiB only). Formats of sectors round it up to 512.
 * @throws ProviderError InvalidInput for a disk that the format can't hold.
 */
export function planImage(
  format: PlannableFormat,
  input: { sizeBytes: number; extents: Iterable<Extent>; identity: ImageIdentity },
): ImageLayout {
  const { geometry: geometryOf, plan } = planners[format];
  const geometry = geometryOf(input.sizeBytes);
  const units = UnitSet.fromExtents(geometry.unitBytes, input.extents);
  const { sizeBytes } = input;
  return { format, sizeBytes, geometry, units, ...plan({ sizeBytes, units, identity: input.identity }, geometry) };
}

/**
 * Fills `target` with the object's bytes from `at` on; the same for the same layout and source, whenever it is asked.
 * Several may run at once.
 */
export async function readPart(
  layout: ImageLayout,
  source: BlockSource,
  part: { readonly at: number; readonly target: Uint8Array },
  signal?: AbortSignal,
): Promise<void> {
  const { at, target } = part;
  const end = at + target.byteLength;
  target.fill(0);
  for (const { offset, length, at: dataAt } of dataIn(layout, at, end)) {
    const there = Math.min(length, source.sizeBytes - offset);
    if (there > 0) await source.read(offset, target.subarray(dataAt - at, dataAt - at + there), signal);
  }
  for (const region of layout.regions) {
    const first = Math.max(0, Math.floor((at - region.at - region.length) / region.stride) + 1);
    for (let index = first; index < region.count && region.at + index * region.stride < end; index++) {
      const piece = new Uint8Array(region.length);
      region.fillPiece(piece, index);
      const pieceAt = region.at + index * region.stride;
      const from = Math.max(at, pieceAt);
      const to = Math.min(end, pieceAt + region.length);
      if (to > from) target.set(piece.subarray(from - pieceAt, to - pieceAt), from - at);
    }
  }
}

/** The stretches of disk data in a range of the object. */
function* dataIn(
  layout: ImageLayout,
  from: number,
  to: number,
): Generator<{ offset: number; length: number; at: number }> {
  const { unitBytes, dataAt, strideBytes, dense } = layout.geometry;
  const first = Math.max(0, Math.floor((from - dataAt - unitBytes) / strideBytes) + 1);
  const last = Math.max(0, Math.ceil((to - dataAt) / strideBytes));
  const runs = dense ? layout.units.runsOfRanks(first, last) : layout.units.runsIn(first, last);
  for (const run of runs) {
    const place = dense ? run.before : run.first;
    // Units that follow each other in the object too are read at once.
    const step = strideBytes === unitBytes ? run.count : 1;
    for (let index = 0; index < run.count; index += step) {
      const at = dataAt + (place + index) * strideBytes;
      const start = Math.max(from, at);
      const end = Math.min(to, at + step * unitBytes, layout.objectBytes);
      const offset = (run.first + index) * unitBytes + (start - at);
      const length = Math.min(end - start, layout.sizeBytes - offset);
      if (length > 0) yield { offset, length, at: start };
    }
  }
}
