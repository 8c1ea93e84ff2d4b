import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { GroupPointVm } from "../../domain/group-point.ts";
import type { CreateVmParameters, VerifyParameters } from "../../domain/migration-parts.ts";
import { bulkCall, rowCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import type { Saga } from "../lib/saga.ts";

const bulk = activitiesAtSites(bulkCall);
const undo = activitiesAtSites(undoCall);
const { memberParts } = proxyActivities<Activities>(rowCall);

export interface ClonedVm {
  /** In the order of the disks that are created. */
  readonly volumes: readonly string[];
  readonly create: CreateVmParameters;
  readonly verify: VerifyParameters;
}

/** Bootable clones of one VM's disks in a group's point, its guest prepared for the site where its plan says so. The point itself
 *  is only read. `key` tells this use of it from others; repeating it finds what is there. */
export async function cloneVm(
  { site, groupId, key, vm }: { site: string; groupId: string; key: string; vm: GroupPointVm },
  saga: Saga,
): Promise<ClonedVm> {
  const { create, verify, preparations } = await memberParts({ planId: vm.planId });
  const remove = `novacron protection show ${groupId}`;
  const volumes: string[] = [];
  for (const { diskId, type } of create.disks) {
    const disk = vm.disks.find((each) => each.diskId === diskId);
    if (!disk) continue;
    const { replicaId, sizeBytes, encryptionKey } = disk;
    let pointId = disk.generationId;
    const changes = preparations.find((each) => each.diskId === diskId)?.changes;
    if (changes) {
      const generationId = `${key}-${diskId}-prepared`;
      saga.add({
        resource: `${site}/generation/${generationId}`,
        remove,
        undo: () => undo.dropGeneration({ site, replicaId, generationId }),
      });
      const where = { site, migrationId: groupId, diskId, replicaId, sizeBytes, encryptionKey };
      const prepared = await bulk.prepareDisk.executeWithOptions({ summary: `prepare ${diskId} of ${vm.name}` }, [
        { ...where, pointId, generationId, changes, at: vm.takenAt },
      ]);
      pointId = prepared.pointId;
    }
    const volumeKey = `${key}-${diskId}-volume`;
    saga.add({
      resource: `${site}/volume/${volumeKey}`,
      remove,
      undo: () => undo.removeByKey({ site, kind: "volume", key: volumeKey }),
    });
    volumes.push(
      await bulk.materialiseDisk.executeWithOptions({ summary: `clone ${diskId} of ${vm.name}` }, [
        { site, pointId, key: volumeKey, ...(type === undefined ? {} : { type }) },
      ]),
    );
  }
  return { volumes, create, verify };
}
