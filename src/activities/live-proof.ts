import { ProviderError } from "../domain/errors.ts";
import type { LiveDisk, LiveDiskProof } from "../domain/live.ts";
import type { DisksFacet } from "../providers/provider.ts";
import type { BlockSink, BlockSource, Extent } from "../transfer/ports.ts";
import type { ActivityDeps } from "./deps.ts";

/** What the bitmap of the target's disk tells apart. */
const blockBytes = 64 * 1024;

interface ProofOfDisk {
  readonly migrationId: string;
  readonly from: string;
  readonly to: string;
  readonly sourcePointId: string;
  readonly manifestId: string;
  readonly disk: LiveDisk;
  readonly target?: { readonly sourcePointId: string; readonly trackId: string };
}

/**
 * The proof of a disk that never stood still. The source's disk is as the switch left it. The target's has been written to
 * since, and where that was its bitmap tells: all else has to be the same.
 */
export class LiveProof {
  readonly #deps: ActivityDeps;
  readonly #signal: AbortSignal;
  readonly #onProgress: (progress: unknown) => void;

  constructor(deps: ActivityDeps, signal: AbortSignal, onProgress: (progress: unknown) => void) {
    this.#deps = deps;
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  /** @throws ProviderError IntegrityFailure where bytes differ that the guest did not write. */
  async run(input: ProofOfDisk): Promise<LiveDiskProof> {
    const { registry, store, transfer } = this.#deps;
    const { manifestId, disk, to, target } = input;
    const [source, there] = await Promise.all([registry.provider(input.from), registry.provider(to)]);
    const { rootHash, bytesHashed } = await this.#hash(input, source.disks);
    const proof = { diskId: disk.diskId, manifestId, rootHash, sizeBytes: disk.sizeBytes, bytesHashed };
    if (!target) {
      const unread = "What the guest wrote since the switch could not be told apart from what was moved";
      return { ...proof, bytesReread: 0, bytesWrittenSince: 0, unread };
    }
    await using resources = new AsyncDisposableStack();
    const open = async (disks: DisksFacet, sourcePointId: string): Promise<BlockSource> => {
      const blocks = await disks.openSource({ sourcePointId, diskId: disk.diskId, attempt: 0 }, this.#signal);
      resources.defer(() => blocks.close());
      return blocks;
    };
    const theirs = await open(there.disks, target.sourcePointId);
    const { checkpoints: checkpoint } = store;
    const signal = this.#signal;
    const verdict = await transfer.prove({
      source: theirs,
      checkpoint,
      manifestId,
      onProgress: this.#onProgress,
      signal,
    });
    const { bytesReread, differing } = verdict;
    if (differing.length === 0) return { ...proof, bytesReread, bytesWrittenSince: 0 };
    const ours = await open(source.disks, input.sourcePointId);
    const sinceBaseline = `${target.trackId}/${disk.diskId}`;
    const written = await Array.fromAsync(theirs.extents({ sinceBaseline, signal }));
    let bytesWrittenSince = 0;
    const wrong: { offset: number; length: number }[] = [];
    for (const block of blocksOf(differing, disk.sizeBytes)) {
      if (await this.#alike(ours, theirs, block)) continue;
      if (written.some((extent) => touches(extent, block))) bytesWrittenSince += block.length;
      else wrong.push(block);
    }
    if (wrong.length > 0) throw differs(input, wrong);
    return { ...proof, bytesReread, bytesWrittenSince };
  }

  /** The manifest of the source's disk, as for a copy; its bytes go nowhere. */
  async #hash(input: ProofOfDisk, disks: DisksFacet): Promise<{ rootHash: string; bytesHashed: number }> {
    const { store, transfer } = this.#deps;
    const { manifestId, sourcePointId, disk } = input;
    const known = await store.checkpoints.state(manifestId);
    if (known?.sealed && known.rootHash) return { rootHash: known.rootHash, bytesHashed: known.progress.bytesCopied };
    const { diskId, sizeBytes } = disk;
    const state = await store.checkpoints.beginAttempt({ generationId: manifestId, sizeBytes });
    await using resources = new AsyncDisposableStack();
    const { attempt } = state;
    const blocks = await disks.openSource({ sourcePointId, diskId, attempt }, this.#signal);
    resources.defer(() => blocks.close());
    const result = await transfer.pump({
      source: transfer.padSource(blocks, sizeBytes),
      sink: nowhere(sizeBytes),
      checkpoint: store.checkpoints,
      state,
      onProgress: this.#onProgress,
      signal: this.#signal,
    });
    await store.checkpoints.seal({ generationId: manifestId, attempt, rootHash: result.rootHash });
    return { rootHash: result.rootHash, bytesHashed: result.bytesCopied };
  }

  async #alike(ours: BlockSource, theirs: BlockSource, { offset, length }: Extended): Promise<boolean> {
    const [here, there] = [new Uint8Array(length), new Uint8Array(length)];
    await Promise.all([ours.read(offset, here, this.#signal), theirs.read(offset, there, this.#signal)]);
    return Buffer.compare(here, there) === 0;
  }
}

type Extended = Pick<Extent, "offset" | "length">;

function* blocksOf(extents: readonly Extended[], sizeBytes: number): Iterable<Extended> {
  for (const { offset, length } of extents) {
    const end = Math.min(sizeBytes, offset + length);
    for (let at = offset; at < end; at += blockBytes) yield { offset: at, length: Math.min(blockBytes, end - at) };
  }
}

function touches(extent: Extended, block: Extended): boolean {
  return extent.offset < block.offset + block.length && block.offset < extent.offset + extent.length;
}

function nowhere(sizeBytes: number): BlockSink {
  const nothing = async (): Promise<void> => undefined;
  return { sizeBytes, write: nothing, writeZeroes: nothing, flush: nothing, close: nothing };
}

function differs({ to, disk }: ProofOfDisk, wrong: readonly Extended[]): ProviderError {
  return new ProviderError("IntegrityFailure", {
    operation: "prove the disk of the guest that was moved live",
    resource: `${to}/disk/${disk.diskId}`,
    reason: `${wrong.length} block(s) that the guest did not write since differ from the source's, first at byte ${wrong[0]?.offset}`,
    action: "Both disks are kept, and the guest runs at the target. Stop it there and check its file system.",
    facts: { differing: wrong.slice(0, 100) },
  });
}
