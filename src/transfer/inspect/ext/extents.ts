import { type Bytes, Unreadable } from "../disk-bytes.ts";

/** Blocks of a file that lie together; without a place on the disk they read as zeros. */
export interface Run {
  readonly fileBlock: number;
  readonly diskBlock?: number;
  readonly count: number;
}

const extentMagic = 0xf30a;
const maxDepth = 5;
/** More than a file that we look at is ever made of; an image may hold a tree as large as itself. */
const maxNodes = 4096;
const maxRuns = 262_144;
/** A longer extent is one that was reserved and never written. */
const longestWritten = 32_768;

/** The runs of an inode's extent tree, in the file's order. */
export async function extentRuns(bytes: Bytes, blockBytes: number, root: Buffer): Promise<Run[]> {
  const runs: Run[] = [];
  let nodes = 0;
  const visit = async (node: Buffer, maxLevel: number): Promise<void> => {
    if (++nodes > maxNodes) throw new Unreadable("a file on it is in too many pieces");
    const [entries, level] = [node.readUInt16LE(2), node.readUInt16LE(6)];
    if (node.readUInt16LE(0) !== extentMagic || level > maxLevel || 12 * (entries + 1) > node.length) {
      throw new Unreadable("a file's extent tree is damaged");
    }
    for (let index = 1; index <= entries; index++) {
      const entry = node.subarray(12 * index, 12 * (index + 1));
      if (level > 0) {
        const block = entry.readUInt32LE(4) + entry.readUInt16LE(8) * 2 ** 32;
        await visit(await bytes.read(block * blockBytes, blockBytes), level - 1);
        continue;
      }
      const length = entry.readUInt16LE(4);
      const isWritten = length <= longestWritten;
      const diskBlock = entry.readUInt32LE(8) + entry.readUInt16LE(6) * 2 ** 32;
      add(runs, {
        fileBlock: entry.readUInt32LE(0),
        diskBlock: isWritten ? diskBlock : undefined,
        count: isWritten ? length : length - longestWritten,
      });
    }
  };
  await visit(root, maxDepth);
  return runs;
}

/** The runs of the older map: 12 blocks, then blocks of block numbers, of those, and of those. */
export async function mappedRuns(bytes: Bytes, blockBytes: number, root: Buffer, fileBlocks: number): Promise<Run[]> {
  const runs: Run[] = [];
  const fanout = blockBytes / 4;
  let fileBlock = 0;
  const visit = async (block: number, level: number): Promise<void> => {
    if (fileBlock >= fileBlocks) return;
    const span = fanout ** level;
    if (level === 0 || block === 0) {
      if (block !== 0) append(runs, fileBlock, block);
      fileBlock += span;
      return;
    }
    const table = await bytes.read(block * blockBytes, blockBytes);
    for (let at = 0; at < blockBytes && fileBlock < fileBlocks; at += 4) await visit(table.readUInt32LE(at), level - 1);
  };
  for (let index = 0; index < 15; index++) await visit(root.readUInt32LE(4 * index), Math.max(0, index - 11));
  return runs;
}

function append(runs: Run[], fileBlock: number, diskBlock: number): void {
  const last = runs.at(-1);
  const follows =
    last?.diskBlock !== undefined &&
    last.fileBlock + last.count === fileBlock &&
    last.diskBlock + last.count === diskBlock;
  if (last && follows) runs[runs.length - 1] = { ...last, count: last.count + 1 };
  else add(runs, { fileBlock, diskBlock, count: 1 });
}

function add(runs: Run[], run: Run): void {
  const last = runs.at(-1);
  if (run.count === 0 || (last && run.fileBlock < last.fileBlock + last.count)) {
    throw new Unreadable("a file's pieces overlap");
  }
  if (runs.length >= maxRuns) throw new Unreadable("a file on it is in too many pieces");
  runs.push(run);
}
