import { type FileHandle, open } from "node:fs/promises";

/**
 * The parts of the QCOW2 format that the disk store writes itself or has to read back: `docs/interop/qcow2.txt` of
 * QEMU. Images are our own or QEMU's overlays over ours: version 3, no compression, no encryption, no inner snapshots.
 */

const magic = 0x514649fb;
const copiedFlag = 1n << 63n;
const zeroFlag = 1n;
const offsetMask = 0x00ff_ffff_ffff_fe00n;
const externalDataFile = 1n << 2n;
const headerBytes = 112;
const extensionBackingFormat = 0xe2792aca;
const extensionDataFile = 0x44415441;
/** Refcounts of 16 bits. */
const refcountOrder = 4;

export interface ImageToWrite {
  readonly sizeBytes: number;
  readonly clusterBits: number;
  /** A file name in the same folder. */
  readonly backing?: string;
  /** An absolute path (QEMU would look for another from its own folder): what is mapped is found there, at the offset
   *  it has in the guest. */
  readonly dataFile?: string;
  /** Cluster numbers of the guest that are allocated, ascending; needs `dataFile`. */
  readonly mapped?: Uint32Array;
}

/** Writes the metadata of a new image: an empty overlay, or one whose clusters lie in a data file. */
export async function writeImage(path: string, image: ImageToWrite): Promise<void> {
  const clusterBytes = 2 ** image.clusterBits;
  const perTable = clusterBytes / 8;
  const tables = new Map<number, BigUint64Array>();
  for (const cluster of image.mapped ?? []) {
    const index = Math.floor(cluster / perTable);
    const table = tables.get(index) ?? new BigUint64Array(perTable);
    tables.set(index, table);
    table[cluster % perTable] = copiedFlag | (BigInt(cluster) * BigInt(clusterBytes));
  }
  const l1Entries = Math.max(1, Math.ceil(image.sizeBytes / (clusterBytes * perTable)));
  const l1Clusters = Math.ceil((l1Entries * 8) / clusterBytes);
  // Header, refcount table, one refcount block, L1, L2s: one refcount block is enough for all metadata we write.
  const l1At = 3;
  const clusters = l1At + l1Clusters + tables.size;
  if (clusters > clusterBytes / 2) throw new RangeError(`the image's metadata of ${clusters} clusters is too large`);

  const l1 = Buffer.alloc(l1Entries * 8);
  const file = await open(path, "wx", 0o644);
  try {
    let next = l1At + l1Clusters;
    for (const [index, table] of tables) {
      l1.writeBigUInt64BE(copiedFlag | (BigInt(next) * BigInt(clusterBytes)), index * 8);
      const bytes = Buffer.from(table.buffer).swap64();
      await file.write(bytes, 0, bytes.length, next * clusterBytes);
      next++;
    }
    const refcountTable = Buffer.alloc(8);
    refcountTable.writeBigUInt64BE(BigInt(2 * clusterBytes));
    const refcounts = Buffer.alloc(clusters * 2);
    for (let cluster = 0; cluster < clusters; cluster++) refcounts.writeUInt16BE(1, cluster * 2);
    await file.write(header(image, l1Entries, l1At), 0, undefined, 0);
    await file.write(refcountTable, 0, undefined, clusterBytes);
    await file.write(refcounts, 0, undefined, 2 * clusterBytes);
    await file.write(l1, 0, undefined, l1At * clusterBytes);
    await file.truncate(clusters * clusterBytes);
  } finally {
    await file.close();
  }
}

function header(image: ImageToWrite, l1Entries: number, l1At: number): Buffer {
  const clusterBytes = 2 ** image.clusterBits;
  const extensions: Buffer[] = [];
  if (image.backing !== undefined) extensions.push(extension(extensionBackingFormat, "qcow2"));
  if (image.dataFile !== undefined) extensions.push(extension(extensionDataFile, image.dataFile));
  extensions.push(Buffer.alloc(8));
  const extensionBytes = Buffer.concat(extensions);
  const backing = Buffer.from(image.backing ?? "");
  const bytes = Buffer.alloc(headerBytes);
  bytes.writeUInt32BE(magic, 0);
  bytes.writeUInt32BE(3, 4);
  if (backing.length > 0) {
    bytes.writeBigUInt64BE(BigInt(headerBytes + extensionBytes.length), 8);
    bytes.writeUInt32BE(backing.length, 16);
  }
  bytes.writeUInt32BE(image.clusterBits, 20);
  bytes.writeBigUInt64BE(BigInt(image.sizeBytes), 24);
  bytes.writeUInt32BE(l1Entries, 36);
  bytes.writeBigUInt64BE(BigInt(l1At * clusterBytes), 40);
  bytes.writeBigUInt64BE(BigInt(clusterBytes), 48);
  bytes.writeUInt32BE(1, 56);
  bytes.writeBigUInt64BE(image.dataFile === undefined ? 0n : externalDataFile, 72);
  bytes.writeUInt32BE(refcountOrder, 96);
  bytes.writeUInt32BE(headerBytes, 100);
  return Buffer.concat([bytes, extensionBytes, backing]);
}

function extension(type: number, text: string): Buffer {
  const bytes = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8);
  bytes.writeUInt32BE(type, 0);
  bytes.writeUInt32BE(text.length, 4);
  bytes.write(text, 8);
  return bytes;
}

/** Where an image's own clusters lie; what it leaves out is its backing file's. */
export interface ImageMap {
  readonly clusterBytes: number;
  /** Guest cluster → offset in the file, or `undefined` for one that reads as zeros. */
  readonly clusters: ReadonlyMap<number, number | undefined>;
}

/** Reads an overlay's tables. The file must not be written meanwhile. */
export async function readImageMap(file: FileHandle): Promise<ImageMap> {
  const head = Buffer.alloc(headerBytes);
  await file.read(head, 0, headerBytes, 0);
  if (head.readUInt32BE(0) !== magic) throw new Error("not a QCOW2 image");
  const clusterBytes = 2 ** head.readUInt32BE(20);
  const l1 = Buffer.alloc(head.readUInt32BE(36) * 8);
  await file.read(l1, 0, l1.length, Number(head.readBigUInt64BE(40)));
  const clusters = new Map<number, number | undefined>();
  const table = Buffer.alloc(clusterBytes);
  const perTable = clusterBytes / 8;
  for (let index = 0; index * 8 < l1.length; index++) {
    const offset = Number(l1.readBigUInt64BE(index * 8) & offsetMask);
    if (offset === 0) continue;
    await file.read(table, 0, clusterBytes, offset);
    for (let slot = 0; slot < perTable; slot++) {
      const entry = table.readBigUInt64BE(slot * 8);
      if (entry === 0n) continue;
      const isZero = (entry & zeroFlag) !== 0n;
      clusters.set(index * perTable + slot, isZero ? undefined : Number(entry & offsetMask));
    }
  }
  return { clusterBytes, clusters };
}
