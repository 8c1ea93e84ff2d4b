import type { PreparedDisk } from "../../domain/preparation.ts";
import { bulkCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import type { Saga } from "../lib/saga.ts";
import type { CopiedDisk } from "./cutover.ts";
import type { PlannedMove } from "./planned-move.ts";

const bulk = activitiesAtSites(bulkCall);
const undo = activitiesAtSites(undoCall);

/** Carries the plan's changes out, each disk's as a generation on top of its proven point. */
export async function prepareGuest(
  { migrationId, to, preparations }: PlannedMove,
  takenAt: string,
  copied: readonly Pick<CopiedDisk, "copy" | "generationId">[],
  saga: Saga,
): Promise<PreparedDisk[]> {
  const prepared: PreparedDisk[] = [];
  for (const { diskId, changes } of preparations) {
    const disk = copied.find(({ copy }) => copy.diskId === diskId);
    if (!disk) continue;
    const { replicaId, targetSizeBytes: sizeBytes, encryptionKey } = disk.copy;
    const generationId = `${disk.generationId}-prepared`;
    saga.add({
      resource: `${to}/generation/${generationId}`,
      remove: `novacron migrations rollback ${migrationId}`,
      undo: () => undo.dropGeneration({ site: to, replicaId, generationId }),
    });
    const where = { site: to, migrationId, diskId, replicaId, sizeBytes, encryptionKey };
    prepared.push(
      await bulk.prepareDisk.executeWithOptions({ summary: `prepare ${diskId} for ${to}` }, [
        { ...where, pointId: disk.generationId, generationId, changes, at: takenAt },
      ]),
    );
  }
  return prepared;
}

/** The point that a disk's clone is made of. */
export function pointOf({ copy, generationId }: CopiedDisk, prepared: readonly PreparedDisk[]): string {
  return prepared.find(({ diskId }) => diskId === copy.diskId)?.pointId ?? generationId;
}

/** Bootable clones of the points, in their order. */
export async function materialise(
  { migrationId, to, create }: PlannedMove,
  pointIds: readonly string[],
  saga: Saga,
): Promise<string[]> {
  const volumes: string[] = [];
  for (const [index, pointId] of pointIds.entries()) {
    const type = create.disks[index]?.type;
    const key = `${pointId}-volume`;
    saga.add({
      resource: `${to}/volume/${key}`,
      remove: `novacron migrations rollback ${migrationId}`,
      undo: () => undo.removeByKey({ site: to, kind: "volume", key }),
    });
    volumes.push(
      await bulk.materialiseDisk.executeWithOptions({ summary: `clone ${pointId}` }, [
        { site: to, pointId, key, migrationId, ...(type === undefined ? {} : { type }) },
      ]),
    );
  }
  return volumes;
}
