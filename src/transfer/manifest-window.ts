import { chunkCount, hashBytes, isDone, leafOf, ManifestRoot, markDone, zeroChunk } from "./manifest.ts";
import type { ManifestChunk } from "./ports.ts";
import { leavesPerChunk } from "./ports.ts";

interface LiveChunk {
  readonly chunk: ManifestChunk;
  /** Leaves that were handed out and not settled yet. */
  outstanding: number;
  passed: boolean;
}

export interface SettledLeaf {
  readonly leaf: number;
  readonly hash: Uint8Array;
}

/**
 * The stretch of a manifest that is being worked on. Stored chunks stream in from below in step with the copy and leave
 * as one hash each when their last leaf is settled, so that the memory held does not grow with the disk.
 */
export class ManifestWindow {
  readonly #sizeBytes: number;
  readonly #stored: AsyncIterator<ManifestChunk>;
  readonly #root: ManifestRoot;
  readonly #live = new Map<number, LiveChunk>();
  #ahead: ManifestChunk | undefined;
  #exhausted = false;
  #newest = -1;

  constructor(sizeBytes: number, stored: AsyncIterable<ManifestChunk>) {
    this.#sizeBytes = sizeBytes;
    this.#stored = stored[Symbol.asyncIterator]();
    this.#root = new ManifestRoot(sizeBytes);
  }

  /** Chunks held now; bounds memory (128 KiB each). */
  get liveChunks(): number {
    return this.#live.size;
  }

  /** The stored chunk, or one of zeros. Indexes must ascend from call to call. */
  async at(index: number): Promise<ManifestChunk> {
    if (index > this.#newest) {
      this.#pass();
      await this.#skipTo(index);
      const stored = this.#ahead?.index === index ? this.#ahead : undefined;
      if (stored) this.#ahead = undefined;
      const chunk = stored
        ? { index, leaves: Uint8Array.from(stored.leaves), done: Uint8Array.from(stored.done) }
        : zeroChunk(this.#sizeBytes, index);
      this.#live.set(index, { chunk, outstanding: 0, passed: false });
      this.#newest = index;
    }
    return this.#require(index).chunk;
  }

  async isDone(leaf: number): Promise<boolean> {
    return isDone(await this.at(Math.floor(leaf / leavesPerChunk)), leaf % leavesPerChunk);
  }

  /** The hash that a leaf in hand had before: the parent's. */
  taken(leaf: number): Uint8Array {
    return leafOf(this.#require(Math.floor(leaf / leavesPerChunk)).chunk, leaf % leavesPerChunk);
  }

  /** Of the leaves from `firstLeaf` to before `endLeaf`, all of one chunk, the runs whose hash is not that of zeros. */
  async notZero(firstLeaf: number, endLeaf: number): Promise<{ firstLeaf: number; count: number }[]> {
    const index = Math.floor(firstLeaf / leavesPerChunk);
    const { leaves } = await this.at(index);
    const zeros = zeroChunk(this.#sizeBytes, index).leaves;
    if (Buffer.compare(leaves, zeros) === 0) return [];
    const runs: { firstLeaf: number; count: number }[] = [];
    for (let leaf = firstLeaf; leaf < endLeaf; leaf++) {
      const at = (leaf % leavesPerChunk) * hashBytes;
      if (Buffer.compare(leaves.subarray(at, at + hashBytes), zeros.subarray(at, at + hashBytes)) === 0) continue;
      const last = runs.at(-1);
      if (last && last.firstLeaf + last.count === leaf) last.count++;
      else runs.push({ firstLeaf: leaf, count: 1 });
    }
    return runs;
  }

  /** Says that {@link settle} will be called for the leaf, so that its chunk stays. */
  take(leaf: number): void {
    this.#require(Math.floor(leaf / leavesPerChunk)).outstanding++;
  }

  /** Enters leaves that are durable now; returns the chunks that changed, to be stored. */
  settle(leaves: readonly SettledLeaf[]): ManifestChunk[] {
    const touched = new Set<LiveChunk>();
    for (const { leaf, hash } of leaves) {
      const live = this.#require(Math.floor(leaf / leavesPerChunk));
      const inChunk = leaf % leavesPerChunk;
      live.chunk.leaves.set(hash, inChunk * hashBytes);
      markDone(live.chunk, inChunk);
      live.outstanding--;
      touched.add(live);
    }
    for (const live of touched) this.#retireIfComplete(live);
    return [...touched].map((live) => live.chunk).sort((a, b) => a.index - b.index);
  }

  /** The root, in hex, once every leaf taken is settled. */
  async finish(): Promise<string> {
    this.#pass();
    await this.#skipTo(chunkCount(this.#sizeBytes));
    return this.#root.digest();
  }

  /** Lets go of the stored chunks. Not waited for: a store that is away must not hold up an abort. */
  close(): void {
    this.#stored.return?.().catch(() => undefined);
  }

  #pass(): void {
    const live = this.#live.get(this.#newest);
    if (!live) return;
    live.passed = true;
    this.#retireIfComplete(live);
  }

  #retireIfComplete(live: LiveChunk): void {
    if (!live.passed || live.outstanding > 0) return;
    this.#root.set(live.chunk.index, live.chunk.leaves);
    this.#live.delete(live.chunk.index);
  }

  async #skipTo(index: number): Promise<void> {
    while (!this.#exhausted && (this.#ahead === undefined || this.#ahead.index < index)) {
      if (this.#ahead) this.#root.set(this.#ahead.index, this.#ahead.leaves);
      const next = await this.#stored.next();
      this.#ahead = next.done ? undefined : next.value;
      this.#exhausted = next.done === true;
    }
  }

  #require(index: number): LiveChunk {
    const live = this.#live.get(index);
    if (!live) throw new RangeError(`Chunk ${index} of the manifest is not in the window.`);
    return live;
  }
}
