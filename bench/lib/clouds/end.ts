import type { ProviderContext } from "../../../src/providers/provider.ts";
import type { BlockSink, BlockSource } from "../../../src/transfer/ports.ts";

/** A disk at a null end: which takes what is written and keeps nothing, and is read as ready-made bytes. */
export interface NullDisk {
  readonly endpoint: string;
  readonly sizeBytes: number;
}

/** A vendor's client and nothing of ours. */
export interface BareClient {
  put(offset: number, block: Buffer): Promise<unknown>;
  get(offset: number, length: number): Promise<Uint8Array>;
  close(): void;
}

/** One way into a cloud's disks and out of them: what `transfer` has a row a direction of. */
export interface CloudEnd {
  /** As the rows name what is written, and what is read. */
  readonly into: string;
  readonly outOf: string;
  /** What it is measured beside. */
  readonly peer: string;
  /** Beside a peer that moves the same disk. One side hashes, keeps a manifest and commits; the other one doesn't. */
  readonly goal: number;
  /** On the way in, beside a peer that reads no disk and sends what it has ready: nobody moves a disk like that, so it is a goal
   *  only where the vendor's client costs more than the disk does. */
  readonly readyMadeGoal?: number;
  /** The program that is its null end. */
  readonly nullEnd: URL;
  /** Of one of the bare loop's requests. */
  readonly requestBytes: number;
  /** The product's own. */
  source(disk: NullDisk): Promise<BlockSource>;
  sink(disk: NullDisk): Promise<BlockSink>;
  /** What goes along with ready-made blocks is computed here. */
  bare(endpoint: string, ready: readonly Buffer[]): Promise<BareClient>;
}

/** For a provider's parts that are used without it: nothing holds their calls back. */
export const unbounded: ProviderContext = { site: "bench", budget: () => ({ take: async () => {} }), log: () => {} };
