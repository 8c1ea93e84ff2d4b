import { ProviderError } from "../domain/errors.ts";
import { lengthOfLeaf, zeroLeafHash } from "./manifest.ts";
import { type BlockSource, type Extent, leafBytes } from "./ports.ts";

/**
 * A source that seems as large as its target: behind its end it reads as zeros. Sites count disks in units of their own
 * (EBS in GiB), so a replica is often larger than what it is a replica of. Closes the source that it wraps.
 * @throws ProviderError InvalidInput when the source is larger: nothing is ever cut off.
 */
export function padSource(source: BlockSource, sizeBytes: number): BlockSource {
  if (source.sizeBytes === sizeBytes) return source;
  if (source.sizeBytes > sizeBytes) {
    throw new ProviderError("InvalidInput", {
      operation: "copy the disk",
      resource: `a source of ${source.sizeBytes} bytes`,
      reason: `its target has only ${sizeBytes} bytes`,
      action: "Plan the move again.",
    });
  }
  const end = source.sizeBytes;
  return {
    sizeBytes,
    async *extents(options): AsyncGenerator<Extent> {
      yield* source.extents(options);
      // A baseline had the same zeros there.
      if (options.sinceBaseline === undefined) yield { offset: end, length: sizeBytes - end, kind: "zero" };
    },
    async read(offset, target, signal, vouched) {
      const length = Math.max(0, Math.min(target.byteLength, end - offset));
      if (length > 0) await source.read(offset, target.subarray(0, length), signal, vouched);
      target.fill(0, length);
    },
    ...(source.hashes && end % leafBytes === 0 ? { hashes: padHashes(source, sizeBytes) } : {}),
    ...(source.wire ? { wire: source.wire } : {}),
    close: () => source.close(),
  };
}

/** Of a source that ends with a whole leaf. */
function padHashes({ sizeBytes: end, hashes }: BlockSource, sizeBytes: number): NonNullable<BlockSource["hashes"]> {
  return async (offset, length, signal) => {
    const own = Math.max(0, Math.min(length, end - offset));
    const parts = own > 0 && hashes ? [await hashes(offset, own, signal)] : [];
    for (let at = offset + own; at < offset + length; at += leafBytes) {
      parts.push(zeroLeafHash(lengthOfLeaf(sizeBytes, at / leafBytes)));
    }
    return Buffer.concat(parts);
  };
}
