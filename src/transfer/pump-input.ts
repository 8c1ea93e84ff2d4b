import { ProviderError } from "../domain/errors.ts";
import type { BandwidthLimiter } from "./bandwidth.ts";
import type { HashPool } from "./hash-pool.ts";
import type { BlockSink, BlockSource, CheckpointStore, GenerationState, TransferProgress } from "./ports.ts";

export interface PumpInput {
  readonly source: BlockSource;
  readonly sink: BlockSink;
  readonly checkpoint: CheckpointStore;
  /** What `beginAttempt` answered for this attempt. */
  readonly state: GenerationState;
  /** Only what may differ from this baseline is moved; the generation starts as `parentManifestId`'s content. */
  readonly sinceBaseline?: string;
  readonly parentManifestId?: string;
  /** Reads all that is allocated and moves the leaves whose hash is not the parent's. */
  readonly compareWithParent?: boolean;
  /** Closed when the last byte has left: until then its share of the link is nobody else's. */
  readonly limiter?: Pick<BandwidthLimiter, "take"> & Partial<Pick<BandwidthLimiter, "close">>;
  /** Shown the bytes that this attempt sends. */
  readonly meter?: { add(data: Uint8Array): void };
  readonly onProgress?: (progress: TransferProgress) => void;
  readonly signal?: AbortSignal;
  /** The most bytes that are sent and not yet in the checkpoint: what a crash costs. The default keeps well below the
   *  larger of 5 % of the disk and 64 MiB. */
  readonly windowBytes?: number;
  /** Default: the threads shared by the whole process. */
  readonly hashes?: HashPool;
}

export interface PumpResult extends TransferProgress {
  readonly rootHash: string;
  /** Bytes read from the source by this attempt, to move or to hash. */
  readonly bytesRead: number;
}

/** @throws ProviderError InvalidInput when its parts do not fit together. */
export function checkInput({
  source,
  sink,
  state,
  sinceBaseline,
  parentManifestId,
  compareWithParent,
}: PumpInput): void {
  const sizes = [source.sizeBytes, sink.sizeBytes, state.sizeBytes];
  const reason =
    new Set(sizes).size > 1
      ? `the source has ${sizes[0]} bytes, the target ${sizes[1]}, the generation ${sizes[2]}`
      : (sinceBaseline !== undefined || compareWithParent) && parentManifestId === undefined
        ? "a copy of differences needs the manifest of what it starts from"
        : undefined;
  if (reason === undefined) return;
  throw new ProviderError("InvalidInput", {
    operation: "copy the disk",
    resource: `generation/${state.generationId}`,
    reason,
    action: "Plan the move again.",
  });
}
