import { ProviderError } from "../../../domain/errors.ts";
import { codecPool, giveScratch, takeScratch } from "../codec-pool.ts";
import type { Chunk, ImageWriter, Write } from "../image-writer.ts";
import type { ImageIdentity } from "../layout.ts";
import { requireFits, roundUp } from "../sizes.ts";
import { atEnd, markerType, noParent, vmdkFlag, vmdkMagic, vmdkSectorBytes } from "./header.ts";

const grainBytes = 64 * 1024;
const tableEntries = 512;
const tableBytes = tableEntries * 4;
/** Disk bytes that one grain table maps. */
const coverage = grainBytes * tableEntries;
const descriptorAt = 1;
const descriptorSectors = 20;
/** Grains begin at a multiple of their size, as in VMware's own files. */
const firstGrainAt = grainBytes;
/** Places are sectors in 32 bits. */
const mostFileBytes = 2 ** 32 * vmdkSectorBytes;
/** What incompressible bytes grow by: deflate's stored blocks, the marker and the padding. */
const growthBytes = 1024;

interface Packed {
  readonly offset: number;
  readonly grains: readonly number[];
  readonly at: readonly number[];
  readonly bytes: number;
  readonly buffer: SharedArrayBuffer;
}

/**
 * Writes streamOptimized: grains compressed in threads, laid down in the disk's order with each grain table behind its
 * grains, the directory and the footer at the end.
 */
export class VmdkStreamWriter implements ImageWriter<Packed> {
  readonly #sizeBytes: number;
  readonly #name: string;
  readonly #identity: ImageIdentity;
  readonly #directory: Uint32Array;
  #cursor = firstGrainAt;
  #table: Uint32Array | undefined;
  #tableIndex = 0;

  constructor(options: { name: string; sizeBytes: number; identity: ImageIdentity }) {
    requireFits("vmdk", options.sizeBytes, mostFileBytes);
    this.#name = options.name;
    this.#sizeBytes = options.sizeBytes;
    this.#identity = options.identity;
    this.#directory = new Uint32Array(Math.ceil(options.sizeBytes / coverage));
  }

  get objectBytes(): number {
    return this.#cursor;
  }

  async prepare({ offset, bytes, buffer, runs }: Chunk): Promise<Packed> {
    // Grains are compressed whole, so what lies between the runs and behind the disk's end has to be zeros indeed.
    const whole = new Uint8Array(buffer, 0, roundUp(bytes.byteLength, grainBytes));
    for (let index = 0; index <= runs.length; index += 2)
      whole.fill(0, runs[index - 1] ?? 0, runs[index] ?? whole.byteLength);
    const grains: number[] = [];
    for (let index = 0; index < runs.length; index += 2) {
      const last = Math.ceil((runs[index + 1] ?? 0) / grainBytes);
      for (let grain = Math.floor((runs[index] ?? 0) / grainBytes); grain < last; grain++) {
        if (grain > (grains.at(-1) ?? -1)) grains.push(grain);
      }
    }
    const output = takeScratch(grains.length * (grainBytes + growthBytes));
    const result = await codecPool().run({
      kind: "pack",
      input: buffer,
      output,
      grains: grains.map((grain) => ({
        from: grain * grainBytes,
        length: grainBytes,
        sector: (offset + grain * grainBytes) / vmdkSectorBytes,
      })),
    });
    if (result.kind !== "packed") throw new TypeError("The codec unpacked where it should pack.");
    return { offset, grains, at: result.at, bytes: result.bytes, buffer: output };
  }

  place({ offset, grains, at, bytes, buffer }: Packed): Write[] {
    const writes: Write[] = [];
    const index = Math.floor(offset / coverage);
    if (index !== this.#tableIndex) writes.push(...this.#endTable());
    this.#tableIndex = index;
    this.#table ??= new Uint32Array(tableEntries);
    for (const [order, grain] of grains.entries()) {
      const place = (this.#cursor + (at[order] ?? 0)) / vmdkSectorBytes;
      this.#table[(offset - index * coverage) / grainBytes + grain] = place;
    }
    writes.push(this.#append(new Uint8Array(buffer, 0, bytes)));
    return writes;
  }

  written({ buffer }: Packed): void {
    giveScratch(buffer);
  }

  *finish(): Generator<Write> {
    yield* this.#endTable();
    const directory = Buffer.alloc(roundUp(Math.max(1, this.#directory.byteLength), vmdkSectorBytes));
    for (const [index, sector] of this.#directory.entries()) directory.writeUInt32LE(sector, index * 4);
    yield this.#append(marker(directory.byteLength, markerType.grainDirectory));
    const directoryAt = this.#cursor;
    yield this.#append(directory);
    yield this.#append(marker(vmdkSectorBytes, markerType.footer));
    yield this.#append(this.#header(BigInt(directoryAt / vmdkSectorBytes)));
    yield this.#append(marker(0, markerType.endOfStream));
    yield { at: descriptorAt * vmdkSectorBytes, bytes: this.#descriptor() };
    yield { at: 0, bytes: this.#header(atEnd) };
  }

  /** The table of the grains so far, behind them. */
  *#endTable(): Generator<Write> {
    if (!this.#table) return;
    const table = Buffer.alloc(tableBytes);
    for (const [index, sector] of this.#table.entries()) table.writeUInt32LE(sector, index * 4);
    this.#table = undefined;
    yield this.#append(marker(tableBytes, markerType.grainTable));
    this.#directory[this.#tableIndex] = this.#cursor / vmdkSectorBytes;
    yield this.#append(table);
  }

  #append(bytes: Uint8Array): Write {
    const write = { at: this.#cursor, bytes };
    this.#cursor += bytes.byteLength;
    if (this.#cursor > mostFileBytes) throw tooLarge(this.#name);
    return write;
  }

  #header(directoryAt: bigint): Buffer {
    const bytes = Buffer.alloc(vmdkSectorBytes);
    bytes.write(vmdkMagic, 0, "latin1");
    bytes.writeUInt32LE(3, 4);
    bytes.writeUInt32LE(vmdkFlag.newlineTest | vmdkFlag.compressed | vmdkFlag.markers, 8);
    bytes.writeBigUInt64LE(BigInt(Math.ceil(this.#sizeBytes / vmdkSectorBytes)), 12);
    bytes.writeBigUInt64LE(BigInt(grainBytes / vmdkSectorBytes), 20);
    bytes.writeBigUInt64LE(BigInt(descriptorAt), 28);
    bytes.writeBigUInt64LE(BigInt(descriptorSectors), 36);
    bytes.writeUInt32LE(tableEntries, 44);
    bytes.writeBigUInt64LE(directoryAt, 56);
    bytes.writeBigUInt64LE(BigInt(firstGrainAt / vmdkSectorBytes), 64);
    bytes.write("\n \r\n", 73, "latin1");
    bytes.writeUInt16LE(1, 77);
    return bytes;
  }

  #descriptor(): Buffer {
    const sectors = Math.ceil(this.#sizeBytes / vmdkSectorBytes);
    const cylinders = Math.min(16_383, Math.floor(sectors / (16 * 63)));
    const text = [
      "# Disk DescriptorFile",
      "version=1",
      `CID=${this.#identity.id.slice(0, 8)}`,
      `parentCID=${noParent}`,
      'createType="streamOptimized"',
      "",
      "# Extent description",
      `RW ${sectors} SPARSE "${this.#name.replaceAll(/[^\w.-]/g, "_").slice(-64)}"`,
      "",
      "# The Disk Data Base",
      "#DDB",
      "",
      'ddb.adapterType = "lsilogic"',
      `ddb.geometry.cylinders = "${cylinders}"`,
      'ddb.geometry.heads = "16"',
      'ddb.geometry.sectors = "63"',
      'ddb.virtualHWVersion = "7"',
      "",
    ].join("\n");
    return Buffer.concat([Buffer.from(text, "latin1")], descriptorSectors * vmdkSectorBytes);
  }
}

/** A sector that says what follows it, and how many sectors long that is. */
function marker(bytes: number, type: number): Buffer {
  const sector = Buffer.alloc(vmdkSectorBytes);
  sector.writeBigUInt64LE(BigInt(bytes / vmdkSectorBytes), 0);
  sector.writeUInt32LE(type, 12);
  return sector;
}

function tooLarge(name: string): ProviderError {
  return new ProviderError("InvalidInput", {
    operation: "write the image",
    resource: name,
    reason: "it grows beyond the 2 TiB that VMDK can address",
    action: "Choose another format: qcow2 and vhdx hold more.",
  });
}
