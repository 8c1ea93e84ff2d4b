import { type Bytes, Unreadable } from "../disk-bytes.ts";
import type { FileNode, FileTree } from "../file-tree.ts";
import { extentRuns, mappedRuns, type Run } from "./extents.ts";
import { type ExtLayout, readLayout } from "./layout.ts";

interface Inode extends FileNode {
  readonly flags: number;
  /** The 60 bytes that hold a map, an extent tree's root, or a short link's target. */
  readonly map: Buffer;
}

const rootInode = 2;
const flag = { encrypted: 0x800, extents: 0x8_0000, inlineData: 0x1000_0000 };
const kinds: Readonly<Record<number, FileNode["kind"]>> = { 4: "folder", 8: "file", 10: "link" };
const maxFolderBytes = 32 * 1024 * 1024;
const maxFolderEntries = 200_000;
const maxLinkBytes = 4096;
const readAheadBytes = 1024 * 1024;

/**
 * Reads ext2, ext3 and ext4 (64-bit, flexible and meta block groups, extents and block maps). Folders are read in the
 * plain way, which an index on them leaves possible. The journal is not replayed: of a file system in use, the last
 * seconds' changes may not be seen.
 */
export class ExtTree implements FileTree {
  readonly root: FileNode;
  readonly caseSensitive = true;
  readonly inUse: boolean;
  readonly #bytes: Bytes;
  readonly #layout: ExtLayout;

  private constructor(bytes: Bytes, layout: ExtLayout, root: FileNode) {
    this.#bytes = bytes;
    this.#layout = layout;
    this.inUse = layout.inUse;
    this.root = root;
  }

  static async open(bytes: Bytes): Promise<ExtTree> {
    const layout = await readLayout(bytes);
    const root = await readInode(bytes, layout, rootInode);
    if (root.kind !== "folder") throw new Unreadable("its file system has no root folder");
    return new ExtTree(bytes, layout, root);
  }

  async list(folder: FileNode): Promise<ReadonlyMap<string, () => Promise<FileNode>>> {
    if (folder.sizeBytes > maxFolderBytes) throw new Unreadable("a folder on it is too large");
    const entries = new Map<string, () => Promise<FileNode>>();
    const { blockBytes } = this.#layout;
    const content = Buffer.concat(await Array.fromAsync(this.read(folder, 0, folder.sizeBytes)));
    for (let start = 0; start + blockBytes <= content.length; start += blockBytes) {
      const block = content.subarray(start, start + blockBytes);
      for (let at = 0; at + 8 <= blockBytes; ) {
        const inode = block.readUInt32LE(at);
        const length = recordLength(block.readUInt16LE(at + 4), blockBytes);
        const nameLength = block.readUInt8(at + 6);
        if (length % 4 !== 0 || at + length > blockBytes || 8 + nameLength > length) {
          throw new Unreadable("a folder on it is damaged");
        }
        const name = block.toString("utf8", at + 8, at + 8 + nameLength);
        if (inode !== 0 && nameLength > 0 && name !== "." && name !== "..") {
          entries.set(name, () => readInode(this.#bytes, this.#layout, inode));
          if (entries.size > maxFolderEntries) throw new Unreadable("a folder on it is too large");
        }
        at += length;
      }
    }
    return entries;
  }

  async readLink(link: FileNode): Promise<string> {
    const { sizeBytes, flags, map } = link as Inode;
    if (sizeBytes > maxLinkBytes) throw new Unreadable("a link on it is too long");
    if (!(flags & flag.extents) && sizeBytes < map.length) return map.toString("utf8", 0, sizeBytes);
    return Buffer.concat(await Array.fromAsync(this.read(link, 0, sizeBytes))).toString("utf8");
  }

  async *read(file: FileNode, offset: number, length: number): AsyncGenerator<Buffer> {
    const end = Math.min(offset + length, file.sizeBytes);
    const { blockBytes } = this.#layout;
    let at = offset;
    for (const { fileBlock, diskBlock, count } of await this.#runs(file as Inode, Math.ceil(end / blockBytes))) {
      const [start, stop] = [fileBlock * blockBytes, Math.min((fileBlock + count) * blockBytes, end)];
      if (start >= end) break;
      if (stop <= at) continue;
      yield* zeros(start - at);
      at = Math.max(at, start);
      if (diskBlock === undefined) yield* zeros(stop - at);
      else {
        for (let from = at; from < stop; from += readAheadBytes) {
          const size = Math.min(readAheadBytes, stop - from);
          yield await this.#bytes.read(diskBlock * blockBytes + from - start, size);
        }
      }
      at = stop;
    }
    yield* zeros(end - at);
  }

  async #runs(inode: Inode, fileBlocks: number): Promise<Run[]> {
    if (inode.flags & flag.encrypted) throw new Unreadable("a file on it is encrypted");
    if (inode.flags & flag.inlineData) throw new Unreadable("a file on it lies inside of its inode, which is not read");
    const { blockBytes } = this.#layout;
    return inode.flags & flag.extents
      ? extentRuns(this.#bytes, blockBytes, inode.map)
      : mappedRuns(this.#bytes, blockBytes, inode.map, fileBlocks);
  }
}

async function readInode(bytes: Bytes, layout: ExtLayout, number: number): Promise<Inode> {
  if (number < 1 || number > layout.inodes) throw new Unreadable("a folder on it names a file that cannot exist");
  const { inodesPerGroup, inodeBytes, blockBytes } = layout;
  const table = await layout.inodeTable(Math.floor((number - 1) / inodesPerGroup));
  const raw = await bytes.read(table * blockBytes + ((number - 1) % inodesPerGroup) * inodeBytes, 128);
  const kind = kinds[raw.readUInt16LE(0) >> 12] ?? "other";
  const sizeBytes = raw.readUInt32LE(4) + raw.readUInt32LE(0x6c) * 2 ** 32;
  if (!Number.isSafeInteger(sizeBytes)) throw new Unreadable("a file on it has an impossible size");
  return {
    id: number,
    kind,
    sizeBytes,
    flags: raw.readUInt32LE(0x20),
    map: Buffer.from(raw.subarray(0x28, 0x64)),
  };
}

/** With blocks of 64 KiB a record may be as long as a block, which 16 bits cannot say. */
function recordLength(stored: number, blockBytes: number): number {
  return blockBytes === 65_536 && (stored === 0 || stored === 65_535) ? blockBytes : stored;
}

function* zeros(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= readAheadBytes) yield Buffer.alloc(Math.min(left, readAheadBytes));
}
