import { randomFillSync } from "node:crypto";
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";

const mib = 1024 * 1024;

/** Six of every ten MiB, every other one of them random. */
function allocated(mebibyte: number): boolean {
  return mebibyte % 10 < 6;
}

export function allocatedMib(sizeMib: number): number {
  return Array.from({ length: sizeMib }, (_, mebibyte) => mebibyte).filter(allocated).length;
}

/** Writes a raw disk of which 60 % are allocated, half of that incompressible and half like a log. */
export function writeMixedDisk(file: string, sizeMib: number): void {
  const block = Buffer.alloc(mib);
  const handle = openSync(file, "r+");
  ftruncateSync(handle, sizeMib * mib);
  for (let mebibyte = 0; mebibyte < sizeMib; mebibyte++) {
    if (!allocated(mebibyte)) continue;
    if (mebibyte % 2 === 0) randomFillSync(block);
    else block.fill(`2026-01-01T00:00:00Z host app[${mebibyte}]: a line of a log, like many others\n`);
    writeSync(handle, block, 0, mib, mebibyte * mib);
  }
  closeSync(handle);
}
