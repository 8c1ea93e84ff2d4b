import { Unreadable } from "../../inspect/disk-bytes.ts";
import type { ExtInode } from "./inode.ts";
import { type ExtRecords, recordsOf } from "./records.ts";

const headBytes = 8;
const tailBytes = 12;
const regularFile = 1;

/** Where one name stands in a block of a folder. */
interface Entry {
  readonly at: number;
  readonly length: number;
  readonly inode: number;
  readonly name: string;
}

/** Names in a folder, changed one by one. */
export class ExtFolder {
  readonly #records: ExtRecords;
  readonly #inode: ExtInode;

  constructor(records: ExtRecords, inode: ExtInode) {
    this.#records = records;
    this.#inode = inode;
  }

  /** @throws Unreadable when it is full, or so large that it has an index, which a new name would have to be put into. */
  async add(name: string, inode: number): Promise<void> {
    const blocks = await this.#blocks();
    if (this.#inode.isIndexed && blocks.length > 1)
      throw new Unreadable("a folder is too large to put a file into it here");
    const needed = entryBytes(name);
    for (const at of blocks) {
      const block = await this.#read(at);
      for (const entry of this.#entries(block)) {
        const used = entry.inode === 0 ? 0 : entryBytes(entry.name);
        if (entry.length - used < needed) continue;
        if (used > 0) block.writeUInt16LE(used, entry.at + 4);
        const place = block.subarray(entry.at + used);
        place.fill(0, 0, needed);
        place.writeUInt32LE(inode, 0);
        place.writeUInt16LE(entry.length - used, 4);
        place.writeUInt8(Buffer.byteLength(name), 6);
        place.writeUInt8(this.#records.namesHaveKinds ? regularFile : 0, 7);
        place.write(name, headBytes);
        await this.#write(at, block);
        return;
      }
    }
    throw new Unreadable("a folder is too full to put a file into it here");
  }

  /** Returns the number of the file that had the name; undefined when none had. */
  async remove(name: string): Promise<number | undefined> {
    for (const at of await this.#blocks()) {
      const block = await this.#read(at);
      const entries = this.#entries(block);
      const index = entries.findIndex((entry) => entry.inode !== 0 && entry.name === name);
      const entry = entries[index];
      if (!entry) continue;
      const before = entries[index - 1];
      if (before) block.writeUInt16LE(before.length + entry.length, before.at + 4);
      else block.writeUInt32LE(0, entry.at);
      await this.#write(at, block);
      return entry.inode;
    }
    return undefined;
  }

  async #blocks(): Promise<number[]> {
    const runs = await this.#inode.runs();
    return runs.flatMap(({ start, count }) => Array.from({ length: count }, (_, index) => start + index));
  }

  async #read(block: number): Promise<Buffer> {
    const { blockBytes } = this.#records.layout;
    return Buffer.from(await this.#records.bytes.read(block * blockBytes, blockBytes));
  }

  async #write(at: number, block: Buffer): Promise<void> {
    const { layout, checksums, bytes } = this.#records;
    if (checksums.inBlocks) {
      checksums.block(this.#inode.checksumSeed, block, block.length - 4, block.length - tailBytes);
    }
    await bytes.write(at * layout.blockBytes, block, recordsOf);
  }

  #entries(block: Buffer): Entry[] {
    const end = block.length - (this.#records.checksums.inBlocks ? tailBytes : 0);
    const entries: Entry[] = [];
    for (let at = 0; at < end; ) {
      if (at + headBytes > end) throw new Unreadable("a folder on it is damaged");
      const length = block.readUInt16LE(at + 4);
      const nameBytes = block.readUInt8(at + 6);
      if (length < headBytes || length % 4 !== 0 || at + length > end || headBytes + nameBytes > length) {
        throw new Unreadable("a folder on it is damaged, or has an index");
      }
      const name = block.toString("utf8", at + headBytes, at + headBytes + nameBytes);
      entries.push({ at, length, inode: block.readUInt32LE(at), name });
      at += length;
    }
    return entries;
  }
}

function entryBytes(name: string): number {
  return Math.ceil((headBytes + Buffer.byteLength(name)) / 4) * 4;
}
