import type { BlockSource, CheckpointStore, Extent } from "./ports.ts";
import { prove } from "./proof.ts";

interface Since {
  readonly source: BlockSource;
  readonly checkpoint: Pick<CheckpointStore, "chunks" | "state">;
  /** The sealed manifest of what it is held against, of the same size. */
  readonly parentManifestId: string;
  /** The source keeps track of what changed since then; else all of it is hashed. */
  readonly sinceBaseline?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Up to which byte of a disk nothing differs from a sealed generation; undefined where nothing does at all. Where the source keeps
 * track of changes no byte is read; elsewhere none beyond the first that differs, and beside the disk, where something of ours
 * stands there.
 */
export async function unchangedUntil({
  source,
  checkpoint,
  parentManifestId: manifestId,
  sinceBaseline,
  signal,
}: Since): Promise<number | undefined> {
  if (sinceBaseline !== undefined) {
    for await (const { offset, length } of source.extents({ sinceBaseline, signal })) if (length > 0) return offset;
    return undefined;
  }
  const { differing } = await prove({ source, checkpoint, manifestId, stopsAtFirst: true, signal });
  return differing[0]?.offset;
}

/** A source of which is known that nothing of it is to be moved that lies before that byte. */
export function movedFrom(source: BlockSource, from: number): BlockSource {
  const { sizeBytes, wire } = source;
  const hashes = source.hashes?.bind(source);
  return {
    sizeBytes,
    async *extents(options): AsyncGenerator<Extent> {
      for await (const { offset, length, kind } of source.extents(options)) {
        const begin = Math.max(offset, from);
        if (begin < offset + length) yield { offset: begin, length: offset + length - begin, kind };
      }
    },
    read: (offset, target, signal, vouched) => source.read(offset, target, signal, vouched),
    ...(hashes ? { hashes } : {}),
    ...(wire ? { wire } : {}),
    close: () => source.close(),
  };
}
