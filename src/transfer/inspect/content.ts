import type { ContentKind } from "../../domain/guest.ts";
import type { Bytes } from "./disk-bytes.ts";
import { printable } from "./text.ts";

export interface Content {
  readonly kind: ContentKind;
  readonly label?: string;
  readonly uuid?: string;
}

interface Mark {
  readonly kind: ContentKind;
  readonly at: number;
  readonly magic: Buffer;
  /** More of the superblock: false when the mark stood there by chance. */
  readonly describe?: (bytes: Bytes) => Promise<Omit<Content, "kind"> | { readonly kind: ContentKind } | undefined>;
}

const raidMagic = Buffer.from("fc4e2ba9", "hex");

const marks: readonly Mark[] = [
  // Containers first: what is inside of them may show through at an offset of its own.
  { kind: "luks", at: 0, magic: Buffer.from("LUKS\xba\xbe", "latin1") },
  { kind: "lvm2", at: 512 + 24, magic: Buffer.from("LVM2 001") },
  { kind: "md-raid", at: 4096, magic: raidMagic },
  { kind: "xfs", at: 0, magic: Buffer.from("XFSB"), describe: (bytes) => named(bytes, 32, 108, 12) },
  {
    kind: "btrfs",
    at: 0x10040,
    magic: Buffer.from("_BHRfS_M"),
    describe: (bytes) => named(bytes, 0x10020, 0x1012b, 256),
  },
  { kind: "ext4", at: 1024 + 0x38, magic: Buffer.from("53ef", "hex"), describe: describeExt },
  { kind: "ntfs", at: 3, magic: Buffer.from("NTFS    ") },
  { kind: "fat", at: 82, magic: Buffer.from("FAT32"), describe: (bytes) => fatSerial(bytes, 67, 71) },
  { kind: "fat", at: 54, magic: Buffer.from("FAT1"), describe: (bytes) => fatSerial(bytes, 39, 43) },
  { kind: "swap", at: 4086, magic: Buffer.from("SWAPSPACE2"), describe: (bytes) => named(bytes, 1036, 1052, 16) },
  { kind: "iso9660", at: 0x8001, magic: Buffer.from("CD001") },
];

/** What the bytes hold, told by their superblock; undefined when nothing we know is there. */
export async function identify(bytes: Bytes): Promise<Content | undefined> {
  for (const { kind, at, magic, describe } of marks) {
    if (at + magic.length > bytes.sizeBytes) continue;
    if (!(await bytes.read(at, magic.length)).equals(magic)) continue;
    if (!describe) return { kind };
    const more = await describe(bytes);
    if (more) return { kind, ...more };
  }
  return undefined;
}

/**
 * Where the record of a Linux RAID (md) is that stands behind what it holds, in its formats 1.0 and 0.90; undefined when there
 * is none. What stands before it looks like a file system of its own, and is one half of a mirror.
 */
export async function raidRecordAt(bytes: Bytes): Promise<number | undefined> {
  const { sizeBytes } = bytes;
  const places = [Math.floor((sizeBytes - 8192) / 4096) * 4096, Math.floor(sizeBytes / 65_536) * 65_536 - 65_536];
  for (const at of places) {
    if (at >= 0 && (await bytes.read(at, raidMagic.length)).equals(raidMagic)) return at;
  }
  return undefined;
}

async function named(bytes: Bytes, uuidAt: number, labelAt: number, labelBytes: number) {
  if (labelAt + labelBytes > bytes.sizeBytes) return undefined;
  const uuid = dashed(await bytes.read(uuidAt, 16));
  return { uuid, label: text(await bytes.read(labelAt, labelBytes)) };
}

async function describeExt(bytes: Bytes) {
  if (bytes.sizeBytes < 2048) return undefined;
  const block = await bytes.read(1024, 1024);
  const [journal, extents] = [(block.readUInt32LE(0x5c) & 0x4) !== 0, (block.readUInt32LE(0x60) & 0x2c0) !== 0];
  const kind: ContentKind = extents ? "ext4" : journal ? "ext3" : "ext2";
  return { kind, uuid: dashed(block.subarray(0x68, 0x78)), label: text(block.subarray(0x78, 0x88)) };
}

async function fatSerial(bytes: Bytes, serialAt: number, labelAt: number) {
  const sector = await bytes.read(0, 512);
  if (sector.readUInt16LE(510) !== 0xaa55) return undefined;
  const hex = sector.readUInt32LE(serialAt).toString(16).toUpperCase().padStart(8, "0");
  const label = text(sector.subarray(labelAt, labelAt + 11));
  return { uuid: `${hex.slice(0, 4)}-${hex.slice(4)}`, label: label === "NO NAME" ? undefined : label };
}

function dashed(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function text(bytes: Buffer): string | undefined {
  const end = bytes.indexOf(0);
  const label = printable(bytes.toString("utf8", 0, end < 0 ? bytes.length : end));
  return label === "" ? undefined : label;
}
