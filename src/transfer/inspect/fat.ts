import { type Bytes, Unreadable } from "./disk-bytes.ts";
import type { FileNode, FileTree } from "./file-tree.ts";

/** Fields and limits are those of Microsoft's "FAT: General Overview of On-Disk Format", 1.03. */
interface Layout {
  readonly bits: 12 | 16 | 32;
  readonly clusterBytes: number;
  readonly fatOffset: number;
  readonly rootOffset: number;
  readonly rootBytes: number;
  readonly dataOffset: number;
  readonly clusters: number;
}

interface FatNode extends FileNode {
  readonly cluster: number;
}

const entryBytes = 32;
const maxFolderBytes = 4 * 1024 * 1024;
const maxFileBytes = 256 * 1024 * 1024;
const attribute = { volume: 0x08, folder: 0x10, longName: 0x0f };
/** Clusters read in one go where they lie together. */
const readAheadBytes = 1024 * 1024;

/** Reads FAT12, FAT16 and FAT32 with long names, for EFI system partitions. */
export class FatTree implements FileTree {
  readonly caseSensitive = false;
  readonly root: FileNode;
  readonly #bytes: Bytes;
  readonly #layout: Layout;

  private constructor(bytes: Bytes, layout: Layout, rootCluster: number) {
    this.#bytes = bytes;
    this.#layout = layout;
    const root: FatNode = { id: 0, kind: "folder", sizeBytes: 0, cluster: rootCluster };
    this.root = root;
  }

  static async open(bytes: Bytes): Promise<FatTree> {
    const sector = await bytes.read(0, 512);
    const [sectorBytes, perCluster] = [sector.readUInt16LE(11), sector.readUInt8(13)];
    const [reserved, fats, rootEntries] = [sector.readUInt16LE(14), sector.readUInt8(16), sector.readUInt16LE(17)];
    const sectors = sector.readUInt16LE(19) || sector.readUInt32LE(32);
    const fatSectors = sector.readUInt16LE(22) || sector.readUInt32LE(36);
    const rootSectors = Math.ceil((rootEntries * entryBytes) / Math.max(sectorBytes, 1));
    const dataSector = reserved + fats * fatSectors + rootSectors;
    const clusters = Math.floor((sectors - dataSector) / Math.max(perCluster, 1));
    const sound = [512, 1024, 2048, 4096].includes(sectorBytes) && perCluster > 0 && fats > 0 && reserved > 0;
    if (!sound || clusters < 1) throw new Unreadable("its FAT file system is damaged");
    const bits = clusters < 4085 ? 12 : clusters < 65_525 ? 16 : 32;
    const layout: Layout = {
      bits,
      clusterBytes: perCluster * sectorBytes,
      fatOffset: reserved * sectorBytes,
      rootOffset: (dataSector - rootSectors) * sectorBytes,
      rootBytes: rootSectors * sectorBytes,
      dataOffset: dataSector * sectorBytes,
      clusters,
    };
    return new FatTree(bytes, layout, bits === 32 ? sector.readUInt32LE(44) : 0);
  }

  async list(folder: FileNode): Promise<ReadonlyMap<string, () => Promise<FileNode>>> {
    const entries = new Map<string, () => Promise<FileNode>>();
    const content = await this.#folder(folder as FatNode);
    let long = "";
    for (let at = 0; at + entryBytes <= content.length; at += entryBytes) {
      const entry = content.subarray(at, at + entryBytes);
      const [first, attributes] = [entry.readUInt8(0), entry.readUInt8(11)];
      if (first === 0) break;
      if (first === 0xe5) {
        long = "";
      } else if (attributes === attribute.longName) {
        long = longPart(entry) + long;
      } else {
        const name = long === "" ? shortName(entry) : long;
        long = "";
        if (attributes & attribute.volume || name === "." || name === "..") continue;
        const high = this.#layout.bits === 32 ? entry.readUInt16LE(20) : 0;
        const cluster = entry.readUInt16LE(26) + high * 0x1_0000;
        const kind = attributes & attribute.folder ? "folder" : "file";
        const node: FatNode = { id: cluster, kind, sizeBytes: entry.readUInt32LE(28), cluster };
        entries.set(name.toLowerCase(), async () => node);
      }
    }
    return entries;
  }

  async readLink(): Promise<string> {
    throw new Unreadable("a FAT file system has no links");
  }

  async *read(file: FileNode, offset: number, length: number): AsyncGenerator<Buffer> {
    const end = Math.min(offset + length, file.sizeBytes);
    if (end > maxFileBytes) throw new Unreadable("a file on it is too large");
    let at = 0;
    for await (const piece of this.#chain((file as FatNode).cluster, end)) {
      const [from, to] = [Math.max(offset - at, 0), Math.min(piece.length, end - at)];
      if (from < to) yield piece.subarray(from, to);
      at += piece.length;
      if (at >= end) return;
    }
    if (at < end) throw new Unreadable("a file on it is shorter than its folder says");
  }

  async #folder(folder: FatNode): Promise<Buffer> {
    const { rootOffset, rootBytes } = this.#layout;
    if (folder.cluster === 0) return this.#bytes.read(rootOffset, rootBytes);
    return Buffer.concat(await Array.fromAsync(this.#chain(folder.cluster, maxFolderBytes)));
  }

  /** The clusters of a chain, neighbours together, until it ends or `maxBytes` were read. A circle reads as long. */
  async *#chain(first: number, maxBytes: number): AsyncGenerator<Buffer> {
    const { clusterBytes, dataOffset, clusters } = this.#layout;
    const mostTogether = Math.max(1, Math.floor(readAheadBytes / clusterBytes));
    let left = Math.ceil(maxBytes / clusterBytes);
    for (let cluster = first; left > 0 && cluster >= 2 && cluster < clusters + 2; ) {
      let together = 1;
      let next = await this.#next(cluster);
      while (next === cluster + together && together < Math.min(mostTogether, left)) {
        together++;
        next = await this.#next(next);
      }
      yield await this.#bytes.read(dataOffset + (cluster - 2) * clusterBytes, together * clusterBytes);
      left -= together;
      cluster = next;
    }
  }

  async #next(cluster: number): Promise<number> {
    const { bits, fatOffset } = this.#layout;
    if (bits === 32) return (await this.#bytes.read(fatOffset + cluster * 4, 4)).readUInt32LE(0) & 0x0fff_ffff;
    if (bits === 16) return (await this.#bytes.read(fatOffset + cluster * 2, 2)).readUInt16LE(0);
    const pair = (await this.#bytes.read(fatOffset + Math.floor(cluster * 1.5), 2)).readUInt16LE(0);
    return cluster % 2 === 0 ? pair & 0xfff : pair >> 4;
  }
}

/** 13 UTF-16 characters in three places; ended by 0, then filled with 0xffff. */
function longPart(entry: Buffer): string {
  const units = [entry.subarray(1, 11), entry.subarray(14, 26), entry.subarray(28, 32)];
  const text = Buffer.concat(units).toString("utf16le");
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

function shortName(entry: Buffer): string {
  const [base, extension] = [entry.toString("latin1", 0, 8).trimEnd(), entry.toString("latin1", 8, 11).trimEnd()];
  return extension === "" ? base : `${base}.${extension}`;
}
