import { hash } from "node:crypto";
import type { Readable } from "node:stream";
import { ProviderError } from "../../domain/errors.ts";
import { type BlockSource, type Extent, leafBytes } from "../../transfer/ports.ts";
import { drain } from "../drain.ts";
import { notFound, type Subject } from "../failures.ts";
import { type Block, BlockLists } from "./block-lists.ts";
import type { Aws } from "./client.ts";
import { vendorCode } from "./errors.ts";

/** EBS's block is the manifest's leaf. */
const blockBytes = leafBytes;
const hashBytes = 32;
/** Tokens that are kept: more than a page and what is read meanwhile. A token that is missed is listed again. */
const maxTokens = 50_000;
/** Blocks that are listed again from one whose token is missing or has ended. */
const relistSize = 1_000;

export interface SnapshotSourceOptions {
  readonly snapshotId: string;
  readonly sizeBytes: number;
  /** What it can be compared with: a baseline's id → its snapshot. */
  readonly baselines?: ReadonlyMap<string, string>;
  readonly subject: Subject;
  readonly onClose?: () => Promise<void>;
}

/** A snapshot, read block by block over EBS direct. Every block is held against its checksum. */
export class SnapshotSource implements BlockSource {
  readonly sizeBytes: number;
  readonly #aws: Aws;
  readonly #options: SnapshotSourceOptions;
  readonly #lists: BlockLists;
  readonly #tokens = new Map<number, string>();
  readonly #ended = new AbortController();
  #relisting: Promise<unknown> = Promise.resolve();

  constructor(aws: Aws, options: SnapshotSourceOptions) {
    this.#aws = aws;
    this.#options = options;
    this.sizeBytes = options.sizeBytes;
    this.#lists = new BlockLists(aws, options.snapshotId, options.subject);
  }

  async *extents({ sinceBaseline, signal }: { sinceBaseline?: string; signal?: AbortSignal }): AsyncGenerator<Extent> {
    const first = sinceBaseline === undefined ? undefined : this.#options.baselines?.get(sinceBaseline);
    if (sinceBaseline !== undefined && first === undefined) {
      throw notFound(this.#options.subject, `this disk does not know the changes since ${sinceBaseline} any more`);
    }
    const both = this.#either(signal);
    const blocks = first === undefined ? this.#lists.allocated(both) : this.#lists.changedSince(first, both);
    yield* toExtents(this.#noting(blocks), this.sizeBytes, first === undefined);
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal, vouched?: Uint8Array): Promise<void> {
    const both = this.#either(signal);
    both.throwIfAborted();
    const reads: Promise<void>[] = [];
    for (let at = 0; at < target.byteLength; ) {
      const within = (offset + at) % blockBytes;
      const length = Math.min(blockBytes - within, target.byteLength - at);
      const index = Math.floor((offset + at) / blockBytes);
      const leaf = Math.floor(at / blockBytes);
      const said = length === blockBytes ? vouched?.subarray(leaf * hashBytes, (leaf + 1) * hashBytes) : undefined;
      reads.push(this.#readPart(index, { within, target: target.subarray(at, at + length), said }, both));
      at += length;
    }
    await Promise.all(reads);
  }

  async close(): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort(new Error("The source was closed."));
    await this.#options.onClose?.();
  }

  async #readPart(
    index: number,
    { within, target, said }: { within: number; target: Uint8Array; said?: Uint8Array },
    signal: AbortSignal,
  ): Promise<void> {
    if (target.byteLength === blockBytes) return this.#readBlock(index, target, said, signal);
    const block = new Uint8Array(blockBytes);
    await this.#readBlock(index, block, undefined, signal);
    target.set(block.subarray(within, within + target.byteLength));
  }

  async #readBlock(
    index: number,
    target: Uint8Array,
    said: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    for (let renewed = false; ; renewed = true) {
      const token = this.#tokens.get(index) ?? (await this.#relist(index, signal));
      if (token === undefined) {
        target.fill(0);
        return;
      }
      try {
        const checksum = await this.#fetch(index, token, target, signal);
        if (said) said.set(Buffer.from(checksum, "base64"));
        else this.#compare(index, target, checksum);
        return;
      } catch (error) {
        // Tokens end after seven days, and may end when the snapshot is listed again.
        if (renewed || vendorCode(error) !== "ValidationException:INVALID_BLOCK_TOKEN") throw error;
        if (this.#tokens.get(index) === token) this.#tokens.delete(index);
      }
    }
  }

  /** Returns the checksum that EBS gives with the block. */
  async #fetch(index: number, token: string, target: Uint8Array, signal: AbortSignal): Promise<string> {
    const { snapshotId, subject } = this.#options;
    return this.#aws.ebs.send(
      (sdk) => new sdk.GetSnapshotBlockCommand({ SnapshotId: snapshotId, BlockIndex: index, BlockToken: token }),
      subject,
      signal,
      async ({ BlockData, Checksum = "" }) => {
        await drain(BlockData as unknown as Readable, target, this.#aws.patience.requestTimeoutMs, signal);
        return Checksum;
      },
    );
  }

  #compare(index: number, bytes: Uint8Array, checksum: string): void {
    const { snapshotId, subject } = this.#options;
    const found = hash("sha256", bytes, "base64");
    if (found === checksum) return;
    throw new ProviderError("IntegrityFailure", {
      ...subject,
      reason: `block ${index} of ${snapshotId} has the checksum ${found} instead of ${checksum}`,
      action: "Read it again; if it stays so, the snapshot or the way to it is damaged.",
      facts: { snapshotId, block: index },
    });
  }

  /** One list at a time: many reads that miss their token want the same page. */
  #relist(index: number, signal: AbortSignal): Promise<string | undefined> {
    const listing = this.#relisting.then(async () => {
      const known = this.#tokens.get(index);
      if (known !== undefined) return known;
      let seen = 0;
      for await (const block of this.#lists.allocated(signal, index, relistSize)) {
        if (block.index > index && seen === 0) return undefined;
        this.#note(block);
        if (++seen === relistSize) break;
      }
      return this.#tokens.get(index);
    });
    this.#relisting = listing.catch(() => undefined);
    return listing;
  }

  async *#noting(blocks: AsyncGenerator<Block>): AsyncGenerator<Block> {
    for await (const block of blocks) {
      this.#note(block);
      yield block;
    }
  }

  #note({ index, token }: Block): void {
    if (token === undefined) return;
    this.#tokens.delete(index);
    this.#tokens.set(index, token);
    if (this.#tokens.size <= maxTokens) return;
    for (const oldest of this.#tokens.keys()) {
      this.#tokens.delete(oldest);
      break;
    }
  }

  #either(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#ended.signal]) : this.#ended.signal;
  }
}

/** Neighbours of one kind joined; with `gaps` what no block covers comes as zeros. */
async function* toExtents(blocks: AsyncIterable<Block>, sizeBytes: number, gaps: boolean): AsyncGenerator<Extent> {
  let open: { offset: number; end: number; kind: Extent["kind"] } | undefined;
  let at = 0;
  for await (const { index, token } of blocks) {
    const kind = token === undefined ? "zero" : "data";
    const offset = index * blockBytes;
    const end = Math.min(sizeBytes, offset + blockBytes);
    if (offset >= sizeBytes) break;
    if (open && open.kind === kind && open.end === offset) {
      open.end = end;
      continue;
    }
    if (open) yield { offset: open.offset, length: open.end - open.offset, kind: open.kind };
    at = open?.end ?? at;
    if (gaps && offset > at) yield { offset: at, length: offset - at, kind: "zero" };
    open = { offset, end, kind };
  }
  if (open) yield { offset: open.offset, length: open.end - open.offset, kind: open.kind };
  at = open?.end ?? at;
  if (gaps && at < sizeBytes) yield { offset: at, length: sizeBytes - at, kind: "zero" };
}
