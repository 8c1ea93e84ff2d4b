import { addToCrc32c } from "../../crc32c.ts";

const checksumBytes = 4;

/** CRC-32C of `bytes`, with the four bytes at `checksumAt` taken as zeros, as VHDX keeps it in its structures. */
export function crc32c(bytes: Uint8Array, checksumAt?: number): number {
  if (checksumAt === undefined) return ~addToCrc32c(0xffffffff, bytes) >>> 0;
  const before = addToCrc32c(0xffffffff, bytes.subarray(0, checksumAt));
  const inside = addToCrc32c(before, new Uint8Array(checksumBytes));
  return ~addToCrc32c(inside, bytes.subarray(checksumAt + checksumBytes)) >>> 0;
}
