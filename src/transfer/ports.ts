/**
 * What the data plane moves between, and what it leans on. Providers implement {@link BlockSource} and
 * {@link BlockSink}; the store implements {@link CheckpointStore} and {@link RateLeases} (later also the API, for
 * workers that must not reach the database). Offsets, lengths and sizes are bytes, always safe integers.
 */

/** The manifest's leaf and the unit of checkpointing: EBS's block, so that one hash serves both. */
export const leafBytes = 512 * 1024;

/** Leaves in one stored chunk of a manifest: 2 GiB of disk, 128 KiB of hashes. */
export const leavesPerChunk = 4096;

export interface Extent {
  readonly offset: number;
  readonly length: number;
  /** `zero`: reads as zeros, allocated or not; never read nor sent as bytes. */
  readonly kind: "data" | "zero";
}

/** What counts the bytes of a source or sink that is at the other end of a link of ours, as they travel: compressed. */
export interface WireMeter {
  /** Sent and received for it so far. */
  readonly bytes: number;
  /** Waited for as bytes travel: a bandwidth limit is one of these bytes, not of the disk's. */
  limiter?: { take(bytes: number, signal?: AbortSignal): Promise<void> } | undefined;
}

/** One immutable view of a disk. Every reader of it, at any time, sees the same bytes. */
export interface BlockSource {
  readonly sizeBytes: number;
  /**
   * The disk's extents in ascending order without gaps or overlaps; with `sinceBaseline`, only the ranges that may
   * differ from that baseline (a changed range that is now zero comes as `zero` and must be written as zeros).
   * @throws ProviderError NotFound when the baseline is not known to this disk any more.
   */
  extents(options: { sinceBaseline?: string; signal?: AbortSignal }): AsyncIterable<Extent>;
  /**
   * Fills `target` with the bytes at `offset`. Many calls may be in flight at once.
   * A site that keeps a SHA-256 of each leaf holds what it reads against that. A caller that hashes the leaves itself takes
   * this over by giving `vouched`, 32 zero bytes a leaf of `target`: the site's hash of each whole leaf that it has one of
   * is put there, uncompared. @throws ProviderError IntegrityFailure when the bytes are not what the site says.
   */
  read(offset: number, target: Uint8Array, signal?: AbortSignal, vouched?: Uint8Array): Promise<void>;
  /** Present where something of ours stands beside the disk: the SHA-256 of each leaf from `offset`, which is a leaf's, over
   *  `length` bytes, computed there. A comparison then moves nothing but what differs. */
  hashes?(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Present where it is read over a link of ours. */
  readonly wire?: WireMeter;
  close(): Promise<void>;
}

/** The write side of one attempt at one generation. */
export interface BlockSink {
  readonly sizeBytes: number;
  /** True where only whole manifest leaves can be written (EBS): a leaf that changed in part is then sent whole, and
   *  `writeZeroes` is called for whole leaves only. */
  readonly wholeLeaves?: boolean;
  /** Resolves when the other side took the bytes; they are durable only after a later {@link flush}. `data` must not
   *  be changed before the promise settles. `hashes`: the SHA-256 of each leaf of `data`, one after the other, where the
   *  caller has them; a sink with {@link wholeLeaves} sends them along and need not compute them. */
  write(offset: number, data: Uint8Array, signal?: AbortSignal, hashes?: Uint8Array): Promise<void>;
  /** Makes the range read as zeros, without sending bytes. */
  writeZeroes(offset: number, length: number, signal?: AbortSignal): Promise<void>;
  /** When it resolves, every write that had resolved before the call is durable. May run while other writes do. */
  flush(signal?: AbortSignal): Promise<void>;
  /** Present where it is written over a link of ours. */
  readonly wire?: WireMeter;
  close(): Promise<void>;
}

/** A stretch of {@link leavesPerChunk} manifest leaves with the mark of which of them are durable at the target. */
export interface ManifestChunk {
  readonly index: number;
  /** 32 bytes a leaf; the last chunk of a disk is shorter. */
  readonly leaves: Uint8Array;
  /** One bit a leaf, least significant first: durable at the target and hashed. */
  readonly done: Uint8Array;
}

export interface TransferProgress {
  /** Bytes of the disk accounted for (data moved plus zeros and unchanged ranges). */
  readonly bytesDone: number;
  /** Bytes that this generation has to move in all; known once the extents were read. */
  readonly bytesToMove: number;
  /** Bytes read from the source and acknowledged durable by the target, in all attempts together. */
  readonly bytesCopied: number;
  /** Bytes sent more than once because an attempt died after sending them. */
  readonly bytesResent: number;
  /** Leaves that were written, in whole or in part or as zeros, and are in the checkpoint: each counts once. */
  readonly leavesWritten: number;
  /** Bytes that went over a link of ours for it, in all attempts that committed; absent where there was none. */
  readonly bytesOnWire?: number;
}

export interface GenerationState {
  readonly generationId: string;
  readonly sizeBytes: number;
  /** The current attempt; every {@link CheckpointStore.beginAttempt} raises it and so shuts the earlier ones out. */
  readonly attempt: number;
  readonly sealed: boolean;
  readonly rootHash?: string;
  readonly progress: TransferProgress;
}

/**
 * The checkpoint of record. An extent is done only when its chunk was committed here under the current attempt, after
 * the target acknowledged a flush; heartbeat details are a hint.
 */
export interface CheckpointStore {
  /**
   * Registers the generation if it is new (with the parent's leaves as its own to start from, none of them marked
   * done, when `parentManifestId` is given) and raises its attempt.
   * What the ended attempt noted as sent beyond what it committed is added to the progress' `bytesResent`: it will be
   * sent again.
   * @throws ProviderError Conflict when it is sealed or its size differs, NotFound when the parent is not known.
   */
  beginAttempt(input: { generationId: string; sizeBytes: number; parentManifestId?: string }): Promise<GenerationState>;
  /** The stored chunks by ascending index; one that is not stored is of zeros. A copy takes them in step with the disk,
   *  perhaps over hours: holds nothing (no transaction) between items, and need not see later commits. */
  chunks(manifestId: string): AsyncIterable<ManifestChunk>;
  /**
   * Stores chunks and progress in one transaction.
   * @throws ProviderError Conflict when `attempt` is not current any more or the generation is sealed.
   */
  commit(input: {
    generationId: string;
    attempt: number;
    chunks: readonly ManifestChunk[];
    progress: TransferProgress;
  }): Promise<void>;
  /** Notes how many bytes this attempt has sent so far, committed or not, so that a successor can count what had to be
   *  sent again. Called every few MiB and never waited for by the pump; ignored when the attempt is not current. */
  noteSent(input: { generationId: string; attempt: number; bytesSent: number }): Promise<void>;
  /** Ends the generation: its manifest is immutable from now on. Sealing twice with the same root is harmless. */
  seal(input: { generationId: string; attempt: number; rootHash: string }): Promise<void>;
  state(generationId: string): Promise<GenerationState | undefined>;
}

/** A share of a rate that all workers keep together (bandwidth of a link in bytes/s, calls of an account in calls/s). */
export interface RateLease {
  readonly perSecond: number;
  readonly expiresAt: Date;
}

export interface RateLeases {
  /**
   * Takes or renews `holder`'s share of `resource`. Holders whose leases are current are served by their ranks (the lowest
   * first, of one rank in the order in which they came; 0 where none is said), each with `needsPerSecond` (all of it, where
   * that is not said) and none with less than a floor; a newcomer gets what the others leave until they renew, which may be
   * nothing.
   * A holder that cannot renew drops to `floorPerSecond` when its lease has lapsed, never to unlimited.
   */
  renew(input: {
    resource: string;
    holder: string;
    limitPerSecond: number;
    ttlMs: number;
    needsPerSecond?: number | undefined;
    rank?: number | undefined;
  }): Promise<RateLease>;
  release(input: { resource: string; holder: string }): Promise<void>;
}
