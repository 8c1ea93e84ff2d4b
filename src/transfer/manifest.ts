import { createHash, hash } from "node:crypto";
import type { ManifestChunk } from "./ports.ts";
import { leafBytes, leavesPerChunk } from "./ports.ts";

/**
 * The manifest of a disk: a SHA-256 for each {@link leafBytes} (the last one of what is left), held in chunks of
 * {@link leavesPerChunk}, with a tree over them:
 *
 *     chunk = SHA-256("novacron-manifest/1 chunk" ‖ the chunk's leaves)
 *     root  = SHA-256("novacron-manifest/1 root" ‖ size ‖ leafBytes ‖ leavesPerChunk ‖ every chunk, in order)
 *
 * numbers as 64-bit big-endian. A chunk of zeros is the same for every disk, so it need not be stored.
 */

export const hashBytes = 32;
const chunkDomain = Buffer.from("novacron-manifest/1 chunk");
const rootDomain = Buffer.from("novacron-manifest/1 root");

export function leafCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / leafBytes);
}

export function chunkCount(sizeBytes: number): number {
  return Math.ceil(leafCount(sizeBytes) / leavesPerChunk);
}

export function leavesInChunk(sizeBytes: number, chunk: number): number {
  return Math.min(leavesPerChunk, leafCount(sizeBytes) - chunk * leavesPerChunk);
}

export function lengthOfLeaf(sizeBytes: number, leaf: number): number {
  return Math.min(leafBytes, sizeBytes - leaf * leafBytes);
}

export function hashLeaf(bytes: Uint8Array): Buffer {
  return hash("sha256", bytes, "buffer");
}

const zeroLeafHashes = new Map<number, Buffer>();

/** SHA-256 of so many zeros. */
export function zeroLeafHash(length: number = leafBytes): Buffer {
  let known = zeroLeafHashes.get(length);
  if (!known) {
    known = hashLeaf(new Uint8Array(length));
    zeroLeafHashes.set(length, known);
  }
  return known;
}

/** A chunk of a disk of zeros, with no leaf marked done. */
export function zeroChunk(sizeBytes: number, index: number): ManifestChunk {
  const count = leavesInChunk(sizeBytes, index);
  const leaves = Buffer.alloc(count * hashBytes, zeroLeafHash());
  const last = count - 1;
  leaves.set(zeroLeafHash(lengthOfLeaf(sizeBytes, index * leavesPerChunk + last)), last * hashBytes);
  return { index, leaves, done: new Uint8Array(Math.ceil(count / 8)) };
}

export function leafOf(chunk: ManifestChunk, leafInChunk: number): Uint8Array {
  return chunk.leaves.subarray(leafInChunk * hashBytes, (leafInChunk + 1) * hashBytes);
}

export function isDone(chunk: ManifestChunk, leafInChunk: number): boolean {
  return ((chunk.done[leafInChunk >> 3] ?? 0) & (1 << (leafInChunk & 7))) !== 0;
}

export function markDone(chunk: ManifestChunk, leafInChunk: number): void {
  chunk.done[leafInChunk >> 3] = (chunk.done[leafInChunk >> 3] ?? 0) | (1 << (leafInChunk & 7));
}

export function chunkHash(leaves: Uint8Array): Buffer {
  return createHash("sha256").update(chunkDomain).update(leaves).digest();
}

/** Collects the hashes of chunks, in any order, into a root; a chunk that never comes is one of zeros. */
export class ManifestRoot {
  readonly #sizeBytes: number;
  readonly #chunks = new Map<number, Buffer>();

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  set(index: number, leaves: Uint8Array): void {
    this.#chunks.set(index, chunkHash(leaves));
  }

  /** In hex. */
  digest(): string {
    const root = createHash("sha256").update(rootDomain);
    root.update(uint64(this.#sizeBytes)).update(uint64(leafBytes)).update(uint64(leavesPerChunk));
    const count = chunkCount(this.#sizeBytes);
    let fullZeroChunk: Buffer | undefined;
    for (let index = 0; index < count; index++) {
      const known = this.#chunks.get(index);
      if (known) root.update(known);
      else if (index === count - 1) root.update(chunkHash(zeroChunk(this.#sizeBytes, index).leaves));
      else root.update((fullZeroChunk ??= chunkHash(zeroChunk(this.#sizeBytes, index).leaves)));
    }
    return root.digest("hex");
  }
}

/** How much of a disk is in leaves that are not all zeros, by its stored manifest. */
export async function manifestDataBytes(
  sizeBytes: number,
  chunks: AsyncIterable<ManifestChunk> | Iterable<ManifestChunk>,
): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunks) {
    for (let leaf = 0; leaf * hashBytes < chunk.leaves.length; leaf++) {
      const length = lengthOfLeaf(sizeBytes, chunk.index * leavesPerChunk + leaf);
      if (!zeroLeafHash(length).equals(leafOf(chunk, leaf))) bytes += length;
    }
  }
  return bytes;
}

/** Where a generation was written itself, neighbours joined, ascending; undefined where that is in more than `most` places. */
export async function writtenRanges(
  sizeBytes: number,
  chunks: AsyncIterable<ManifestChunk> | Iterable<ManifestChunk>,
  most: number,
): Promise<readonly (readonly [offset: number, length: number])[] | undefined> {
  const ranges: [number, number][] = [];
  for await (const { index, leaves, done } of chunks) {
    for (let leaf = 0; leaf * hashBytes < leaves.length; leaf++) {
      if (((done[leaf >> 3] ?? 0) & (1 << (leaf & 7))) === 0) continue;
      const number = index * leavesPerChunk + leaf;
      const offset = number * leafBytes;
      const length = lengthOfLeaf(sizeBytes, number);
      const last = ranges.at(-1);
      if (last && last[0] + last[1] === offset) last[1] += length;
      else ranges.push([offset, length]);
      if (ranges.length > most) return undefined;
    }
  }
  return ranges;
}

/**
 * The first leaf that two disks differ in by their stored manifests, of those that both have whole; undefined where there is none.
 * A copy is often larger than what it was made of.
 */
export async function firstDifference(
  a: { readonly sizeBytes: number; readonly chunks: AsyncIterable<ManifestChunk> },
  b: { readonly sizeBytes: number; readonly chunks: AsyncIterable<ManifestChunk> },
): Promise<number | undefined> {
  const smaller = Math.min(a.sizeBytes, b.sizeBytes);
  const leaves = a.sizeBytes === b.sizeBytes ? leafCount(smaller) : Math.floor(smaller / leafBytes);
  const others = allChunks(b.sizeBytes, b.chunks);
  for await (const chunk of allChunks(a.sizeBytes, a.chunks)) {
    const { value: other } = await others.next();
    const first = chunk.index * leavesPerChunk;
    if (!other || first >= leaves) break;
    for (let leaf = 0; leaf < Math.min(leavesPerChunk, leaves - first); leaf++) {
      if (Buffer.compare(leafOf(chunk, leaf), leafOf(other, leaf)) !== 0) return first + leaf;
    }
  }
  return undefined;
}

/** Also those that are not stored, as they are of zeros. */
async function* allChunks(
  sizeBytes: number,
  stored: AsyncIterable<ManifestChunk>,
): AsyncGenerator<ManifestChunk, undefined> {
  let index = 0;
  for await (const chunk of stored) {
    while (index < chunk.index) yield zeroChunk(sizeBytes, index++);
    yield chunk;
    index = chunk.index + 1;
  }
  while (index < chunkCount(sizeBytes)) yield zeroChunk(sizeBytes, index++);
  return undefined;
}

/** The root of a stored manifest. */
export async function manifestRoot(
  sizeBytes: number,
  chunks: AsyncIterable<ManifestChunk> | Iterable<ManifestChunk>,
): Promise<string> {
  const root = new ManifestRoot(sizeBytes);
  for await (const chunk of chunks) root.set(chunk.index, chunk.leaves);
  return root.digest();
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
