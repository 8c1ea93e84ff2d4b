import { ProviderError } from "../domain/errors.ts";
import { BufferPool } from "./buffer-pool.ts";
import { Gate } from "./gate.ts";
import type { HashPool } from "./hash-pool.ts";
import { sharedHashPool } from "./hash-pool.ts";
import { planLeaves } from "./leaf-plan.ts";
import { hashBytes, lengthOfLeaf } from "./manifest.ts";
import { ManifestWindow } from "./manifest-window.ts";
import type { BlockSource, CheckpointStore } from "./ports.ts";
import { leafBytes, leavesPerChunk } from "./ports.ts";

export interface ProofProgress {
  readonly bytesDone: number;
  readonly bytesToRead: number;
}

export interface ProofResult {
  readonly identical: boolean;
  /** Whole leaves, neighbours joined, ascending. */
  readonly differing: readonly { readonly offset: number; readonly length: number }[];
  /** Bytes read back; zeros that the disk itself vouches for are not read. */
  readonly bytesReread: number;
  /** Of the manifest that the disk was held against; the sealed generation's own. */
  readonly rootHash: string;
}

export interface ProofInput {
  readonly source: BlockSource;
  readonly checkpoint: Pick<CheckpointStore, "chunks" | "state">;
  /** The generation whose manifest the disk must match. */
  readonly manifestId: string;
  /** `written`: only leaves that this generation itself wrote, for one whose parent was proven before. */
  readonly only?: "written";
  /** Reads no further than to the first leaf that differs: all before it is the same, and nothing is said of what follows. */
  readonly stopsAtFirst?: boolean;
  readonly onProgress?: (progress: ProofProgress) => void;
  readonly signal?: AbortSignal;
  readonly hashes?: HashPool;
}

const leavesPerTask = 2;
const buffers = 16;
const reportEveryMs = 250;

/**
 * Reads a disk again and holds every leaf against a sealed generation's manifest. A disk that differs is an answer; a
 * manifest that does not give its own root is not trusted.
 * @throws ProviderError NotFound when there is no such sealed manifest, IntegrityFailure when it is damaged; what the
 * source and the store throw; the signal's reason.
 */
export async function prove(input: ProofInput): Promise<ProofResult> {
  const state = await input.checkpoint.state(input.manifestId);
  if (state?.rootHash === undefined) {
    throw refusal("NotFound", input.manifestId, state ? "the generation is not sealed" : "there is no such manifest");
  }
  const result = await new ProofRun(input, state.sizeBytes).run();
  if (result.rootHash === state.rootHash) return result;
  throw refusal("IntegrityFailure", input.manifestId, "the stored hashes do not give the root that was sealed");
}

class ProofRun {
  readonly #input: ProofInput;
  readonly #sizeBytes: number;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #gate: Gate;
  readonly #buffers = new BufferPool(buffers, leavesPerTask * leafBytes);
  readonly #hashes: HashPool;
  readonly #window: ManifestWindow;
  readonly #differing: number[] = [];
  #group: { firstLeaf: number; expected: Uint8Array[] } | undefined;
  #otherSize = false;
  #tasks = 0;
  #bytesReread = 0;
  #reportedAt = 0;

  constructor(input: ProofInput, sizeBytes: number) {
    this.#input = input;
    this.#sizeBytes = sizeBytes;
    this.#signal = input.signal ? AbortSignal.any([input.signal, this.#abort.signal]) : this.#abort.signal;
    this.#gate = new Gate(this.#signal);
    this.#hashes = input.hashes ?? sharedHashPool();
    this.#window = new ManifestWindow(sizeBytes, input.checkpoint.chunks(input.manifestId));
  }

  async run(): Promise<ProofResult> {
    const { source } = this.#input;
    const signal = this.#signal;
    try {
      if (source.sizeBytes === this.#sizeBytes) {
        for await (const item of planLeaves(source.extents({ signal }), this.#sizeBytes)) {
          if (item.kind === "zero") await this.#zeroRun(item.firstLeaf, item.count);
          else await this.#dataLeaf(item.leaf);
          if (this.#input.stopsAtFirst && this.#differing.length > 0) break;
        }
        if (!this.#input.stopsAtFirst || this.#differing.length === 0) await this.#dispatch();
        await this.#gate.until(() => this.#tasks === 0);
      } else {
        this.#otherSize = true;
      }
      const rootHash = await this.#window.finish();
      this.#report(this.#sizeBytes, true);
      const differing = this.#otherSize ? [this.#sizeDifference()] : this.#extents();
      return { identical: differing.length === 0, differing, bytesReread: this.#bytesReread, rootHash };
    } catch (error) {
      this.#abort.abort(error);
      throw signal.reason;
    } finally {
      this.#abort.abort(new Error("The proof has ended."));
      this.#window.close();
    }
  }

  async #zeroRun(firstLeaf: number, count: number): Promise<void> {
    await this.#dispatch();
    for (let leaf = firstLeaf; leaf < firstLeaf + count; ) {
      const next = Math.min(firstLeaf + count, (Math.floor(leaf / leavesPerChunk) + 1) * leavesPerChunk);
      for (const run of await this.#window.notZero(leaf, next)) {
        for (let differing = run.firstLeaf; differing < run.firstLeaf + run.count; differing++) {
          if (this.#input.only !== "written" || (await this.#window.isDone(differing))) this.#differing.push(differing);
        }
      }
      leaf = next;
    }
    this.#report((firstLeaf + count) * leafBytes);
  }

  async #dataLeaf(leaf: number): Promise<void> {
    if (this.#input.only === "written" && !(await this.#window.isDone(leaf))) {
      await this.#dispatch();
      return;
    }
    const group = this.#group;
    if (group && (group.firstLeaf + group.expected.length !== leaf || group.expected.length === leavesPerTask)) {
      await this.#dispatch();
    }
    await this.#window.at(Math.floor(leaf / leavesPerChunk));
    const expected = this.#window.taken(leaf);
    if (this.#group) this.#group.expected.push(expected);
    else this.#group = { firstLeaf: leaf, expected: [expected] };
  }

  async #dispatch(): Promise<void> {
    const group = this.#group;
    if (!group) return;
    this.#group = undefined;
    await this.#gate.until(() => this.#buffers.available);
    const { firstLeaf, expected } = group;
    const lastLeaf = firstLeaf + expected.length - 1;
    const length = (expected.length - 1) * leafBytes + lengthOfLeaf(this.#sizeBytes, lastLeaf);
    const buffer = this.#buffers.take();
    this.#tasks++;
    this.#check(buffer, length, firstLeaf, expected)
      .catch((error: unknown) => this.#abort.abort(error))
      .finally(() => {
        this.#tasks--;
        this.#buffers.release(buffer);
        this.#gate.changed();
      });
  }

  async #check(
    buffer: SharedArrayBuffer,
    length: number,
    firstLeaf: number,
    expected: readonly Uint8Array[],
  ): Promise<void> {
    const hashes = await this.#hash(buffer, length, firstLeaf);
    this.#bytesReread += length;
    for (const [index, hash] of expected.entries()) {
      const found = hashes.subarray(index * hashBytes, (index + 1) * hashBytes);
      if (Buffer.compare(found, hash) !== 0) this.#differing.push(firstLeaf + index);
    }
    this.#report(firstLeaf * leafBytes + length);
  }

  /** Read beside the disk by something of ours, or here. */
  async #hash(buffer: SharedArrayBuffer, length: number, firstLeaf: number): Promise<Uint8Array> {
    const { source } = this.#input;
    if (source.hashes) return source.hashes(firstLeaf * leafBytes, length, this.#signal);
    // The manifest alone is the judge: what the site says of its bytes is not asked.
    const vouched = new Uint8Array(Math.ceil(length / leafBytes) * hashBytes);
    await source.read(firstLeaf * leafBytes, new Uint8Array(buffer, 0, length), this.#signal, vouched);
    return this.#hashes.hashLeaves(buffer, length);
  }

  #report(bytesDone: number, always = false): void {
    const now = Date.now();
    if (!always && now - this.#reportedAt < reportEveryMs) return;
    this.#reportedAt = now;
    this.#input.onProgress?.({ bytesDone: Math.min(bytesDone, this.#sizeBytes), bytesToRead: this.#sizeBytes });
  }

  /** A disk of another size is not read: it differs at least in what only one of the two has. */
  #sizeDifference(): { offset: number; length: number } {
    const [shorter, longer] = [this.#input.source.sizeBytes, this.#sizeBytes].sort((a, b) => a - b) as [number, number];
    return { offset: shorter, length: longer - shorter };
  }

  #extents(): { offset: number; length: number }[] {
    const extents: { offset: number; length: number }[] = [];
    for (const leaf of this.#differing.sort((a, b) => a - b)) {
      const offset = leaf * leafBytes;
      const length = lengthOfLeaf(this.#sizeBytes, leaf);
      const last = extents.at(-1);
      if (last && last.offset + last.length === offset) last.length += length;
      else extents.push({ offset, length });
    }
    return extents;
  }
}

function refusal(code: "NotFound" | "IntegrityFailure", manifestId: string, reason: string): ProviderError {
  return new ProviderError(code, {
    operation: "prove the disk",
    resource: `manifest/${manifestId}`,
    reason,
    action:
      code === "NotFound"
        ? "Use a migration that has finished its copy, in the installation that made it."
        : "The store is damaged: restore it from a backup, or move the disk again.",
  });
}
