import { CancellationScope, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { diskLineage, type GroupPointKind } from "../../domain/group-point.ts";
import type { CopiedGroupDisk, DiskToCopy } from "../../domain/group-round.ts";
import type { ProtectionGroup } from "../../domain/protection.ts";
import { bulkCall, rowCall, siteCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import { describeFailure } from "../lib/failure.ts";

const site = activitiesAtSites(siteCall);
const bulk = activitiesAtSites(bulkCall);
const leases = proxyActivities<Activities>(siteCall);
const { openPoint, noteFrozen, completePoint, endPoint } = proxyActivities<Activities>(rowCall);

/** Disks that one call moves: a group of two hundred small VMs takes a few dozen calls, and none is lost for long when its
 *  worker dies. */
const disksPerCall = 8;

export interface WantedPoint {
  readonly kind: GroupPointKind;
  /** Of the failover whose final round it is. */
  readonly failoverId?: string;
  /** Told as soon as it has a name. */
  readonly onOpen?: (pointId: string) => void;
}

export interface MadePoint {
  readonly pointId: string;
  readonly takenAt: string;
}

/** Why there is no point: VMs of the group are not what their plans say, and have to be planned anew. */
export interface Unplanned {
  readonly unplanned: readonly number[];
}

/**
 * One round of a protection group: freeze all its VMs, move what changed, seal and prove it at the other site, and offer it as
 * a recovery point. A round that fails leaves a point that is never offered, whose bytes are cleaned away later; the next one
 * builds on the newest that is complete.
 */
export async function makePoint(
  { groupId, epoch }: Pick<ProtectionGroup, "groupId" | "epoch">,
  { kind, failoverId, onOpen }: WantedPoint,
): Promise<MadePoint | Unplanned> {
  const opened = await openPoint({ groupId, kind, epoch, failoverId });
  const { pointId, sequence, from, to, members, unplanned } = opened;
  onOpen?.(pointId);
  try {
    if (unplanned.length > 0) {
      await endPoint({ pointId, state: "incomplete", reason: "VMs of the group are not planned yet" });
      return { unplanned };
    }
    // The last round of a failover is made by what holds the group, which sees to the lease itself.
    const hold = () => (kind === "final" ? undefined : holdLease(groupId, { from, to, epoch, pointId }));
    await hold();
    const { frozen, unfrozen, together, holds } = await bulk.freezeGroup.executeWithOptions(
      { summary: `freeze ${members.length} VM(s) at ${from}` },
      [{ site: from, groupId, sequence, stopped: kind === "final", members }],
    );
    if (unfrozen.length > 0) {
      const reason = unfrozen.map((member) => member.reason).join("; ");
      const changed = unfrozen.flatMap(({ position, problem }) => (problem === "changed" ? [position] : []));
      await endPoint({ pointId, state: "incomplete", reason, tell: changed.length < unfrozen.length });
      return { unplanned: changed.length > 0 ? changed : unfrozen.map(({ position }) => position) };
    }
    const disks = await noteFrozen({ pointId, frozen, together });
    const { copied, proven } = await moveDisks(groupId, { from, to }, disks);
    await hold();
    const { takenAt, release } = await completePoint({ pointId, failoverId, copied, proven, holds });
    if (kind === "final") await keepStopped(groupId, from, disks);
    await site.releaseGroup.executeWithOptions({ summary: `let go of ${release.length} source point(s)` }, [
      { site: from, groupId, sourcePointIds: release },
    ]);
    return { pointId, takenAt };
  } catch (error) {
    const { message } = describeFailure(error);
    await CancellationScope.nonCancellable(() =>
      endPoint({ pointId, state: "incomplete", reason: message, tell: true }),
    );
    throw error;
  }
}

/** Refused is what a site that may not write as the group any more has written since, whatever control plane asks. */
async function holdLease(
  groupId: string,
  { from, to, epoch, pointId }: { from: string; to: string; epoch: number; pointId: string },
): Promise<void> {
  const input = { groupId, at: to, site: from, epoch, key: pointId };
  await leases.holdLease.executeWithOptions({ summary: `ask ${to} whether ${from} may write` }, [input]);
}

async function moveDisks(
  groupId: string,
  { from, to }: { readonly from: string; readonly to: string },
  disks: readonly DiskToCopy[],
): Promise<{ copied: CopiedGroupDisk[]; proven: { generationId: string; bytesReread: number }[] }> {
  const copied: CopiedGroupDisk[] = [];
  const proven: { generationId: string; bytesReread: number }[] = [];
  // One call after the other: each moves several disks at once.
  for (let at = 0; at < disks.length; at += disksPerCall) {
    const chunk = disks.slice(at, at + disksPerCall);
    const done = await bulk.copyGroupDisks.executeWithOptions({ summary: `copy ${chunk.length} disk(s) to ${to}` }, [
      { from, to, groupId, disks: chunk },
    ]);
    copied.push(...done);
    const toSettle = chunk.flatMap(({ position, generationId, copy: { diskId, replicaId, base } }) => {
      // One that nothing changed in has the generation of the point before.
      const own = done.find((each) => each.position === position && each.generationId === generationId);
      return own ? [{ replicaId, generationId, diskId, attempt: own.attempt, built: base !== undefined }] : [];
    });
    if (toSettle.length === 0) continue;
    const settled = await bulk.settleGroupDisks.executeWithOptions(
      { summary: `seal and prove ${toSettle.length} disk(s) at ${to}` },
      [{ site: to, groupId, disks: toSettle }],
    );
    proven.push(...settled);
  }
  return { copied, proven };
}

/** What the stopped VMs hold becomes points at their own site, so that a way back moves only differences. */
async function keepStopped(groupId: string, from: string, disks: readonly DiskToCopy[]): Promise<void> {
  const seen = new Map<number, number>();
  for (const { position, sourcePointId, generationId: manifestId, copy } of disks) {
    const { diskId } = copy;
    const index = seen.get(position) ?? 0;
    seen.set(position, index + 1);
    const lineage = diskLineage(groupId, position, index);
    await site.adoptPoint.executeWithOptions({ summary: `keep ${lineage} as a point at ${from}` }, [
      { site: from, sourcePointId, diskId, lineage, manifestId, migrationId: groupId },
    ]);
  }
}
