import { Unreadable } from "../../inspect/disk-bytes.ts";
import { extentRuns } from "../../inspect/ext/extents.ts";
import { type BlockRun, type ExtRecords, recordsOf } from "./records.ts";

const flag = { immutable: 0x10, indexed: 0x1000, hugeFile: 0x4_0000, extents: 0x8_0000, verity: 0x10_0000 };
const refused = { compressed: 0x4, encrypted: 0x800, inlineData: 0x1000_0000 };
const extentMagic = 0xf30a;
const longestExtent = 32_768;
const inRoot = 4;
const sectorBytes = 512;

/** A file's record, changed in memory until {@link ExtInode.write}. */
export class ExtInode {
  readonly number: number;
  readonly raw: Buffer;
  readonly #records: ExtRecords;

  constructor(records: ExtRecords, number: number, raw: Buffer) {
    this.#records = records;
    this.number = number;
    this.raw = raw;
  }

  static async read(records: ExtRecords, number: number): Promise<ExtInode> {
    const { at, length } = await placeOf(records, number);
    return new ExtInode(records, number, Buffer.from(await records.bytes.read(at, length)));
  }

  get sizeBytes(): number {
    return this.raw.readUInt32LE(4) + this.raw.readUInt32LE(0x6c) * 2 ** 32;
  }

  set sizeBytes(value: number) {
    this.raw.writeUInt32LE(value % 2 ** 32, 4);
    this.raw.writeUInt32LE(Math.floor(value / 2 ** 32), 0x6c);
  }

  get isIndexed(): boolean {
    return (this.#flags & flag.indexed) !== 0;
  }

  get hasAttributeBlock(): boolean {
    return this.raw.readUInt32LE(0x68) !== 0;
  }

  get links(): number {
    return this.raw.readUInt16LE(0x1a);
  }

  /** What the checksums in its blocks start from. */
  get checksumSeed(): number {
    return this.#records.checksums.ofFile(this.number, this.raw.readUInt32LE(0x64));
  }

  /** The blocks that hold its content, in order. @throws Unreadable for a file that can't be changed here. */
  async runs(): Promise<BlockRun[]> {
    const flags = this.#flags;
    if (flags & (refused.compressed | refused.encrypted | refused.inlineData | flag.hugeFile | flag.verity)) {
      throw new Unreadable("a file to change is stored in a way that is not written here");
    }
    if (!(flags & flag.extents))
      throw new Unreadable("a file to change has an old block map, which is not written here");
    const runs: BlockRun[] = [];
    let next = 0;
    for (const { fileBlock, diskBlock, count } of await extentRuns(this.#records.bytes, this.#blockBytes, this.#map)) {
      if (diskBlock === undefined || fileBlock !== next) throw new Unreadable("a file to change has holes in it");
      runs.push({ start: diskBlock, count });
      next += count;
    }
    if (next !== Math.ceil(this.sizeBytes / this.#blockBytes)) {
      throw new Unreadable("a file to change has blocks that were set aside for it");
    }
    return runs;
  }

  /** Makes these its blocks. Those of the tree that named the earlier ones are used again or given back. */
  async setRuns(runs: readonly BlockRun[]): Promise<void> {
    const extents = extentsOf(runs);
    const old = await this.#treeBlocks();
    const perLeaf = Math.floor((this.#blockBytes - 12) / 12);
    const leaves = extents.length <= inRoot ? 0 : Math.ceil(extents.length / perLeaf);
    if (leaves > inRoot) throw new Unreadable("the file system's free room is in too many pieces");
    const group = this.#records.groupOfInode(this.number);
    const more = await this.#records.takeBlocks(Math.max(0, leaves - old.length), group);
    const blocks = [
      ...old,
      ...more.flatMap(({ start, count }) => Array.from({ length: count }, (_, at) => start + at)),
    ];
    await this.#records.giveBack(blocks.slice(leaves).map((start) => ({ start, count: 1 })));
    this.#map.fill(0);
    if (leaves === 0) writeNode(this.#map, extents, inRoot, 0);
    else {
      writeNode(this.#map, [], inRoot, 1, leaves);
      for (let leaf = 0; leaf < leaves; leaf++) {
        const part = extents.slice(leaf * perLeaf, (leaf + 1) * perLeaf);
        const node = Buffer.alloc(this.#blockBytes);
        writeNode(node, part, perLeaf, 0);
        if (this.#records.checksums.inBlocks) {
          this.#records.checksums.block(this.checksumSeed, node, 12 + 12 * perLeaf);
        }
        const at = blocks[leaf] as number;
        await this.#records.bytes.write(at * this.#blockBytes, node, recordsOf);
        const entry = this.#map.subarray(12 + 12 * leaf);
        entry.writeUInt32LE(part[0]?.fileBlock ?? 0, 0);
        entry.writeUInt32LE(at % 2 ** 32, 4);
        entry.writeUInt16LE(Math.floor(at / 2 ** 32), 8);
      }
    }
    const content = extents.reduce((sum, { count }) => sum + count, 0);
    const all = (content + leaves + (this.hasAttributeBlock ? 1 : 0)) * (this.#blockBytes / sectorBytes);
    this.raw.writeUInt32LE(all % 2 ** 32, 0x1c);
    this.raw.writeUInt16LE(Math.floor(all / 2 ** 32), 0x74);
  }

  /** When its content and its record changed. */
  touch(at: Date): void {
    const seconds = Math.floor(at.getTime() / 1000);
    for (const field of [0x0c, 0x10]) this.raw.writeUInt32LE(seconds >>> 0, field);
    const extra = this.raw.length > 128 ? this.raw.readUInt16LE(0x80) : 0;
    // Bits 32 and 33 of the seconds; no nanoseconds.
    const high = Math.floor(seconds / 2 ** 32) & 3;
    if (extra >= 8) this.raw.writeUInt32LE(high, 0x84);
    if (extra >= 12) this.raw.writeUInt32LE(high, 0x88);
  }

  async write(): Promise<void> {
    this.#records.checksums.inode(this.number, this.raw);
    const { at } = await placeOf(this.#records, this.number);
    await this.#records.bytes.write(at, this.raw, recordsOf);
  }

  get #flags(): number {
    return this.raw.readUInt32LE(0x20);
  }

  get #map(): Buffer {
    return this.raw.subarray(0x28, 0x64);
  }

  get #blockBytes(): number {
    return this.#records.layout.blockBytes;
  }

  async #treeBlocks(): Promise<number[]> {
    const found: number[] = [];
    const visit = async (node: Buffer): Promise<void> => {
      if (node.readUInt16LE(6) === 0) return;
      for (let index = 1; index <= node.readUInt16LE(2); index++) {
        const block = node.readUInt32LE(12 * index + 4) + node.readUInt16LE(12 * index + 8) * 2 ** 32;
        found.push(block);
        await visit(await this.#records.bytes.read(block * this.#blockBytes, this.#blockBytes));
      }
    };
    if (this.#map.readUInt16LE(0) === extentMagic) await visit(Buffer.from(this.#map));
    return found;
  }
}

async function placeOf({ layout }: ExtRecords, number: number): Promise<{ at: number; length: number }> {
  const { inodesPerGroup, inodeBytes, blockBytes } = layout;
  const table = await layout.inodeTable(Math.floor((number - 1) / inodesPerGroup));
  return { at: table * blockBytes + ((number - 1) % inodesPerGroup) * inodeBytes, length: inodeBytes };
}

interface Extent extends BlockRun {
  readonly fileBlock: number;
}

function extentsOf(runs: readonly BlockRun[]): Extent[] {
  const joined: BlockRun[] = [];
  for (const run of runs) {
    const last = joined.at(-1);
    if (last && last.start + last.count === run.start) {
      joined[joined.length - 1] = { start: last.start, count: last.count + run.count };
    } else joined.push(run);
  }
  const extents: Extent[] = [];
  let fileBlock = 0;
  for (const { start, count } of joined) {
    for (let done = 0; done < count; done += longestExtent) {
      const piece = Math.min(longestExtent, count - done);
      extents.push({ fileBlock, start: start + done, count: piece });
      fileBlock += piece;
    }
  }
  return extents;
}

function writeNode(
  node: Buffer,
  extents: readonly Extent[],
  most: number,
  depth: number,
  entries = extents.length,
): void {
  node.writeUInt16LE(extentMagic, 0);
  node.writeUInt16LE(entries, 2);
  node.writeUInt16LE(most, 4);
  node.writeUInt16LE(depth, 6);
  for (const [index, { fileBlock, start, count }] of extents.entries()) {
    const entry = node.subarray(12 * (index + 1));
    entry.writeUInt32LE(fileBlock, 0);
    entry.writeUInt16LE(count, 4);
    entry.writeUInt16LE(Math.floor(start / 2 ** 32), 6);
    entry.writeUInt32LE(start % 2 ** 32, 8);
  }
}
