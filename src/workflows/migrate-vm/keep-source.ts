import type { ReplicaRound } from "../../domain/warm.ts";
import { siteCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import type { Saga } from "../lib/saga.ts";
import type { CopiedDisk } from "./cutover.ts";
import type { PlannedMove } from "./planned-move.ts";

const site = activitiesAtSites(siteCall);
const undo = activitiesAtSites(undoCall);

/**
 * Files what the source held, so that later moves need only differences: the disks of a fenced source become recovery
 * points for a way back; a source that runs on tells the changes since to the next copy, as long as the target keeps its
 * points of this one.
 */
export async function keepSource(
  { migrationId, from, fences }: PlannedMove,
  { sourcePointId, takenAt }: { readonly sourcePointId: string; readonly takenAt: string },
  copied: readonly Pick<CopiedDisk, "copy" | "generationId">[],
  saga: Saga,
): Promise<void> {
  const remove = `novacron migrations rollback ${migrationId}`;
  for (const { generationId, copy } of copied) {
    const { diskId, replicaId: lineage } = copy;
    const disk = { site: from, sourcePointId, diskId, lineage, manifestId: generationId, migrationId };
    if (fences) {
      const resource = `${from}/recovery-point of ${diskId}`;
      saga.add({ resource, remove, undo: () => undo.forgetAdopted({ site: from, manifestId: generationId }) });
      await site.adoptPoint.executeWithOptions({ summary: `keep ${diskId} as a point at ${from}` }, [disk]);
    } else {
      const resource = `${from}/baseline of ${diskId}`;
      saga.add({ resource, remove, undo: () => undo.forgetSource({ site: from, sourcePointId, diskId }) });
      await site.fileSource.executeWithOptions({ summary: `note what ${diskId} held at ${from}` }, [
        { ...disk, takenAt },
      ]);
    }
  }
}

/** What the changes are wanted since, by disk: the newest round's point, else what the plan counts on. */
export function wantedBaselines(
  { copies }: PlannedMove,
  newest: Pick<ReplicaRound, "sourcePointId"> | undefined,
): Readonly<Record<string, string>> {
  const wanted = copies.flatMap(({ diskId, base }): [string, string][] => {
    const baselineId = newest ? `${newest.sourcePointId}/${diskId}` : base?.baselineId;
    return baselineId === undefined ? [] : [[diskId, baselineId]];
  });
  return Object.fromEntries(wanted);
}
