import { NotAtRest, Unreadable } from "../../inspect/disk-bytes.ts";
import { type ExtLayout, readLayout } from "../../inspect/ext/layout.ts";
import type { WritableBytes } from "../changed-bytes.ts";
import { ExtChecksums } from "./checksums.ts";

/** Blocks that lie together. */
export interface BlockRun {
  readonly start: number;
  readonly count: number;
}

export const recordsOf = "records of the file system";

/** Features that only writers have to know, and that are kept right here: superblock copies, large files, checksums, link
 *  counts, larger inodes, project ids, verified files (which are left alone), records of orphans. */
const understood = 0x1 | 0x2 | 0x8 | 0x10 | 0x20 | 0x40 | 0x400 | 0x2000 | 0x8000 | 0x10000;
const flag = { inodesUnset: 1, blocksUnset: 2 };
const superblockAt = 1024;
/** Groups that are searched for room in one piece. */
const searchedForOnePiece = 64;

/** Superblock, group descriptors and bitmaps of an ext file system that is changed: what is free, and how much. */
export class ExtRecords {
  readonly layout: ExtLayout;
  readonly checksums: ExtChecksums;
  readonly bytes: WritableBytes;
  readonly #super: Buffer;
  readonly #perGroup: number;
  readonly #firstBlock: number;

  private constructor(bytes: WritableBytes, layout: ExtLayout, superblock: Buffer) {
    this.bytes = bytes;
    this.layout = layout;
    this.#super = superblock;
    this.checksums = new ExtChecksums(superblock);
    this.#perGroup = superblock.readUInt32LE(0x20);
    this.#firstBlock = superblock.readUInt32LE(0x14);
  }

  /** @throws Unreadable for one that can't be changed here. */
  static async open(bytes: WritableBytes): Promise<ExtRecords> {
    const layout = await readLayout(bytes);
    const superblock = await bytes.read(superblockAt, 1024);
    const unknown = superblock.readUInt32LE(0x64) & ~understood;
    if (unknown !== 0)
      throw new Unreadable(`its file system can't be changed here (feature 0x${unknown.toString(16)})`);
    if ((superblock.readUInt16LE(0x3a) & 3) !== 1) throw new NotAtRest("its file system has errors noted in it");
    return new ExtRecords(bytes, layout, superblock);
  }

  /** Size that new inodes leave for their own fields. */
  get extraBytes(): number {
    return this.layout.inodeBytes > 128 ? Math.max(32, this.#super.readUInt16LE(0x15e)) : 0;
  }

  get namesHaveKinds(): boolean {
    return (this.#super.readUInt32LE(0x60) & 0x2) !== 0;
  }

  groupOfInode(inode: number): number {
    return Math.floor((inode - 1) / this.layout.inodesPerGroup);
  }

  /** Takes free blocks, in as few pieces as can be found, near a group. @throws Unreadable when there are not enough. */
  async takeBlocks(count: number, near: number): Promise<BlockRun[]> {
    if (count === 0) return [];
    const groups = this.#groups;
    const seen: { group: number; run: BlockRun }[] = [];
    for (let step = 0, found = 0; step < groups; step++) {
      const group = (near + step) % groups;
      const runs = await this.#freeRuns(group);
      const whole = runs.find((run) => run.count >= count);
      if (whole) return [await this.#take(group, { start: whole.start, count })];
      seen.push(...runs.map((run) => ({ group, run })));
      found += runs.reduce((sum, run) => sum + run.count, 0);
      if (found >= count && step >= searchedForOnePiece) break;
    }
    const taken: BlockRun[] = [];
    let left = count;
    for (const { group, run } of seen.toSorted((a, b) => b.run.count - a.run.count)) {
      if (left === 0) break;
      const piece = { start: run.start, count: Math.min(left, run.count) };
      taken.push(await this.#take(group, piece));
      left -= piece.count;
    }
    if (left > 0) throw new Unreadable(`its file system has no room for ${count} more blocks`);
    return taken.toSorted((a, b) => a.start - b.start);
  }

  async giveBack(runs: readonly BlockRun[]): Promise<void> {
    for (const { start, count } of runs) {
      for (let block = start; block < start + count; ) {
        const group = Math.floor((block - this.#firstBlock) / this.#perGroup);
        const end = Math.min(start + count, this.#firstBlock + (group + 1) * this.#perGroup);
        await this.#mark(group, { start: block, count: end - block }, false);
        block = end;
      }
    }
  }

  /** The number of a new file. */
  async takeInode(near: number): Promise<number> {
    const { inodesPerGroup } = this.layout;
    for (let step = 0; step < this.#groups; step++) {
      const group = (near + step) % this.#groups;
      const descriptor = await this.#descriptor(group);
      if (descriptor.readUInt16LE(0x12) & flag.inodesUnset) continue;
      const bitmap = await this.#bitmap(descriptor, "inodes");
      for (let index = 0; index < inodesPerGroup; index++) {
        const number = group * inodesPerGroup + index + 1;
        if (isSet(bitmap, index) || number < this.#firstInode) continue;
        setBit(bitmap, index, true);
        addTo16And16(descriptor, 0x0e, 0x2e, -1);
        const unused = Math.min(get16And16(descriptor, 0x1c, 0x32), inodesPerGroup - index - 1);
        put16And16(descriptor, 0x1c, 0x32, unused);
        await this.#writeBitmap(group, descriptor, "inodes", bitmap);
        this.#super.writeUInt32LE(Math.max(0, this.#super.readUInt32LE(0x10) - 1), 0x10);
        return number;
      }
    }
    throw new Unreadable("its file system has no room for another file");
  }

  async giveInodeBack(number: number): Promise<void> {
    const group = this.groupOfInode(number);
    const descriptor = await this.#descriptor(group);
    const bitmap = await this.#bitmap(descriptor, "inodes");
    setBit(bitmap, (number - 1) % this.layout.inodesPerGroup, false);
    addTo16And16(descriptor, 0x0e, 0x2e, 1);
    await this.#writeBitmap(group, descriptor, "inodes", bitmap);
    this.#super.writeUInt32LE(this.#super.readUInt32LE(0x10) + 1, 0x10);
  }

  /** To be called once all is changed. */
  async close(): Promise<void> {
    this.checksums.superblock(this.#super);
    await this.bytes.write(superblockAt, this.#super, recordsOf);
  }

  get #groups(): number {
    return Math.ceil((this.layout.blocks - this.#firstBlock) / this.#perGroup);
  }

  get #firstInode(): number {
    return this.#super.readUInt32LE(0x4c) === 0 ? 11 : this.#super.readUInt32LE(0x54);
  }

  async #freeRuns(group: number): Promise<BlockRun[]> {
    const descriptor = await this.#descriptor(group);
    if (descriptor.readUInt16LE(0x12) & flag.blocksUnset || get16And16(descriptor, 0x0c, 0x2c) === 0) return [];
    const bitmap = await this.#bitmap(descriptor, "blocks");
    const first = this.#firstBlock + group * this.#perGroup;
    const blocks = Math.min(this.#perGroup, this.layout.blocks - first);
    const runs: BlockRun[] = [];
    for (let index = 0, begun: number | undefined; index <= blocks; index++) {
      const free = index < blocks && !isSet(bitmap, index);
      if (free) begun ??= index;
      else if (begun !== undefined) {
        runs.push({ start: first + begun, count: index - begun });
        begun = undefined;
      }
    }
    return runs;
  }

  async #take(group: number, run: BlockRun): Promise<BlockRun> {
    await this.#mark(group, run, true);
    return run;
  }

  async #mark(group: number, { start, count }: BlockRun, used: boolean): Promise<void> {
    const descriptor = await this.#descriptor(group);
    const bitmap = await this.#bitmap(descriptor, "blocks");
    const first = start - this.#firstBlock - group * this.#perGroup;
    for (let index = first; index < first + count; index++) {
      if (isSet(bitmap, index) === used) throw new Unreadable("its file system contradicts itself about what is free");
      setBit(bitmap, index, used);
    }
    const change = used ? -count : count;
    addTo16And16(descriptor, 0x0c, 0x2c, change);
    await this.#writeBitmap(group, descriptor, "blocks", bitmap);
    // What the superblock says of the whole is behind while it is in use; Linux counts the groups when it mounts it.
    const free = Math.max(0, this.#super.readUInt32LE(0x0c) + this.#super.readUInt32LE(0x158) * 2 ** 32 + change);
    this.#super.writeUInt32LE(free % 2 ** 32, 0x0c);
    this.#super.writeUInt32LE(Math.floor(free / 2 ** 32), 0x158);
  }

  async #descriptor(group: number): Promise<Buffer> {
    const { at, length } = this.layout.descriptor(group);
    return Buffer.from(await this.bytes.read(at, length));
  }

  async #bitmap(descriptor: Buffer, kind: "blocks" | "inodes"): Promise<Buffer> {
    const bits = kind === "blocks" ? this.#perGroup : this.layout.inodesPerGroup;
    const at = this.#bitmapBlock(descriptor, kind) * this.layout.blockBytes;
    return Buffer.from(await this.bytes.read(at, bits / 8));
  }

  #bitmapBlock(descriptor: Buffer, kind: "blocks" | "inodes"): number {
    const [low, high] = kind === "blocks" ? [0, 0x20] : [4, 0x24];
    return descriptor.readUInt32LE(low) + (descriptor.length >= 64 ? descriptor.readUInt32LE(high) * 2 ** 32 : 0);
  }

  async #writeBitmap(group: number, descriptor: Buffer, kind: "blocks" | "inodes", bitmap: Buffer): Promise<void> {
    await this.bytes.write(this.#bitmapBlock(descriptor, kind) * this.layout.blockBytes, bitmap, recordsOf);
    this.checksums.bitmap(kind, bitmap, descriptor);
    this.checksums.descriptor(group, descriptor);
    await this.bytes.write(this.layout.descriptor(group).at, descriptor, recordsOf);
  }
}

function isSet(bitmap: Buffer, index: number): boolean {
  return ((bitmap[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

function setBit(bitmap: Buffer, index: number, value: boolean): void {
  const [at, bit] = [index >> 3, 1 << (index & 7)];
  bitmap[at] = value ? (bitmap[at] ?? 0) | bit : (bitmap[at] ?? 0) & ~bit;
}

/** Counts in a descriptor have their upper halves in its second part, where there is one. */
function get16And16(descriptor: Buffer, low: number, high: number): number {
  return descriptor.readUInt16LE(low) + (descriptor.length >= 64 ? descriptor.readUInt16LE(high) * 65_536 : 0);
}

function put16And16(descriptor: Buffer, low: number, high: number, value: number): void {
  descriptor.writeUInt16LE(value & 0xffff, low);
  if (descriptor.length >= 64) descriptor.writeUInt16LE(value >>> 16, high);
}

function addTo16And16(descriptor: Buffer, low: number, high: number, change: number): void {
  put16And16(descriptor, low, high, Math.max(0, get16And16(descriptor, low, high) + change));
}
