import { besideOf } from "./beside.ts";
import { BufferPool } from "./buffer-pool.ts";
import { Committer } from "./committer.ts";
import { Gate } from "./gate.ts";
import type { HashPool } from "./hash-pool.ts";
import { sharedHashPool } from "./hash-pool.ts";
import type { DataLeaf, ZeroRun } from "./leaf-plan.ts";
import { countBytes, dataBytes, joinPieces, planLeaves, wholeLeaf } from "./leaf-plan.ts";
import { hashBytes, lengthOfLeaf, zeroLeafHash } from "./manifest.ts";
import { ManifestWindow } from "./manifest-window.ts";
import type { Extent } from "./ports.ts";
import { leafBytes, leavesPerChunk } from "./ports.ts";
import { checkInput, type PumpInput, type PumpResult } from "./pump-input.ts";
import { refuseDamaged } from "./vouched.ts";

export type { PumpInput, PumpResult } from "./pump-input.ts";

interface ReadLeaves {
  readonly firstLeaf: number;
  /** What the source says they hash to; zeros where it says nothing. */
  readonly vouched: Uint8Array;
}

/** One request's worth of leaves: larger ones save round trips, smaller ones keep both ends busy. */
const leavesPerTask = 2;
const buffers = 16;

/**
 * Moves a source point into a generation and returns the root of its manifest. Goes on from what earlier attempts made
 * durable; ends at once when a newer attempt has taken over. Closes neither source nor sink.
 * @throws ProviderError Conflict when the attempt is not current any more; InvalidInput when the sizes do not fit; what
 * source, sink and checkpoint store throw; the signal's reason.
 */
export async function pump(input: PumpInput): Promise<PumpResult> {
  checkInput(input);
  const run = new PumpRun(input);
  try {
    return await run.run();
  } finally {
    run.end();
  }
}

class PumpRun {
  readonly #input: PumpInput;
  readonly #sizeBytes: number;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #gate: Gate;
  readonly #buffers: BufferPool;
  readonly #hashes: HashPool;
  readonly #window: ManifestWindow;
  readonly #committer: Committer;
  readonly #limiter: PumpInput["limiter"];
  #group: DataLeaf[] = [];
  readonly #tasks = new Set<Promise<void>>();
  #bytesRead = 0;

  constructor(input: PumpInput) {
    this.#input = input;
    this.#sizeBytes = input.state.sizeBytes;
    this.#signal = input.signal ? AbortSignal.any([input.signal, this.#abort.signal]) : this.#abort.signal;
    this.#gate = new Gate(this.#signal);
    this.#buffers = new BufferPool(buffers, leavesPerTask * leafBytes);
    this.#hashes = input.hashes ?? sharedHashPool();
    this.#window = new ManifestWindow(this.#sizeBytes, input.checkpoint.chunks(input.state.generationId));
    const wire = input.sink.wire ?? input.source.wire;
    // Over a link of ours the bytes are counted as they travel, and so is the limit.
    if (wire) wire.limiter = input.limiter;
    this.#limiter = wire ? undefined : input.limiter;
    this.#committer = new Committer({ ...input, wire, window: this.#window, gate: this.#gate, signal: this.#signal });
  }

  async run(): Promise<PumpResult> {
    const { source, sink, sinceBaseline, state } = this.#input;
    const committer = this.#committer;
    const signal = this.#signal;
    // A resumed attempt knows the sum from the checkpoint, where hash comparison has already corrected it.
    committer.bytesToMove =
      state.progress.bytesDone > 0
        ? state.progress.bytesToMove
        : await countBytes(source.extents({ sinceBaseline, signal }), sink.wholeLeaves ? this.#sizeBytes : undefined);
    committer.report();
    const committing = committer.run().catch((error: unknown) => {
      this.#abort.abort(error);
      throw error;
    });
    committing.catch(() => undefined);
    try {
      for await (const item of planLeaves(source.extents({ sinceBaseline, signal }), this.#sizeBytes)) {
        if (item.kind === "zero") await this.#zeroRun(item);
        else await this.#dataLeaf(item);
      }
      await this.#dispatch();
      await this.#gate.until(() => this.#tasks.size === 0);
      // Making it durable takes a while, and nothing of the link.
      const sharing = this.#input.limiter?.close?.();
      committer.finish();
      await sharing;
      await committing;
    } catch (error) {
      this.#abort.abort(error);
      await committing.catch(() => undefined);
      // Nothing of this attempt is on its way any more when its caller hears of the end.
      await Promise.allSettled(this.#tasks);
      throw this.#signal.reason;
    }
    const rootHash = await this.#window.finish();
    committer.position = this.#sizeBytes;
    committer.report();
    return { ...committer.progress, rootHash, bytesRead: this.#bytesRead };
  }

  end(): void {
    this.#abort.abort(new Error("The pump has ended."));
    this.#window.close();
  }

  /** Zeros are never sent: a new generation already reads as zeros, and in one with a parent only leaves that were
   *  something else are zeroed. */
  async #zeroRun({ firstLeaf, count }: ZeroRun): Promise<void> {
    await this.#dispatch();
    if (this.#input.parentManifestId === undefined) {
      this.#committer.position = Math.min(this.#sizeBytes, (firstLeaf + count) * leafBytes);
      return;
    }
    for (let leaf = firstLeaf; leaf < firstLeaf + count; ) {
      const next = Math.min(firstLeaf + count, (Math.floor(leaf / leavesPerChunk) + 1) * leavesPerChunk);
      for (const run of await this.#window.notZero(leaf, next)) await this.#zeroLeaves(run.firstLeaf, run.count);
      leaf = next;
    }
    this.#committer.position = Math.min(this.#sizeBytes, (firstLeaf + count) * leafBytes);
  }

  async #zeroLeaves(firstLeaf: number, count: number): Promise<void> {
    const leaves = Array.from({ length: count }, (_, index) => firstLeaf + index);
    for (const leaf of leaves) this.#window.take(leaf);
    const offset = firstLeaf * leafBytes;
    const length = Math.min(this.#sizeBytes, (firstLeaf + count) * leafBytes) - offset;
    await this.#committer.admit(0);
    this.#start(async () => {
      await this.#input.sink.writeZeroes(offset, length, this.#signal);
      const settled = leaves.map((leaf) => ({ leaf, hash: zeroLeafHash(lengthOfLeaf(this.#sizeBytes, leaf)) }));
      this.#committer.settled({
        leaves: settled,
        leafBytes: length,
        bytesSent: 0,
        bytesSkipped: 0,
        leavesWritten: count,
      });
    }, length);
  }

  async #dataLeaf(item: DataLeaf): Promise<void> {
    const last = this.#group.at(-1);
    if (last && (last.leaf + 1 !== item.leaf || this.#group.length === leavesPerTask)) await this.#dispatch();
    if (await this.#window.isDone(item.leaf)) {
      await this.#dispatch();
      this.#committer.position = this.#endOf(item.leaf);
      return;
    }
    this.#window.take(item.leaf);
    this.#group.push(item);
  }

  async #dispatch(): Promise<void> {
    const group = this.#group;
    const [first, last] = [group[0], group.at(-1)];
    if (!first || !last) return;
    this.#group = [];
    const bytesToSend = group.reduce((sum, leaf) => sum + this.#bytesToSend(leaf), 0);
    await this.#committer.admit(bytesToSend);
    await this.#gate.until(() => this.#buffers.available);
    const buffer = this.#buffers.take();
    const offset = first.leaf * leafBytes;
    const bytes = new Uint8Array(buffer, 0, this.#endOf(last.leaf) - offset);
    this.#start(async () => {
      await (this.#input.compareWithParent ? this.#compareAndMove(group, bytes) : this.#move(group, bytes));
      this.#buffers.release(buffer);
    }, bytes.byteLength);
    this.#committer.position = this.#endOf(last.leaf);
  }

  async #move(group: readonly DataLeaf[], bytes: Uint8Array<SharedArrayBuffer>): Promise<void> {
    const vouched = await this.#read(group, bytes);
    // A sink that sends hashes along waits for them; what is on its way beside this group keeps it busy.
    const hashing = this.#hash(bytes, vouched);
    const sending = this.#input.sink.wholeLeaves
      ? hashing.then((hashes) => this.#write(group, bytes, hashes))
      : this.#write(group, bytes);
    const [hashes, bytesSent] = await Promise.all([hashing, sending]);
    this.#committer.settled({
      leaves: group.map(({ leaf }, index) => ({ leaf, hash: hashAt(hashes, index) })),
      leafBytes: bytes.byteLength,
      bytesSent,
      bytesSkipped: 0,
      leavesWritten: group.length,
    });
  }

  async #compareAndMove(group: readonly DataLeaf[], bytes: Uint8Array<SharedArrayBuffer>): Promise<void> {
    const parents = group.map(({ leaf }) => this.#window.taken(leaf));
    const beside = besideOf(this.#input.source);
    const first = group[0]?.leaf ?? 0;
    const hashes = beside
      ? await beside.hashes(first * leafBytes, bytes.byteLength, this.#signal)
      : await this.#hash(bytes, await this.#read(group, bytes));
    const changed = group.filter(
      (_, index) => Buffer.compare(hashAt(hashes, index), parents[index] as Uint8Array) !== 0,
    );
    if (beside) {
      this.#bytesRead += bytes.byteLength;
      const vouched = await beside.read(first, changed, { bytes, hashes }, this.#signal);
      if (changed.length > 0) await this.#hash(bytes, { firstLeaf: first, vouched });
    }
    const offered = group.reduce((sum, leaf) => sum + this.#bytesToSend(leaf), 0);
    const bytesSent = await this.#write(changed, bytes, hashes, first * leafBytes);
    this.#committer.settled({
      leaves: group.map(({ leaf }, index) => ({ leaf, hash: hashAt(hashes, index) })),
      leafBytes: bytes.byteLength,
      bytesSent,
      bytesSkipped: offered - bytesSent,
      leavesWritten: changed.length,
    });
  }

  async #read(group: readonly DataLeaf[], bytes: Uint8Array): Promise<ReadLeaves> {
    const firstLeaf = group[0]?.leaf ?? 0;
    const vouched = new Uint8Array(group.length * hashBytes);
    await this.#input.source.read(firstLeaf * leafBytes, bytes, this.#signal, vouched);
    this.#bytesRead += bytes.byteLength;
    return { firstLeaf, vouched };
  }

  async #hash(bytes: Uint8Array<SharedArrayBuffer>, { firstLeaf, vouched }: ReadLeaves): Promise<Uint8Array> {
    const hashes = await this.#hashes.hashLeaves(bytes.buffer, bytes.byteLength);
    refuseDamaged(hashes, vouched, firstLeaf, `generation/${this.#input.state.generationId}`);
    return hashes;
  }

  /** Writes what the extents say changed of these leaves: no more, so that a second generation moves little; or the
   *  whole leaves, where the sink takes nothing less. */
  async #write(
    group: readonly DataLeaf[],
    bytes: Uint8Array,
    hashes?: Uint8Array,
    base = (group[0]?.leaf ?? 0) * leafBytes,
  ): Promise<number> {
    const { sink, parentManifestId } = this.#input;
    const pieces = joinPieces(group.flatMap((leaf) => this.#piecesToSend(leaf)));
    const send = async ({ offset, length, kind }: Extent): Promise<void> => {
      if (kind === "data") {
        await this.#limiter?.take(length, this.#signal);
        this.#committer.sending(length);
        const [from, to] = [offset - base, offset - base + length];
        this.#input.meter?.add(bytes.subarray(from, to));
        const known = sink.wholeLeaves ? hashes?.subarray(hashOffset(from), hashOffset(to)) : undefined;
        await sink.write(offset, bytes.subarray(from, to), this.#signal, known);
      } else if (parentManifestId !== undefined) {
        await sink.writeZeroes(offset, length, this.#signal);
      }
    };
    await Promise.all(pieces.map(send));
    return dataBytes(pieces);
  }

  #piecesToSend(leaf: DataLeaf): readonly Extent[] {
    return this.#input.sink.wholeLeaves ? [wholeLeaf(leaf.leaf, this.#sizeBytes)] : leaf.pieces;
  }

  #bytesToSend(leaf: DataLeaf): number {
    return dataBytes(this.#piecesToSend(leaf));
  }

  #start(task: () => Promise<void>, bytes: number): void {
    this.#committer.outstanding(bytes);
    const running = task()
      .catch((error: unknown) => this.#abort.abort(error))
      .finally(() => {
        this.#tasks.delete(running);
        this.#gate.changed();
      });
    this.#tasks.add(running);
  }

  #endOf(leaf: number): number {
    return Math.min(this.#sizeBytes, (leaf + 1) * leafBytes);
  }
}

/** Where the hashes of the leaves from a byte of the disk on are. */
function hashOffset(bytes: number): number {
  return Math.ceil(bytes / leafBytes) * hashBytes;
}

function hashAt(hashes: Uint8Array, index: number): Uint8Array {
  return hashes.subarray(index * hashBytes, (index + 1) * hashBytes);
}
