import { closeSync, openSync, writeSync } from "node:fs";
import { NbdLab } from "../../../bench/lib/nbd-lab.ts";
import type { ImageFormat } from "../../../src/transfer/formats/format-names.ts";
import type { RandomAccess } from "../../../src/transfer/formats/image.ts";
import type { BlockSource } from "../../../src/transfer/ports.ts";
import { kib, mib, noise } from "./content.ts";

/** qemu-img's driver and options for what we write. */
export const qemuFormats: Readonly<Record<ImageFormat, { readonly driver: string; readonly options: string[] }>> = {
  raw: { driver: "raw", options: [] },
  qcow2: { driver: "qcow2", options: [] },
  vmdk: { driver: "vmdk", options: ["-o", "subformat=streamOptimized"] },
  "vhd-fixed": { driver: "vpc", options: ["-o", "subformat=fixed,force_size=on"] },
  "vhd-dynamic": { driver: "vpc", options: ["-o", "subformat=dynamic,force_size=on"] },
  vhdx: { driver: "vhdx", options: [] },
};

/** A folder of image files and the real qemu-img to judge them with. */
export class ImageLab extends NbdLab {
  /** A raw disk with these pieces of noise. */
  disk(name: string, sizeBytes: number, pieces: readonly (readonly [offset: number, length: number])[]): string {
    const file = this.raw(name, sizeBytes);
    const handle = openSync(file, "r+");
    for (const [offset, length] of pieces) writeSync(handle, noise(length, offset), 0, length, offset);
    closeSync(handle);
    return file;
  }

  /** The disk as qemu-img writes it. */
  async made(raw: string, driver: string, name: string, options: readonly string[] = []): Promise<string> {
    const file = this.file(name);
    await this.image("convert", "-f", "raw", "-O", driver, ...options, raw, file);
    return file;
  }

  async requireSame(raw: string, file: string, driver: string): Promise<void> {
    await this.image("compare", "-f", "raw", "-F", driver, raw, file);
  }
}

/** Places where formats change units or tables: clusters, blocks, grain tables of 32 MiB, L2 tables of 512 MiB. */
export const spreadSize = 1100 * mib + 5 * 512;
export const spreadPieces = [
  [0, 300 * kib],
  [2 * mib - 4 * kib, 8 * kib],
  [31 * mib + 700 * kib, 800 * kib],
  [200 * mib + 512, 64 * kib],
  [512 * mib - 64 * kib, 128 * kib],
  [700 * mib, 3 * mib],
  [1100 * mib - 5 * kib, 5 * kib + 5 * 512],
] as const;

/** A file in memory that fails the test when it is read outside. */
export class MemoryFile implements RandomAccess {
  readonly name = "image";
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get sizeBytes(): number {
    return this.#bytes.byteLength;
  }

  async read(at: number, target: Uint8Array): Promise<void> {
    if (!Number.isSafeInteger(at) || at < 0 || at + target.byteLength > this.sizeBytes) {
      throw new RangeError(`${target.byteLength} bytes at ${at} of a file of ${this.sizeBytes} were asked for`);
    }
    target.set(this.#bytes.subarray(at, at + target.byteLength));
  }

  async dataRanges(): Promise<undefined> {
    return undefined;
  }

  async close(): Promise<void> {}
}

/** The whole disk: zeros where the extents say so, which is checked to be true. */
export async function contentOf(source: BlockSource, stepBytes: number = mib): Promise<Buffer> {
  const content = Buffer.alloc(source.sizeBytes);
  for (let offset = 0; offset < source.sizeBytes; offset += stepBytes) {
    await source.read(offset, content.subarray(offset, Math.min(offset + stepBytes, source.sizeBytes)));
  }
  let end = 0;
  for await (const { offset, length, kind } of source.extents({})) {
    if (offset !== end || length <= 0)
      throw new Error(`An extent begins at ${offset} where the last one ended at ${end}`);
    end = offset + length;
    if (kind === "zero" && !isZero(content.subarray(offset, end))) {
      throw new Error(`What is called zeros at ${offset} isn't`);
    }
  }
  if (end !== source.sizeBytes) throw new Error(`The extents end at ${end} of ${source.sizeBytes}`);
  return content;
}

function isZero(bytes: Buffer): boolean {
  return bytes.byteLength === 0 || (bytes[0] === 0 && bytes.subarray(1).equals(bytes.subarray(0, -1)));
}
