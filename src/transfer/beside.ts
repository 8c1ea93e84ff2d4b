import { type DataLeaf, joinPieces } from "./leaf-plan.ts";
import { hashBytes } from "./manifest.ts";
import { type BlockSource, leafBytes } from "./ports.ts";

type Hashes = NonNullable<BlockSource["hashes"]>;

export interface Beside {
  readonly hashes: Hashes;
  /**
   * Reads the leaves that changed to their places in `bytes`, which begin with leaf `first`. What comes back vouches for
   * these (`refuseDamaged`): the hashes that they were chosen by.
   */
  read(
    first: number,
    changed: readonly DataLeaf[],
    into: { readonly bytes: Uint8Array; readonly hashes: Uint8Array },
    signal: AbortSignal,
  ): Promise<Uint8Array>;
}

/** Present where something of ours stands beside the source's disk. */
export function besideOf(source: BlockSource): Beside | undefined {
  const hashes = source.hashes?.bind(source);
  if (!hashes) return undefined;
  return {
    hashes,
    async read(first, changed, into, signal) {
      const base = first * leafBytes;
      const end = base + into.bytes.byteLength;
      const vouched = new Uint8Array(into.hashes.byteLength);
      for (const { leaf } of changed) {
        const at = (leaf - first) * hashBytes;
        vouched.set(into.hashes.subarray(at, at + hashBytes), at);
      }
      const whole = changed.map(({ leaf }) => {
        const offset = leaf * leafBytes;
        return { offset, length: Math.min(leafBytes, end - offset), kind: "data" as const };
      });
      await Promise.all(
        joinPieces(whole).map(({ offset, length }) =>
          source.read(offset, into.bytes.subarray(offset - base, offset - base + length), signal),
        ),
      );
      return vouched;
    },
  };
}
