import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { CopyDiskParameters } from "../../domain/migration-parts.ts";
import type { Plan } from "../../domain/plan.ts";
import type { PrepareDiskParameters } from "../../domain/preparation.ts";
import type { ReadPointParameters } from "../../domain/restore-plan.ts";
import { bulkCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import type { Saga } from "../lib/saga.ts";

const bulk = activitiesAtSites(bulkCall);
const undo = activitiesAtSites(undoCall);
const { copyPoint } = proxyActivities<Activities>(bulkCall);

/** A disk of the point, at the site where the VM is restored. */
export interface FetchedDisk {
  readonly diskId: string;
  readonly pointId: string;
  /** That names its hashes. */
  readonly manifestId: string;
  readonly replicaId: string;
  readonly sizeBytes: number;
  readonly encryptionKey?: string | undefined;
  readonly bytesCopied: number;
}

export interface RestorePlace {
  readonly restoreId: string;
  /** Where the point lies. */
  readonly from: string;
  readonly to: string;
  readonly takenAt: string;
  readonly remove: string;
}

/** The disks where they lie, or copied to the site: what is copied goes again when the VM is there, or not to be. */
export async function fetchDisks(plan: Plan, place: RestorePlace, saga: Saga): Promise<FetchedDisk[]> {
  const fetched: FetchedDisk[] = [];
  for (const { action, parameters } of plan.actions) {
    if (action === "read-point") {
      const { pointId, ...disk } = parameters as unknown as ReadPointParameters;
      fetched.push({ ...disk, pointId, manifestId: pointId, bytesCopied: 0 });
    } else if (action === "copy-disk") {
      fetched.push(await fetchDisk(parameters as unknown as CopyDiskParameters & { pointId: string }, place, saga));
    }
  }
  return fetched;
}

async function fetchDisk(
  { pointId, ...planned }: CopyDiskParameters & { readonly pointId: string },
  { restoreId, from, to, remove }: RestorePlace,
  saga: Saga,
): Promise<FetchedDisk> {
  const { diskId, encryptionKey, targetSizeBytes: sizeBytes } = planned;
  const generationId = `${restoreId}-${diskId}`;
  const copy = { ...planned, replicaId: generationId };
  saga.add({
    resource: `${to}/generation/${generationId}`,
    remove,
    undo: () => undo.dropGeneration({ site: to, replicaId: generationId, generationId }),
  });
  const { attempt, bytesCopied } = await copyPoint.executeWithOptions({ summary: `copy ${diskId} to ${to}` }, [
    { restoreId, from, to, pointId, generationId, copy },
  ]);
  await bulk.sealDisk.executeWithOptions({ summary: `seal ${diskId} at ${to}` }, [
    { site: to, replicaId: generationId, generationId, attempt, lineage: generationId, diskId, migrationId: restoreId },
  ]);
  return {
    ...{ diskId, pointId: generationId, manifestId: generationId, replicaId: generationId },
    ...{ sizeBytes, encryptionKey, bytesCopied },
  };
}

/** Every byte of them is read again and held against its hash. */
export async function proveDisks(disks: readonly FetchedDisk[], { to }: RestorePlace): Promise<number> {
  let bytesReread = 0;
  for (const { diskId, pointId, manifestId } of disks) {
    const proof = await bulk.proveDisk.executeWithOptions({ summary: `read ${diskId} again` }, [
      { site: to, pointId, manifestId },
    ]);
    bytesReread += proof.bytesReread;
  }
  return bytesReread;
}

/** The points that clones are made of: those of disks that the plan changes something in are on top of the proven ones. */
export async function prepareDisks(
  plan: Plan,
  disks: readonly FetchedDisk[],
  { restoreId, to, takenAt, remove }: RestorePlace,
  saga: Saga,
): Promise<ReadonlyMap<string, string>> {
  const points = new Map(disks.map(({ diskId, pointId }) => [diskId, pointId]));
  for (const { action, parameters } of plan.actions) {
    if (action !== "prepare-disk") continue;
    const { diskId, changes } = parameters as unknown as PrepareDiskParameters;
    const disk = disks.find((each) => each.diskId === diskId);
    if (!disk) continue;
    const { pointId, replicaId, sizeBytes, encryptionKey } = disk;
    const generationId = `${restoreId}-${diskId}-prepared`;
    saga.add({
      resource: `${to}/generation/${generationId}`,
      remove,
      undo: () => undo.dropGeneration({ site: to, replicaId, generationId }),
    });
    const where = { site: to, migrationId: restoreId, diskId, replicaId, sizeBytes, encryptionKey };
    const prepared = await bulk.prepareDisk.executeWithOptions({ summary: `prepare ${diskId} for ${to}` }, [
      { ...where, pointId, generationId, changes, at: takenAt },
    ]);
    points.set(diskId, prepared.pointId);
  }
  return points;
}
