import { sharedHashPool } from "../hash-pool.ts";
import type { BlockSource } from "../ports.ts";

/** The source with the hashes of its leaves, computed here. */
export function withHashes(source: BlockSource): BlockSource {
  return {
    sizeBytes: source.sizeBytes,
    extents: (options) => source.extents(options),
    read: (offset, target, signal, vouched) => source.read(offset, target, signal, vouched),
    async hashes(offset, length, signal) {
      const buffer = new SharedArrayBuffer(length);
      await source.read(offset, new Uint8Array(buffer), signal);
      return sharedHashPool().hashLeaves(buffer, length);
    },
    close: () => source.close(),
  };
}
