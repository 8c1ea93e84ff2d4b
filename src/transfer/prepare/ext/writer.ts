import { Unreadable } from "../../inspect/disk-bytes.ts";
import { ExtTree } from "../../inspect/ext/index.ts";
import { readLayout } from "../../inspect/ext/layout.ts";
import { type FileNode, FileSystem } from "../../inspect/file-tree.ts";
import type { WritableBytes } from "../changed-bytes.ts";
import { ExtFolder } from "./folder.ts";
import { ExtInode } from "./inode.ts";
import { replayJournal } from "./journal.ts";
import { copyLabel, hasLabel } from "./labels.ts";
import { type BlockRun, ExtRecords } from "./records.ts";

const regular = 0o100644;
const maxNameBytes = 255;
const rootFolder = 2;
const askedSiblings = 50;

/**
 * Changes files of an ext4 file system that nobody uses meanwhile: contents are replaced or added to, small files made and
 * removed. Owner, mode and attributes of a file stay as they are. What it can't keep right is refused before anything is
 * written for it, as {@link Unreadable}.
 */
export class ExtWriter {
  readonly #bytes: WritableBytes;
  readonly #records: ExtRecords;
  /** The time that files are said to have changed at: the same at every attempt. */
  readonly #at: Date;

  private constructor(bytes: WritableBytes, records: ExtRecords, at: Date) {
    this.#bytes = bytes;
    this.#records = records;
    this.#at = at;
  }

  static async open(bytes: WritableBytes, at: Date): Promise<ExtWriter> {
    if ((await readLayout(bytes)).inUse) await replayJournal(bytes);
    return new ExtWriter(bytes, await ExtRecords.open(bytes), at);
  }

  /** As it is now, with what was changed. */
  async files(): Promise<FileSystem> {
    return new FileSystem(await ExtTree.open(this.#bytes));
  }

  /** Puts bytes behind a file's end. */
  async append(path: string, data: Buffer): Promise<void> {
    const inode = await this.#file(path);
    const { sizeBytes } = inode;
    const { blockBytes } = this.#records.layout;
    const old = await inode.runs();
    const within = sizeBytes % blockBytes;
    const room = within === 0 ? 0 : Math.min(blockBytes - within, data.length);
    const added = await this.#takeFor(inode, Math.ceil((data.length - room) / blockBytes));
    if (room > 0) {
      const last = old.at(-1) as BlockRun;
      const at = (last.start + last.count - 1) * blockBytes + within;
      await this.#bytes.write(at, data.subarray(0, room), path);
    }
    await this.#fill(added, data.subarray(room), path);
    await this.#finish(inode, [...old, ...added], sizeBytes + data.length);
  }

  /** Gives a file another content. */
  async replace(path: string, data: Buffer): Promise<void> {
    const inode = await this.#file(path);
    const old = await inode.runs();
    const needed = Math.ceil(data.length / this.#records.layout.blockBytes);
    const { kept, surplus } = cut(old, needed);
    const added = await this.#takeFor(inode, needed - kept.reduce((sum, { count }) => sum + count, 0));
    await this.#records.giveBack(surplus);
    await this.#fill([...kept, ...added], data, path);
    await this.#finish(inode, [...kept, ...added], data.length);
  }

  /** Makes a file that anybody may read, like its siblings, or its folder, in what security modules note of them. */
  async create(folder: string, name: string, data: Buffer): Promise<void> {
    const files = await this.files();
    const parent = await this.#folder(files, folder);
    if (Buffer.byteLength(name) > maxNameBytes) throw new Unreadable(`the name ${name} is too long`);
    const near = this.#records.groupOfInode(parent.number);
    const number = await this.#records.takeInode(near);
    const raw = Buffer.alloc(this.#records.layout.inodeBytes);
    raw.writeUInt16LE(regular, 0);
    raw.writeUInt16LE(1, 0x1a);
    raw.writeUInt32LE(0x8_0000, 0x20);
    raw.writeUInt16LE(0xf30a, 0x28);
    raw.writeUInt16LE(4, 0x2c);
    if (raw.length > 128) raw.writeUInt16LE(this.#records.extraBytes, 0x80);
    await this.#label(files, folder, parent, raw);
    const inode = new ExtInode(this.#records, number, raw);
    const runs = await this.#takeFor(inode, Math.ceil(data.length / this.#records.layout.blockBytes));
    const path = `${folder}/${name}`;
    await this.#fill(runs, data, path);
    await this.#finish(inode, runs, data.length);
    await new ExtFolder(this.#records, parent).add(name, number);
    parent.touch(this.#at);
    await parent.write();
  }

  /** Removes a file, or a link; one that is gone is fine. */
  async remove(folder: string, name: string): Promise<boolean> {
    const parent = await this.#folder(await this.files(), folder);
    const number = await new ExtFolder(this.#records, parent).remove(name);
    if (number === undefined) return false;
    const inode = await ExtInode.read(this.#records, number);
    parent.touch(this.#at);
    await parent.write();
    inode.touch(this.#at);
    if (inode.links > 1) {
      inode.raw.writeUInt16LE(inode.links - 1, 0x1a);
      await inode.write();
      return true;
    }
    if (inode.hasAttributeBlock) throw new Unreadable(`${folder}/${name} has attributes that may be shared`);
    // A short link has its target where others have their blocks.
    const isShortLink = inode.raw.readUInt16LE(0) >> 12 === 10 && inode.raw.readUInt32LE(0x1c) === 0;
    if (!isShortLink) {
      await this.#records.giveBack(await inode.runs());
      await inode.setRuns([]);
    }
    inode.sizeBytes = 0;
    inode.raw.writeUInt16LE(0, 0x1a);
    inode.raw.writeUInt32LE(Math.floor(this.#at.getTime() / 1000) >>> 0, 0x14);
    await inode.write();
    await this.#records.giveInodeBack(number);
    return true;
  }

  /** To be called once all is changed. */
  async close(): Promise<void> {
    await this.#records.close();
  }

  async #file(path: string): Promise<ExtInode> {
    const node = await (await this.files()).find(path);
    if (node?.kind !== "file") throw new Unreadable(`${path} is not there any more`);
    return ExtInode.read(this.#records, node.id);
  }

  async #folder(files: FileSystem, path: string): Promise<ExtInode> {
    const node = await files.find(path);
    if (node?.kind !== "folder") throw new Unreadable(`there is no folder ${path}`);
    return ExtInode.read(this.#records, node.id);
  }

  /** A label such as SELinux': without one a guest that uses them may not read the new file. */
  async #label(files: FileSystem, folder: string, parent: ExtInode, raw: Buffer): Promise<void> {
    for (const name of (await files.names(folder)).slice(0, askedSiblings)) {
      const sibling: FileNode | undefined = await files.find(`${folder}/${name}`);
      if (sibling?.kind !== "file") continue;
      if (copyLabel((await ExtInode.read(this.#records, sibling.id)).raw, raw)) return;
    }
    if (copyLabel(parent.raw, raw)) return;
    const { raw: root } = await ExtInode.read(this.#records, rootFolder);
    if (hasLabel(root)) throw new Unreadable(`there is no security label for a new file in ${folder}`);
  }

  #takeFor(inode: ExtInode, count: number): Promise<BlockRun[]> {
    return this.#records.takeBlocks(Math.max(0, count), this.#records.groupOfInode(inode.number));
  }

  async #fill(runs: readonly BlockRun[], data: Buffer, path: string): Promise<void> {
    const { blockBytes } = this.#records.layout;
    let done = 0;
    for (const { start, count } of runs) {
      const piece = Buffer.alloc(count * blockBytes);
      data.copy(piece, 0, done, done + piece.length);
      await this.#bytes.write(start * blockBytes, piece, path);
      done += piece.length;
    }
  }

  async #finish(inode: ExtInode, runs: readonly BlockRun[], sizeBytes: number): Promise<void> {
    await inode.setRuns(runs);
    inode.sizeBytes = sizeBytes;
    inode.touch(this.#at);
    await inode.write();
  }
}

function cut(runs: readonly BlockRun[], blocks: number): { kept: BlockRun[]; surplus: BlockRun[] } {
  const kept: BlockRun[] = [];
  const surplus: BlockRun[] = [];
  let left = blocks;
  for (const { start, count } of runs) {
    const keep = Math.min(left, count);
    if (keep > 0) kept.push({ start, count: keep });
    if (keep < count) surplus.push({ start: start + keep, count: count - keep });
    left -= keep;
  }
  return { kept, surplus };
}
