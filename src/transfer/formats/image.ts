import type { BlockSource } from "../ports.ts";
import type { ImageFormat } from "./format-names.ts";

/**
 * No disk here is larger: VHDX's own limit, and the largest volume of any cloud. What claims more would only make its
 * reader walk tables without end.
 */
export const maxDiskBytes = 64 * 1024 ** 4;

/** Bytes with random access: a file, or an object in a cloud's storage read by ranges. Immutable while it is open. */
export interface RandomAccess {
  /** As a person would look it up. */
  readonly name: string;
  readonly sizeBytes: number;
  /**
   * Fills `target` with the bytes at `at`, all of them within {@link sizeBytes}. Many calls may be in flight at once.
   * @throws ProviderError IntegrityFailure when the bytes end early.
   */
  read(at: number, target: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** The ranges that hold data, ascending and apart; all else reads as zeros. Undefined where that isn't known. */
  dataRanges(): Promise<readonly Range[] | undefined>;
  close(): Promise<void>;
}

export interface Range {
  readonly at: number;
  readonly length: number;
}

/** What an image says about itself. */
export interface ImageFacts {
  readonly format: ImageFormat;
  /** The format's own word for this kind of it, such as `v3` or `streamOptimized`. */
  readonly variant: string;
  /** The disk's size. */
  readonly sizeBytes: number;
  /** The unit it is allocated in: cluster, block or grain. Undefined: not in units. */
  readonly unitBytes: number | undefined;
  readonly compression: "deflate" | "zstd" | undefined;
  /** The image that this one only holds the changes of. */
  readonly backingFile: string | undefined;
  /** Why it is not read, in the order a person would look at it; empty for an image that is. */
  readonly refusals: readonly Refusal[];
  /** What a reader should know though the image is fine. */
  readonly warnings: readonly string[];
}

export interface Refusal {
  /** A phrase that goes on from "the image": `is encrypted`. */
  readonly reason: string;
  /** What to do, as a sentence. */
  readonly action: string;
}

/** A stretch of the disk, and where its bytes are. */
export type Stretch = ZeroStretch | DataStretch | CompressedStretch;

export interface ZeroStretch {
  readonly kind: "zero";
  readonly offset: number;
  readonly length: number;
}

/** Bytes as they are, at `at` in the file; may run past the file's end only beyond the disk's end. */
export interface DataStretch {
  readonly kind: "data";
  readonly offset: number;
  readonly length: number;
  readonly at: number;
}

/** One unit that is compressed: `length` bytes of disk come out of at most `storedBytes` at `at`. */
export interface CompressedStretch {
  readonly kind: "compressed";
  readonly offset: number;
  readonly length: number;
  readonly at: number;
  readonly storedBytes: number;
  readonly codec: Codec;
}

/** How one compressed unit is stored. `grain`: VMDK's marker, then zlib. */
export type Codec = "deflate" | "zstd" | "grain";

/** A format's map from the disk to the file. */
export interface ImageMap {
  /** What data and tables are multiples of in the file. Undefined: every byte of the disk has a place of its own, so
   *  that nothing can be used twice. */
  readonly granuleBytes: number | undefined;
  /**
   * The stretches of `[from, to)`, ascending, without gaps; neighbours that go on in the file come as one. Data and zeros
   * are cut at `from` and `to`, compressed units come whole.
   * @throws ProviderError IntegrityFailure when a table leads out of the file or contradicts itself.
   */
  stretches(from: number, to: number, signal?: AbortSignal): Promise<readonly Stretch[]>;
  /** Where the tables are, so that nothing else may be. */
  tables(signal?: AbortSignal): AsyncIterable<Range & { readonly what: string }>;
}

/** An image whose header was read. */
export interface OpenedImage {
  readonly facts: ImageFacts;
  /** Undefined when {@link ImageFacts.refusals} says why. */
  readonly map: ImageMap | undefined;
}

/** An open image, as the disk it holds. It has no baselines. */
export interface ImageSource extends BlockSource {
  readonly facts: ImageFacts;
  /** Walks the whole map once and holds it to the file: nothing outside, nothing twice, no table overwritten. */
  survey(signal?: AbortSignal): Promise<ImageSurvey>;
}

export interface ImageSurvey {
  /** Bytes of the disk that are stored, compressed or not: neither zeros by the map nor holes of the file. */
  readonly allocatedBytes: number;
  /** Bytes of the disk that are stored compressed. */
  readonly compressedBytes: number;
}
