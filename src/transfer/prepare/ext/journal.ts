import { addToCrc32c } from "../../crc32c.ts";
import { NotAtRest } from "../../inspect/disk-bytes.ts";
import { extentRuns, mappedRuns, type Run } from "../../inspect/ext/extents.ts";
import { readLayout } from "../../inspect/ext/layout.ts";
import type { WritableBytes } from "../changed-bytes.ts";
import { ExtChecksums } from "./checksums.ts";

/** The format of JBD2 (kernel: Documentation/filesystems/ext4/journal.rst); its numbers have their high byte first. */
const magic = 0xc03b3998;
const kind = { descriptor: 1, commit: 2, superblock: 4, revoke: 5 };
const feature = { revoke: 1, bits64: 2, checksums2: 8, checksums3: 16 };
const understood = feature.revoke | feature.bits64 | feature.checksums2 | feature.checksums3;
const tagFlag = { escaped: 1, sameUuid: 2, deleted: 4, last: 8 };
const usesExtents = 0x8_0000;
const needsRecovery = 0x4;
const superblockAt = 1024;
const journalOf = "journal of the file system";

interface Tag {
  readonly block: number;
  readonly flags: number;
}

/** Puts in place what the journal of a file system that was not closed in order holds, as Linux does when it mounts it. */
export async function replayJournal(bytes: WritableBytes): Promise<void> {
  const journal = await Journal.open(bytes);
  await journal.replay();
  const superblock = await bytes.read(superblockAt, 1024);
  superblock.writeUInt32LE(superblock.readUInt32LE(0x60) & ~needsRecovery, 0x60);
  new ExtChecksums(superblock).superblock(superblock);
  await bytes.write(superblockAt, superblock, journalOf);
}

class Journal {
  readonly #bytes: WritableBytes;
  readonly #blockBytes: number;
  readonly #runs: readonly Run[];
  readonly #head: Buffer;
  readonly #features: number;
  readonly #seed: number;

  private constructor(bytes: WritableBytes, blockBytes: number, runs: readonly Run[], head: Buffer) {
    this.#bytes = bytes;
    this.#blockBytes = blockBytes;
    this.#runs = runs;
    this.#head = head;
    this.#features = head.readUInt32BE(4) === kind.superblock ? head.readUInt32BE(40) : 0;
    this.#seed = addToCrc32c(0xffffffff, head.subarray(48, 64));
  }

  static async open(bytes: WritableBytes): Promise<Journal> {
    const { blockBytes, inodesPerGroup, inodeBytes, inodeTable } = await readLayout(bytes);
    const superblock = await bytes.read(superblockAt, 1024);
    const number = superblock.readUInt32LE(0xe0);
    if (number === 0) throw new NotAtRest("its journal is on another disk");
    const table = await inodeTable(Math.floor((number - 1) / inodesPerGroup));
    const raw = await bytes.read(table * blockBytes + ((number - 1) % inodesPerGroup) * inodeBytes, 128);
    const map = Buffer.from(raw.subarray(0x28, 0x64));
    const blocks = Math.ceil((raw.readUInt32LE(4) + raw.readUInt32LE(0x6c) * 2 ** 32) / blockBytes);
    const runs =
      raw.readUInt32LE(0x20) & usesExtents
        ? await extentRuns(bytes, blockBytes, map)
        : await mappedRuns(bytes, blockBytes, map, blocks);
    const journal = new Journal(bytes, blockBytes, runs, Buffer.alloc(1024));
    const head = Buffer.from((await journal.#block(0)).subarray(0, 1024));
    const opened = new Journal(bytes, blockBytes, runs, head);
    if (head.readUInt32BE(0) !== magic || head.readUInt32BE(12) !== blockBytes) {
      throw new NotAtRest("its journal is damaged");
    }
    const unknown = opened.#features & ~understood;
    if (unknown !== 0) throw new NotAtRest(`its journal is of a kind unknown here (0x${unknown.toString(16)})`);
    return opened;
  }

  async replay(): Promise<void> {
    const start = this.#head.readUInt32BE(28);
    let last = this.#head.readUInt32BE(24);
    if (start !== 0) {
      const revoked = new Map<number, number>();
      last = await this.#walk(start, Number.POSITIVE_INFINITY, async () => {});
      await this.#walk(start, last, async (sequence, block) => {
        if (block.readUInt32BE(4) !== kind.revoke) return;
        for (const number of this.#revokedBy(block)) revoked.set(number, sequence);
      });
      await this.#walk(start, last, async (sequence, block, data) => {
        if (block.readUInt32BE(4) !== kind.descriptor) return;
        for (const [index, tag] of this.#tags(block).entries()) {
          if ((revoked.get(tag.block) ?? -1) >= sequence) continue;
          const content = Buffer.from(await data(index));
          if (tag.flags & tagFlag.escaped) content.writeUInt32BE(magic, 0);
          await this.#bytes.write(tag.block * this.#blockBytes, content, journalOf);
        }
      });
    }
    this.#head.writeUInt32BE(last, 24);
    this.#head.writeUInt32BE(0, 28);
    if (this.#hasChecksums) {
      this.#head.writeUInt32BE(0, 252);
      this.#head.writeUInt32BE(addToCrc32c(0xffffffff, this.#head), 252);
    }
    await this.#bytes.write(this.#place(0), this.#head, journalOf);
  }

  get #hasChecksums(): boolean {
    return (this.#features & (feature.checksums2 | feature.checksums3)) !== 0;
  }

  /** Through the transactions before `end`; returns the number of the first that is not whole. */
  async #walk(
    start: number,
    end: number,
    visit: (sequence: number, block: Buffer, data: (index: number) => Promise<Buffer>) => Promise<void>,
  ): Promise<number> {
    let sequence = this.#head.readUInt32BE(24);
    const length = this.#head.readUInt32BE(16);
    for (let at = start, passed = 0; sequence < end && passed < length; ) {
      const block = await this.#block(at);
      if (block.readUInt32BE(0) !== magic || block.readUInt32BE(8) !== sequence || !this.#isWhole(block)) break;
      const from = at;
      await visit(sequence, block, (index) => this.#block(this.#after(from, index + 1)));
      const step = block.readUInt32BE(4) === kind.descriptor ? 1 + this.#tags(block).length : 1;
      if (block.readUInt32BE(4) === kind.commit) sequence++;
      at = this.#after(at, step);
      passed += step;
    }
    return sequence;
  }

  #isWhole(block: Buffer): boolean {
    if (!this.#hasChecksums) return true;
    const at = block.readUInt32BE(4) === kind.commit ? 16 : block.length - 4;
    const bare = Buffer.from(block);
    bare.writeUInt32BE(0, at);
    return addToCrc32c(this.#seed, bare) === block.readUInt32BE(at);
  }

  #tags(block: Buffer): Tag[] {
    const wide = (this.#features & feature.bits64) !== 0;
    const third = (this.#features & feature.checksums3) !== 0;
    const second = (this.#features & feature.checksums2) !== 0;
    const size = third ? 16 : (wide ? 12 : 8) + (second ? 2 : 0);
    const tags: Tag[] = [];
    for (let at = 12; at + size <= block.length - (this.#hasChecksums ? 4 : 0); ) {
      const flags = third ? block.readUInt32BE(at + 4) : block.readUInt16BE(at + 6);
      const high = third || wide ? block.readUInt32BE(at + 8) : 0;
      tags.push({ block: block.readUInt32BE(at) + high * 2 ** 32, flags });
      if (flags & tagFlag.last) break;
      at += size + (flags & tagFlag.sameUuid ? 0 : 16);
    }
    return tags;
  }

  #revokedBy(block: Buffer): number[] {
    const wide = (this.#features & feature.bits64) !== 0;
    const end = Math.min(block.readUInt32BE(12), block.length);
    const numbers: number[] = [];
    for (let at = 16; at + (wide ? 8 : 4) <= end; at += wide ? 8 : 4) {
      numbers.push(wide ? Number(block.readBigUInt64BE(at)) : block.readUInt32BE(at));
    }
    return numbers;
  }

  /** The journal is a ring behind its first block. */
  #after(at: number, steps: number): number {
    const [length, first] = [this.#head.readUInt32BE(16), this.#head.readUInt32BE(20)];
    const next = at + steps;
    return next >= length ? first + (next - length) : next;
  }

  async #block(number: number): Promise<Buffer> {
    return this.#bytes.read(this.#place(number), this.#blockBytes);
  }

  #place(number: number): number {
    const run = this.#runs.find(({ fileBlock, count }) => number >= fileBlock && number < fileBlock + count);
    if (run?.diskBlock === undefined) throw new NotAtRest("its journal is damaged");
    return (run.diskBlock + number - run.fileBlock) * this.#blockBytes;
  }
}
