import { ProviderError } from "../domain/errors.ts";
import type { BlockSource, Extent } from "./ports.ts";

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
    ...(source.wire ? { wire: source.wire } : {}),
    close: () => source.close(),
  };
}
