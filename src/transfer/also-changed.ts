import type { BlockSource, Extent } from "./ports.ts";

/** A source some of whose ranges count as changed since any baseline, whatever it says itself: ascending, and apart. */
export function alsoChanged(
  source: BlockSource,
  ranges: readonly (readonly [offset: number, length: number])[],
): BlockSource {
  const { sizeBytes, wire } = source;
  const hashes = source.hashes?.bind(source);
  return {
    sizeBytes,
    extents: (options) =>
      options.sinceBaseline === undefined ? source.extents(options) : merged(source.extents(options), ranges),
    read: (offset, target, signal, vouched) => source.read(offset, target, signal, vouched),
    ...(hashes ? { hashes } : {}),
    ...(wire ? { wire } : {}),
    close: () => source.close(),
  };
}

/** What a range has of its own, before, between and behind the extents, comes as data: reading tells what it is. */
async function* merged(
  extents: AsyncIterable<Extent>,
  ranges: readonly (readonly [offset: number, length: number])[],
): AsyncGenerator<Extent> {
  let next = 0;
  let from = 0;
  function* upTo(end: number): Generator<Extent> {
    for (let range = ranges[next]; range && range[0] < end; range = ranges[next]) {
      const begin = Math.max(range[0], from);
      const over = range[0] + range[1];
      if (begin < Math.min(over, end)) yield { offset: begin, length: Math.min(over, end) - begin, kind: "data" };
      if (over > end) return;
      next += 1;
    }
  }
  for await (const extent of extents) {
    yield* upTo(extent.offset);
    yield extent;
    from = extent.offset + extent.length;
  }
  yield* upTo(Number.POSITIVE_INFINITY);
}
