import { closeSync, openSync, writeSync } from "node:fs";
import { seededRandom } from "../../../bench/lib/random.ts";
import { hashBytes, hashLeaf, manifestRoot, zeroChunk } from "../../../src/transfer/manifest.ts";
import { leafBytes, leavesPerChunk } from "../../../src/transfer/ports.ts";

export const mib = 1024 * 1024;
export const kib = 1024;

/** Bytes without zeros that repeat with the seed. */
export function noise(length: number, seed: number): Buffer {
  const random = seededRandom(seed);
  const block = Buffer.alloc(Math.min(length, 256 * kib));
  for (let at = 0; at < block.byteLength; at++) block[at] = 1 + Math.floor(random() * 255);
  return Buffer.alloc(length, block);
}

export function writeAt(file: string, offset: number, bytes: Uint8Array): void {
  const handle = openSync(file, "r+");
  writeSync(handle, bytes, 0, bytes.byteLength, offset);
  closeSync(handle);
}

/** The root of a disk's content, worked out the plain way. */
export async function rootOf(content: Uint8Array): Promise<string> {
  const chunks = [];
  for (let index = 0; index * leavesPerChunk * leafBytes < content.byteLength; index++) {
    const chunk = zeroChunk(content.byteLength, index);
    for (let leaf = 0; leaf * hashBytes < chunk.leaves.byteLength; leaf++) {
      const offset = (index * leavesPerChunk + leaf) * leafBytes;
      chunk.leaves.set(hashLeaf(content.subarray(offset, offset + leafBytes)), leaf * hashBytes);
    }
    chunks.push(chunk);
  }
  return manifestRoot(content.byteLength, chunks);
}
