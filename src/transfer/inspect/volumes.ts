import type { GuestVolume } from "../../domain/guest.ts";
import { identify } from "./content.ts";
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
  if (scan.table === "none") return [await openVolume("the whole disk", disk, 0, false)];
  const volumes: OpenVolume[] = [];
  for (const { number, offsetBytes, sizeBytes, isEsp } of scan.partitions) {
    const bytes = new ByteWindow(disk, offsetBytes, sizeBytes);
    volumes.push(await openVolume(`partition ${number}`, bytes, offsetBytes, isEsp));
  }
  return volumes;
}

async function openVolume(name: string, bytes: Bytes, offsetBytes: number, isEsp: boolean): Promise<OpenVolume> {
  const content = await identify(bytes);
  const { kind, label, uuid } = content ?? {};
  const volume: GuestVolume = { name, offsetBytes, sizeBytes: bytes.sizeBytes, content: kind, label, uuid };
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
