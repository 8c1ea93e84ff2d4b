import { randomBytes } from "node:crypto";
import type { Document, Documents, Table } from "../documents.ts";
import type { GuestRunner } from "../guests/guest-runner.ts";
import type { DiskStore } from "./disk-store.ts";

/** What a simulated cloud knows of a disk, as far as its bytes go. */
export interface LayeredDisk extends Document {
  /** What is written now. */
  readonly layerId: string;
  /** While a point is taken: what is written after it. */
  readonly nextLayerId?: string | undefined;
}

export interface DiskParts<T extends LayeredDisk> {
  readonly disks: DiskStore;
  readonly guests: Pick<GuestRunner, "isRunning" | "layers" | "switchLayers">;
  readonly documents: Documents;
  readonly table: Table<T>;
  /** The guest that may be writing it. */
  readonly guestOf: (disk: T) => string | undefined;
}

/** QEMU names block nodes by it: at most 31 characters. */
export function newLayerId(): string {
  return `ly-0${randomBytes(8).toString("hex")}`;
}

/**
 * Freezes several disks at one moment and lets `record` write down, in the same write, what was frozen: its disk's
 * `layerId`. Of a running guest's disks the moment is as that of a power cut; the guest goes on at once in new layers.
 */
export async function takePoint<T extends LayeredDisk, R>(
  { disks, guests, documents, table, guestOf }: DiskParts<T>,
  wanted: readonly T[],
  record: (disk: T) => R,
): Promise<R[]> {
  const next = wanted.map((disk) => ({ disk, layerId: newLayerId() }));
  for (const { disk, layerId } of next) {
    await disks.createOverlay(layerId, disks.sizeBytes(disk.layerId), disk.layerId);
    set(table, disk.id, { nextLayerId: layerId });
  }
  const byGuest = Map.groupBy(next, ({ disk }) => guestOf(disk));
  try {
    for (const [guestId, group] of byGuest) {
      if (guestId === undefined || !guests.isRunning(guestId)) continue;
      const switches = group.map(({ disk, layerId }) => ({ diskId: disk.id, layerId, path: disks.path(layerId) }));
      await guests.switchLayers(guestId, switches);
    }
  } catch (error) {
    for (const { disk } of next) set(table, disk.id, { nextLayerId: undefined });
    throw error;
  }
  return documents.together(() =>
    next.map(({ disk, layerId }) => {
      disks.freeze(disk.layerId);
      set(table, disk.id, { layerId, nextLayerId: undefined });
      return record(disk);
    }),
  );
}

/** Ends what a killed process had begun: a switch of layers that QEMU may or may not have made. */
export async function reconcilePoints<T extends LayeredDisk>(parts: DiskParts<T>): Promise<void> {
  const { disks, guests, table, guestOf } = parts;
  for (const disk of table.where(({ nextLayerId }) => nextLayerId !== undefined)) {
    const guestId = guestOf(disk);
    const live = guestId !== undefined && guests.isRunning(guestId) ? await guests.layers(guestId) : undefined;
    if (disk.nextLayerId !== undefined && live?.get(disk.id) === disk.nextLayerId) {
      disks.freeze(disk.layerId);
      set(table, disk.id, { layerId: disk.nextLayerId, nextLayerId: undefined });
    } else {
      set(table, disk.id, { nextLayerId: undefined });
    }
  }
}

function set<T extends LayeredDisk>(table: Table<T>, id: string, fields: Partial<LayeredDisk>): void {
  table.change(id, fields as Partial<T>);
}
