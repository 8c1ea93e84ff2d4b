import { crc32 } from "node:zlib";
import type { PartitionTable } from "../../domain/guest.ts";
import { type Bytes, OutOfTime, Unreadable } from "./disk-bytes.ts";

export interface Partition {
  readonly number: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** EFI system partition. */
  readonly isEsp: boolean;
  /** BIOS code may start from it. */
  readonly active: boolean;
}

export interface PartitionScan {
  readonly table: PartitionTable;
  readonly partitions: readonly Partition[];
  readonly notes: readonly string[];
}

const mbrSectorBytes = 512;
const extendedTypes = new Set([0x05, 0x0f, 0x85]);
const protectiveType = 0xee;
const espType = 0xef;
const espGuid = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
/** UEFI 2.10, 5.3.3: "legacy BIOS bootable". */
const legacyBootable = 1n << 2n;
const maxLogical = 128;
const maxEntries = 1024;

/** The partitions of a disk: MBR with its logical ones, or GPT, from the copy at the end when the first is damaged. */
export async function readPartitions(disk: Bytes): Promise<PartitionScan> {
  if (disk.sizeBytes < 2 * mbrSectorBytes) return { table: "none", partitions: [], notes: [] };
  const sector = await disk.read(0, mbrSectorBytes);
  const entries = mbrEntries(sector);
  if (!entries) return { table: "none", partitions: [], notes: [] };
  if (entries.some(({ type }) => type === protectiveType)) return readGpt(disk);
  const partitions: Partition[] = [];
  for (const [index, entry] of entries.entries()) {
    if (entry.type === 0) continue;
    if (extendedTypes.has(entry.type)) partitions.push(...(await readLogical(disk, entry.start)));
    else partitions.push(fromMbr(index + 1, entry, 0));
  }
  return { table: "mbr", partitions: partitions.filter(({ offsetBytes }) => offsetBytes < disk.sizeBytes), notes: [] };
}

interface MbrEntry {
  readonly active: boolean;
  readonly type: number;
  readonly start: number;
  readonly sectors: number;
}

/** Undefined when it is no partition table: the first sector of a file system ends with the same signature. */
function mbrEntries(sector: Buffer): readonly MbrEntry[] | undefined {
  if (sector.readUInt16LE(510) !== 0xaa55) return undefined;
  const entries = [446, 462, 478, 494].map((at) => ({
    status: sector.readUInt8(at),
    active: sector.readUInt8(at) === 0x80,
    type: sector.readUInt8(at + 4),
    start: sector.readUInt32LE(at + 8),
    sectors: sector.readUInt32LE(at + 12),
  }));
  const used = entries.filter(({ type }) => type !== 0);
  const sound = used.every(({ status, start, sectors }) => (status & 0x7f) === 0 && start > 0 && sectors > 0);
  return used.length > 0 && sound ? entries : undefined;
}

function fromMbr(number: number, entry: MbrEntry, base: number): Partition {
  return {
    number,
    offsetBytes: (base + entry.start) * mbrSectorBytes,
    sizeBytes: entry.sectors * mbrSectorBytes,
    isEsp: entry.type === espType,
    active: entry.active,
  };
}

/** Each sector of the chain names one partition and the next sector, both from other bases. */
async function readLogical(disk: Bytes, extendedStart: number): Promise<Partition[]> {
  const found: Partition[] = [];
  const seen = new Set<number>();
  for (let at = extendedStart; found.length < maxLogical; ) {
    if (seen.has(at) || (at + 1) * mbrSectorBytes > disk.sizeBytes) return found;
    seen.add(at);
    const entries = mbrEntries(await disk.read(at * mbrSectorBytes, mbrSectorBytes));
    const [own, next] = entries ?? [];
    if (own && own.type !== 0 && !extendedTypes.has(own.type)) found.push(fromMbr(5 + found.length, own, at));
    if (!next || !extendedTypes.has(next.type)) return found;
    at = extendedStart + next.start;
  }
  return found;
}

async function readGpt(disk: Bytes): Promise<PartitionScan> {
  const notes: string[] = [];
  for (const sectorBytes of [512, 4096]) {
    const last = Math.floor(disk.sizeBytes / sectorBytes) - 1;
    for (const [which, lba] of [
      ["first", 1],
      ["backup", last],
    ] as const) {
      const partitions = await readGptAt(disk, lba, sectorBytes).catch(noteUnreadable);
      if (!partitions) continue;
      if (which === "backup")
        notes.push("the partition table at the start of the disk is damaged; its backup was used");
      return { table: "gpt", partitions, notes };
    }
  }
  return { table: "gpt", partitions: [], notes: ["both copies of its GUID partition table are damaged"] };
}

async function readGptAt(disk: Bytes, lba: number, sectorBytes: number): Promise<Partition[] | undefined> {
  const header = await disk.read(lba * sectorBytes, 512);
  if (header.toString("latin1", 0, 8) !== "EFI PART") return undefined;
  const headerBytes = header.readUInt32LE(12);
  if (headerBytes < 92 || headerBytes > 512) return undefined;
  const zeroed = Buffer.from(header.subarray(0, headerBytes));
  zeroed.writeUInt32LE(0, 16);
  if (crc32(zeroed) !== header.readUInt32LE(16)) return undefined;
  const [count, entryBytes] = [header.readUInt32LE(80), header.readUInt32LE(84)];
  if (count > maxEntries || entryBytes < 128 || entryBytes > 4096) return undefined;
  const table = await disk.read(Number(header.readBigUInt64LE(72)) * sectorBytes, count * entryBytes);
  if (crc32(table) !== header.readUInt32LE(88)) return undefined;
  const partitions: Partition[] = [];
  for (let index = 0; index < count; index++) {
    const entry = table.subarray(index * entryBytes, (index + 1) * entryBytes);
    const type = guid(entry);
    const [first, last] = [Number(entry.readBigUInt64LE(32)), Number(entry.readBigUInt64LE(40))];
    if (/^[0-]+$/.test(type) || last < first || (last + 1) * sectorBytes > disk.sizeBytes) continue;
    partitions.push({
      number: index + 1,
      offsetBytes: first * sectorBytes,
      sizeBytes: (last - first + 1) * sectorBytes,
      isEsp: type === espGuid,
      active: (entry.readBigUInt64LE(48) & legacyBootable) !== 0n,
    });
  }
  return partitions;
}

/** The first three fields are little-endian. */
function guid(bytes: Buffer): string {
  const hex = [bytes.readUInt32LE(0), bytes.readUInt16LE(4), bytes.readUInt16LE(6)].map((part, index) =>
    part.toString(16).padStart(index === 0 ? 8 : 4, "0"),
  );
  return [...hex, bytes.toString("hex", 8, 10), bytes.toString("hex", 10, 16)].join("-");
}

/** A copy of a table that points outside of the disk is as good as none; any other failure goes on. */
function noteUnreadable(error: unknown): undefined {
  if (error instanceof Unreadable && !(error instanceof OutOfTime)) return undefined;
  throw error;
}

/**
 * Whether a BIOS finds something to start: GRUB's first stage with the sector it loads, or code in the first sector
 * that hands over to an active partition which has code of its own.
 */
export async function startsFromBios(disk: Bytes, partitions: readonly Partition[]): Promise<boolean> {
  if (disk.sizeBytes < mbrSectorBytes) return false;
  const sector = await disk.read(0, mbrSectorBytes);
  if (sector.readUInt16LE(510) !== 0xaa55 || sector.subarray(0, 440).every((byte) => byte === 0)) return false;
  if (sector.includes("GRUB", 0, "latin1") && sector.indexOf("GRUB", 0, "latin1") < 440) {
    // GRUB 2's boot.img: the sector that its core image starts at.
    const core = Number(sector.readBigUInt64LE(0x5c)) * mbrSectorBytes;
    if (core <= 0 || core + mbrSectorBytes > disk.sizeBytes) return false;
    return (await disk.read(core, mbrSectorBytes)).some((byte) => byte !== 0);
  }
  for (const { active, offsetBytes } of partitions) {
    if (!active || offsetBytes + mbrSectorBytes > disk.sizeBytes) continue;
    const first = await disk.read(offsetBytes, mbrSectorBytes);
    if (first.readUInt16LE(510) === 0xaa55 && first.subarray(0, 440).some((byte) => byte !== 0)) return true;
  }
  return false;
}
