import type { Subject } from "../failures.ts";
import type { Aws } from "./client.ts";
import { vendorCode } from "./errors.ts";

/** A block of a snapshot. Without a token it holds nothing: it reads as zeros. */
export interface Block {
  readonly index: number;
  readonly token?: string;
}

interface Page {
  readonly blocks: readonly Block[];
  readonly next?: string;
}

/** The most that EBS lists at once; a page is 5 GiB of disk. */
const pageSize = 10_000;

/** Which blocks a snapshot holds, and which differ between two, in ascending order. */
export class BlockLists {
  readonly #aws: Aws;
  readonly #snapshotId: string;
  readonly #subject: Subject;

  constructor(aws: Aws, snapshotId: string, subject: Subject) {
    this.#aws = aws;
    this.#snapshotId = snapshotId;
    this.#subject = subject;
  }

  /** The written ones, from `from` on, `most` a page. */
  allocated(signal: AbortSignal, from = 0, most = pageSize, snapshotId = this.#snapshotId): AsyncGenerator<Block> {
    return walk(from, async (StartingBlockIndex, NextToken) => {
      const { Blocks = [], NextToken: next } = await this.#aws.ebs.send(
        (sdk) =>
          new sdk.ListSnapshotBlocksCommand({
            SnapshotId: snapshotId,
            StartingBlockIndex,
            MaxResults: most,
            NextToken,
          }),
        this.#subject,
        signal,
      );
      return { blocks: Blocks.map(({ BlockIndex = 0, BlockToken: token }) => ({ index: BlockIndex, token })), next };
    });
  }

  /**
   * Those that may differ from another snapshot's. AWS knows that for snapshots of one lineage; for others it is all that
   * either of them holds.
   */
  async *changedSince(firstSnapshotId: string, signal: AbortSignal): AsyncGenerator<Block> {
    try {
      yield* this.#changedSince(firstSnapshotId, signal);
    } catch (error) {
      // Said before the first block.
      if (vendorCode(error) !== "ValidationException:UNRELATED_SNAPSHOTS") throw error;
      yield* union(this.allocated(signal), this.allocated(signal, 0, pageSize, firstSnapshotId));
    }
  }

  #changedSince(FirstSnapshotId: string, signal: AbortSignal): AsyncGenerator<Block> {
    return walk(0, async (StartingBlockIndex, NextToken) => {
      const { ChangedBlocks = [], NextToken: next } = await this.#aws.ebs.send(
        (sdk) =>
          new sdk.ListChangedBlocksCommand({
            FirstSnapshotId,
            SecondSnapshotId: this.#snapshotId,
            StartingBlockIndex,
            MaxResults: pageSize,
            NextToken,
          }),
        this.#subject,
        signal,
      );
      const blocks = ChangedBlocks.map(({ BlockIndex = 0, SecondBlockToken: token }) => ({ index: BlockIndex, token }));
      return { blocks, next };
    });
  }
}

/** Page after page: an empty one may have a successor ("EBS direct APIs FAQ"). A page token lives for an hour, and a copy
 *  may take longer over a page: it then goes on behind the last block it saw. */
async function* walk(
  from: number,
  ask: (startingBlockIndex: number, nextToken: string | undefined) => Promise<Page>,
): AsyncGenerator<Block> {
  let start = from;
  let token: string | undefined;
  do {
    const page = await ask(start, token).catch((error: unknown) => {
      if (token === undefined || vendorCode(error) !== "ValidationException:INVALID_PAGE_TOKEN") throw error;
      return undefined;
    });
    if (!page) {
      token = undefined;
      continue;
    }
    // A token's page may begin before the block that was asked for.
    for (const block of page.blocks) if (block.index >= start) yield block;
    start = Math.max(start, (page.blocks.at(-1)?.index ?? -1) + 1);
    token = page.next || undefined;
    if (token === undefined) return;
  } while (true);
}

/** All blocks of both; one that only the other has is none here. */
async function* union(mine: AsyncGenerator<Block>, others: AsyncGenerator<Block>): AsyncGenerator<Block> {
  let [own, other] = await Promise.all([mine.next(), others.next()]);
  while (!own.done || !other.done) {
    if (other.done || (!own.done && own.value.index <= other.value.index)) {
      if (!other.done && !own.done && own.value.index === other.value.index) other = await others.next();
      yield own.value as Block;
      own = await mine.next();
    } else {
      yield { index: other.value.index };
      other = await others.next();
    }
  }
}
