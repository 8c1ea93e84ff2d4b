import type { DiskObservation } from "../domain/migration-parts.ts";
import { storageHeadroom } from "../domain/room-check.ts";
import type { SourcePointDisk } from "../providers/provider.ts";
import type { Store } from "../store/index.ts";
import type { DataPlane } from "./deps.ts";

/**
 * Adds what the newest known state of each disk held, where the source says no more of a disk than its size and that is more
 * than there is room for at the target. Elsewhere nobody needs it, and large manifests take a while to be read.
 */
export async function withKnownBytes(
  disks: readonly DiskObservation[],
  inspected: readonly SourcePointDisk[],
  { site, freeBytes, store, transfer }: KnownBytesContext,
): Promise<readonly DiskObservation[]> {
  const most = disks.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0);
  if (freeBytes === undefined || most * storageHeadroom <= freeBytes) return disks;
  return Promise.all(
    disks.map(async (disk) => {
      const source = inspected.find(({ diskId }) => diskId === disk.diskId);
      if (!source?.allocationUnknown) return disk;
      const knownBytes = await heldBytes(source, { site, store, transfer });
      return knownBytes === undefined ? disk : { ...disk, knownBytes };
    }),
  );
}

interface KnownBytesContext {
  /** The source. */
  readonly site: string;
  /** At the target. */
  readonly freeBytes: number | undefined;
  readonly store: Store;
  readonly transfer: Pick<DataPlane, "manifestDataBytes">;
}

async function heldBytes(
  { baselines }: SourcePointDisk,
  { site, store, transfer }: Omit<KnownBytesContext, "freeBytes">,
): Promise<number | undefined> {
  for (const { baselineId } of baselines) {
    const point = await store.points.get(site, baselineId);
    const manifest = point && (await store.checkpoints.state(point.manifestId));
    if (!manifest) continue;
    return transfer.manifestDataBytes(manifest.sizeBytes, store.checkpoints.chunks(manifest.generationId));
  }
  return undefined;
}
