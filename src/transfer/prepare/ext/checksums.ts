import { addToCrc32c } from "../../crc32c.ts";

/** Of the features that only writers have to know (kernel: Documentation/filesystems/ext4, "ro_compat"). */
const groupChecksums = 0x10;
const metadataChecksums = 0x400;
const checksumSeedStored = 0x2000;

const crc16Table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xa001 : value >>> 1;
  return value;
});

function addToCrc16(register: number, bytes: Uint8Array): number {
  let crc = register;
  for (const byte of bytes) crc = (crc16Table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return crc;
}

export function littleEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

/** The checksums of a file system's records: CRC-32C of everything, CRC-16 of group descriptors, or none. */
export class ExtChecksums {
  readonly #kind: "all" | "groups" | "none";
  readonly #seed: number;
  readonly #uuid: Buffer;

  constructor(superblock: Buffer) {
    const forWriters = superblock.readUInt32LE(0x64);
    this.#uuid = Buffer.from(superblock.subarray(0x68, 0x78));
    this.#kind = forWriters & metadataChecksums ? "all" : forWriters & groupChecksums ? "groups" : "none";
    const stored = (superblock.readUInt32LE(0x60) & checksumSeedStored) !== 0;
    this.#seed = stored ? superblock.readUInt32LE(0x270) : addToCrc32c(0xffffffff, this.#uuid);
  }

  /** Whether blocks of folders and extent trees end with one. */
  get inBlocks(): boolean {
    return this.#kind === "all";
  }

  /** What a file's own records are summed from. */
  ofFile(inode: number, generation: number): number {
    return addToCrc32c(addToCrc32c(this.#seed, littleEndian(inode)), littleEndian(generation));
  }

  superblock(block: Buffer): void {
    if (this.#kind === "all") block.writeUInt32LE(addToCrc32c(0xffffffff, block.subarray(0, 0x3fc)), 0x3fc);
  }

  descriptor(group: number, descriptor: Buffer): void {
    const [before, after] = [descriptor.subarray(0, 0x1e), descriptor.subarray(0x20)];
    if (this.#kind === "all") {
      const start = addToCrc32c(this.#seed, littleEndian(group));
      const sum = addToCrc32c(addToCrc32c(addToCrc32c(start, before), Buffer.alloc(2)), after);
      descriptor.writeUInt16LE(sum & 0xffff, 0x1e);
    } else if (this.#kind === "groups") {
      const start = addToCrc16(addToCrc16(0xffff, this.#uuid), littleEndian(group));
      descriptor.writeUInt16LE(addToCrc16(addToCrc16(start, before), after), 0x1e);
    }
  }

  /** Of a bitmap, into its group's descriptor. */
  bitmap(kind: "blocks" | "inodes", bitmap: Buffer, descriptor: Buffer): void {
    if (this.#kind !== "all") return;
    const sum = addToCrc32c(this.#seed, bitmap);
    const [low, high] = kind === "blocks" ? [0x18, 0x38] : [0x1a, 0x3a];
    descriptor.writeUInt16LE(sum & 0xffff, low);
    if (descriptor.length >= high + 2) descriptor.writeUInt16LE(sum >>> 16, high);
  }

  inode(number: number, raw: Buffer): void {
    if (this.#kind !== "all") return;
    raw.writeUInt16LE(0, 0x7c);
    const hasHigh = raw.length > 128 && raw.readUInt16LE(0x80) >= 4;
    if (hasHigh) raw.writeUInt16LE(0, 0x82);
    const sum = addToCrc32c(this.ofFile(number, raw.readUInt32LE(0x64)), raw);
    raw.writeUInt16LE(sum & 0xffff, 0x7c);
    if (hasHigh) raw.writeUInt16LE(sum >>> 16, 0x82);
  }

  /** Of a block that ends with its checksum at `at`. */
  block(ofFile: number, block: Buffer, at: number, covered = at): void {
    if (this.#kind === "all") block.writeUInt32LE(addToCrc32c(ofFile, block.subarray(0, covered)), at);
  }
}
