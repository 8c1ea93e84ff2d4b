import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { diskLineage } from "../../domain/group-point.ts";
import type { ProtectionGroup } from "../../domain/protection.ts";
import { bulkCall, rowCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";

const bulk = activitiesAtSites(bulkCall);
const { leftAt } = proxyActivities<Activities>(rowCall);

/**
 * Makes what a group left at a site the base of replicating it back there, so that only differences are moved. What still runs
 * of it is fenced and stopped first. A site that is not back yet is waited for.
 */
export async function readyToReturn(
  { groupId, epoch }: Pick<ProtectionGroup, "groupId" | "epoch">,
  site: string,
): Promise<void> {
  const left = await leftAt({ groupId, site });
  if (left.length === 0) return;
  const returned = await bulk.fenceReturned.executeWithOptions({ summary: `fence what is left at ${site}` }, [
    { site, groupId, epoch, vmIds: left.map(({ vmId }) => vmId) },
  ]);
  for (const { vmId, sourcePointId, disks } of returned) {
    const { position, points } = left.find((each) => each.vmId === vmId) ?? { position: 0, points: [] };
    for (const [index, { diskId, sizeBytes }] of disks.entries()) {
      const lineage = diskLineage(groupId, position, index);
      const manifestId = `${groupId}-m${position}-disk-${index}-e${epoch}`;
      await bulk.fingerprintDisk.executeWithOptions({ summary: `read what ${diskId} of ${vmId} holds` }, [
        { site, groupId, sourcePointId, diskId, sizeBytes, lineage, manifestId, known: points[index] ?? "" },
      ]);
    }
  }
  await bulk.releaseGroup.executeWithOptions({ summary: `let go of ${returned.length} source point(s)` }, [
    { site, groupId, sourcePointIds: returned.map(({ sourcePointId }) => sourcePointId) },
  ]);
}
