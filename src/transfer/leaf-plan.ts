import { lengthOfLeaf } from "./manifest.ts";
import type { Extent } from "./ports.ts";
import { leafBytes } from "./ports.ts";

/** Whole leaves that read as zeros. */
export interface ZeroRun {
  readonly kind: "zero";
  readonly firstLeaf: number;
  readonly count: number;
}

/** A leaf that has to be read for its hash. Its pieces are what the extents say of it, which may be only a part. */
export interface DataLeaf {
  readonly kind: "data";
  readonly leaf: number;
  readonly pieces: readonly Extent[];
}

/** Cuts extents (ascending, merged, clipped to the disk) at leaves. Leaves that no extent touches do not appear. */
export async function* planLeaves(
  extents: AsyncIterable<Extent> | Iterable<Extent>,
  sizeBytes: number,
): AsyncGenerator<ZeroRun | DataLeaf> {
  let open: { leaf: number; pieces: Extent[] } | undefined;
  for await (const { offset, length, kind } of extents) {
    const end = offset + length;
    for (let at = offset; at < end; ) {
      const leaf = Math.floor(at / leafBytes);
      if (open && open.leaf !== leaf) {
        yield closeLeaf(open, sizeBytes);
        open = undefined;
      }
      const wholeLeaves = open || at % leafBytes !== 0 ? 0 : wholeLeavesUntil(leaf, end, sizeBytes);
      if (kind === "zero" && wholeLeaves > 0) {
        yield { kind, firstLeaf: leaf, count: wholeLeaves };
        at = Math.min(end, (leaf + wholeLeaves) * leafBytes);
        continue;
      }
      const pieceEnd = Math.min(end, (leaf + 1) * leafBytes);
      open ??= { leaf, pieces: [] };
      open.pieces.push({ offset: at, length: pieceEnd - at, kind });
      at = pieceEnd;
    }
  }
  if (open) yield closeLeaf(open, sizeBytes);
}

function wholeLeavesUntil(leaf: number, end: number, sizeBytes: number): number {
  return (end >= sizeBytes ? Math.ceil(sizeBytes / leafBytes) : Math.floor(end / leafBytes)) - leaf;
}

function closeLeaf({ leaf, pieces }: { leaf: number; pieces: Extent[] }, sizeBytes: number): ZeroRun | DataLeaf {
  const covered = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const allZero = pieces.every((piece) => piece.kind === "zero");
  if (allZero && covered === lengthOfLeaf(sizeBytes, leaf)) return { kind: "zero", firstLeaf: leaf, count: 1 };
  return { kind: "data", leaf, pieces };
}

/** Joins neighbours of one kind, so that they go out as one request. */
export function joinPieces(pieces: Iterable<Extent>): Extent[] {
  const joined: { offset: number; length: number; kind: Extent["kind"] }[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last && last.kind === piece.kind && last.offset + last.length === piece.offset) last.length += piece.length;
    else joined.push({ ...piece });
  }
  return joined;
}

export function dataBytes(pieces: Iterable<Extent>): number {
  let bytes = 0;
  for (const piece of pieces) if (piece.kind === "data") bytes += piece.length;
  return bytes;
}

export function wholeLeaf(leaf: number, sizeBytes: number): Extent {
  return { offset: leaf * leafBytes, length: lengthOfLeaf(sizeBytes, leaf), kind: "data" };
}

/** Bytes that will be sent for these extents: with `wholeLeavesOf` (a disk's size), every leaf that one touches counts
 *  whole. */
export async function countBytes(extents: AsyncIterable<Extent>, wholeLeavesOf?: number): Promise<number> {
  let bytes = 0;
  if (wholeLeavesOf === undefined) {
    for await (const { kind, length } of extents) if (kind === "data") bytes += length;
  } else {
    for await (const item of planLeaves(extents, wholeLeavesOf)) {
      if (item.kind === "data") bytes += lengthOfLeaf(wholeLeavesOf, item.leaf);
    }
  }
  return bytes;
}
