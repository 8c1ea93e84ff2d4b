import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { DiskStore } from "../../cloud/disks/disk-store.ts";
import { blockBytes } from "../../cloud/disks/layer-reader.ts";
import { OperationError } from "../errors.ts";
import { GiB } from "./persistent-disks.ts";

/**
 * Images from `tar.gz` archives: one entry `disk.raw`, in tar's GNU formats, whole GiBs large
 * (https://cloud.google.com/compute/docs/import/import-existing-image, "Bundle the image file").
 */

const headerBytes = 512;
/** Offset and length of a piece of data that the archive holds; the rest is zeros. */
type Extent = readonly [offset: number, length: number];

/** Makes a sealed layer of an archive. Returns the disk's size. @throws OperationError for what is no such archive. */
export async function importTarGz(
  disks: DiskStore,
  layerId: string,
  archive: AsyncIterable<Buffer>,
): Promise<{ sizeBytes: number }> {
  const gunzip = createGunzip();
  const feeding = pipeline(archive, gunzip);
  // Whoever reads sees the failure, too.
  feeding.catch(() => undefined);
  const bytes = new ByteReader(gunzip);
  try {
    const header = await bytes.take(headerBytes);
    const { sizeBytes, extents } = await layoutOf(header, bytes);
    if (sizeBytes === 0 || sizeBytes % GiB !== 0) throw notValid();
    await disks.createBlocks(layerId, sizeBytes);
    const blocks = new BlockWriter(disks, layerId);
    for (const [offset, length] of extents) await copy(bytes, blocks, offset, length);
    await blocks.flush();
    const stored = extents.reduce((sum, [, length]) => sum + length, 0);
    await bytes.take((headerBytes - (stored % headerBytes)) % headerBytes);
    await checkEnd(bytes);
    await feeding;
    await disks.seal(layerId);
    return { sizeBytes };
  } catch (error) {
    gunzip.destroy();
    if (error instanceof OperationError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof EndOfArchive || code?.startsWith("Z_") || code === "ERR_STREAM_PREMATURE_CLOSE")
      throw notValid();
    throw error;
  }
}

async function layoutOf(header: Buffer, bytes: ByteReader): Promise<{ sizeBytes: number; extents: Extent[] }> {
  checkSum(header);
  const type = String.fromCharCode(header[156] ?? 0);
  // "ustar" and two blanks is GNU's mark; POSIX archives have a zero and a version there.
  if (header.toString("latin1", 257, 265) !== "ustar  \0" || type === "x" || type === "g") {
    throw new OperationError(
      "INVALID_IMAGE_TAR",
      "The tar archive format is not supported. Supported formats are: GNU and OLDGNU.",
    );
  }
  const name = text(header, 0, 100).replace(/^\.\//, "");
  if (name !== "disk.raw") {
    const message = `The file inside the tar archive was named '${name}'. It should be named 'disk.raw'.`;
    throw new OperationError("INVALID_IMAGE_TAR", message);
  }
  const stored = number(header, 124, 12);
  if (type === "0" || type === "\0") return { sizeBytes: stored, extents: [[0, stored]] };
  if (type !== "S") throw notValid();
  const extents = sparseEntries(header, 386, 4);
  for (let more = header[482] !== 0; more; ) {
    const extension = await bytes.take(headerBytes);
    extents.push(...sparseEntries(extension, 0, 21));
    more = extension[504] !== 0;
  }
  return { sizeBytes: number(header, 483, 12), extents };
}

function sparseEntries(block: Buffer, start: number, count: number): Extent[] {
  return Array.from({ length: count }, (_, index): Extent => {
    const at = start + index * 24;
    return [number(block, at, 12), number(block, at + 12, 12)];
  }).filter(([, length]) => length > 0);
}

async function copy(bytes: ByteReader, blocks: BlockWriter, offset: number, length: number): Promise<void> {
  for (let at = offset; at < offset + length; ) {
    const piece = await bytes.some(offset + length - at);
    await blocks.put(at, piece);
    at += piece.length;
  }
}

/** Nothing but zeros follows the one entry. */
async function checkEnd(bytes: ByteReader): Promise<void> {
  for (;;) {
    const rest = await bytes.rest();
    if (!rest) return;
    if (rest.some((byte) => byte !== 0)) throw notValid();
  }
}

function checkSum(header: Buffer): void {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (sum !== number(header, 148, 8)) throw notValid();
}

function text(header: Buffer, at: number, length: number): string {
  return header.toString("utf8", at, at + length).replace(/\0.*$/s, "");
}

/** Octal digits, or from a set top bit on a binary number. */
function number(header: Buffer, at: number, length: number): number {
  const first = header[at] ?? 0;
  if ((first & 0x80) === 0) return Number.parseInt(text(header, at, length).trim() || "0", 8);
  let value = first & 0x7f;
  for (const byte of header.subarray(at + 1, at + length)) value = value * 256 + byte;
  return value;
}

function notValid(): OperationError {
  return new OperationError("INVALID_IMAGE_TAR", "The tar archive is not a valid image.");
}

class EndOfArchive extends Error {}

/** Takes pieces of the wanted length out of a stream. */
class ByteReader {
  readonly #pieces: AsyncIterator<Buffer>;
  #left: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Buffer> {
    const taken = Buffer.alloc(length);
    for (let filled = 0; filled < length; ) filled += (await this.some(length - filled)).copy(taken, filled);
    return taken;
  }

  /** What comes next, at most so much. @throws EndOfArchive */
  async some(atMost: number): Promise<Buffer> {
    if (this.#left.length === 0) this.#left = (await this.#next()) ?? this.#end();
    const piece = this.#left.subarray(0, atMost);
    this.#left = this.#left.subarray(piece.length);
    return piece;
  }

  async rest(): Promise<Buffer | undefined> {
    const piece = this.#left.length > 0 ? this.#left : await this.#next();
    this.#left = Buffer.alloc(0);
    return piece;
  }

  async #next(): Promise<Buffer | undefined> {
    const { value, done } = await this.#pieces.next();
    return done ? undefined : value;
  }

  #end(): never {
    throw new EndOfArchive();
  }
}

const zeros = Buffer.alloc(blockBytes);

/** Collects ascending pieces into blocks; blocks of zeros are left out. */
class BlockWriter {
  readonly #disks: DiskStore;
  readonly #layerId: string;
  #index = -1;
  #block = Buffer.alloc(blockBytes);

  constructor(disks: DiskStore, layerId: string) {
    this.#disks = disks;
    this.#layerId = layerId;
  }

  async put(offset: number, piece: Buffer): Promise<void> {
    for (let done = 0; done < piece.length; ) {
      const index = Math.floor((offset + done) / blockBytes);
      if (index !== this.#index) {
        await this.flush();
        this.#index = index;
      }
      done += piece.copy(this.#block, (offset + done) % blockBytes, done);
    }
  }

  async flush(): Promise<void> {
    const block = this.#block;
    if (this.#index < 0 || block.equals(zeros)) return;
    await this.#disks.putBlock(this.#layerId, this.#index, block, createHash("sha256").update(block).digest());
    this.#block = Buffer.alloc(blockBytes);
  }
}
