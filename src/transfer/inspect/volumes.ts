import type { GuestVolume } from "../../domain/guest.ts";
import { identify, raidRecordAt } from "./content.ts";
import { type Bytes, ByteWindow, Unreadable } from "./disk-bytes.ts";
import { ExtTree } from "./ext/index.ts";
import { FatTree } from "./fat.ts";
import { FileSystem } from "./file-tree.ts";
import type { PartitionScan } from "./partitions.ts";

/** A stretch of the disk with its files, where they can be read. */
export interface OpenVolume {
  readonly volume: GuestVolume;
  readonly isEsp: boolean;
  readonly files?: FileSystem;
  /** Why its files cannot be read; absent when they can. */
  readonly reason?: string;
  /** It was in use when it was read, or was not closed in order. */
  readonly inUse: boolean;
}

/** Everything on the disk that may hold files, in the order it lies there. */
export async function openVolumes(disk: Bytes, scan: PartitionScan): Promise<OpenVolume[]> {
  const isMember = await isRaidMember(disk, scan);
  if (scan.table === "none") {
    return [await openVolume(disk, { name: "the whole disk", offsetBytes: 0, isEsp: false }, isMember)];
  }
  const volumes: OpenVolume[] = [];
  for (const { number, offsetBytes, sizeBytes, isEsp } of scan.partitions) {
    const bytes = new ByteWindow(disk, offsetBytes, sizeBytes);
    const place = { name: `partition ${number}`, offsetBytes, isEsp };
    volumes.push(await openVolume(bytes, place, isMember || (await raidRecordAt(bytes)) !== undefined));
  }
  return volumes;
}

/** Whether the disk as a whole is one of a Linux RAID: then the record of that stands behind its partitions. */
export async function isRaidMember(disk: Bytes, { partitions }: PartitionScan): Promise<boolean> {
  const at = await raidRecordAt(disk);
  return at !== undefined && partitions.every(({ offsetBytes, sizeBytes }) => offsetBytes + sizeBytes <= at);
}

interface VolumePlace {
  readonly name: string;
  readonly offsetBytes: number;
  readonly isEsp: boolean;
}

/** `isMember`: of a RAID. What such a volume shows is read all the same. */
async function openVolume(
  bytes: Bytes,
  { name, offsetBytes, isEsp }: VolumePlace,
  isMember: boolean,
): Promise<OpenVolume> {
  const { kind, label, uuid } = (await identify(bytes)) ?? {};
  const content = isMember ? "md-raid" : kind;
  const volume: GuestVolume = { name, offsetBytes, sizeBytes: bytes.sizeBytes, content, label, uuid };
  const closed = { volume, isEsp, inUse: false };
  try {
    switch (kind) {
      case "ext2":
      case "ext3":
      case "ext4": {
        const tree = await ExtTree.open(bytes);
        return { ...closed, files: new FileSystem(tree), inUse: tree.inUse };
      }
      case "fat":
        return { ...closed, files: new FileSystem(await FatTree.open(bytes)) };
      case undefined:
        return { ...closed, reason: "nothing known is on it" };
      case "luks":
        return { ...closed, reason: "it is encrypted" };
      default:
        return { ...closed, reason: `${kind} is not read here` };
    }
  } catch (error) {
    if (error instanceof Unreadable) return { ...closed, reason: error.message };
    throw error;
  }
}
