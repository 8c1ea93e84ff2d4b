// Long because the activities of a protection group are one list.
import { ProviderError } from "../domain/errors.ts";
import {
  type CompletePoint,
  diskLineage,
  type GroupPoint,
  type GroupPointDisk,
  type GroupPointKind,
  type GroupPointVm,
  generationOf,
  type PointToVerify,
  replicaOf,
} from "../domain/group-point.ts";
import {
  type CopiedGroupDisk,
  type DiskToCopy,
  type FrozenGroup,
  type FrozenMember,
  type GenerationToDrop,
  type MemberToFreeze,
  momentOf,
  weakestConsistency,
} from "../domain/group-round.ts";
import type { CopyDiskParameters, CreateVmParameters, VerifyParameters } from "../domain/migration-parts.ts";
import { actionParameters } from "../domain/migration-plan.ts";
import type { PrepareDiskParameters } from "../domain/preparation.ts";
import {
  type Direction,
  type GroupState,
  lagOf,
  type ProtectedVm,
  type ProtectionGroup,
  replicates,
} from "../domain/protection.ts";
import { roundIntervalSeconds } from "../domain/protection-policy.ts";
import { recoverySeconds } from "../domain/recovery-time.ts";
import { increments, plannedBaselines } from "../domain/replica-base.ts";
import { pointsToRemove } from "../domain/retention.ts";
import { suspect } from "../domain/suspicion.ts";
import type { ActivityDeps } from "./deps.ts";

/** As many rounds before one say what is usual. */
const comparedRounds = 20;

/** A round that was opened. */
export interface OpenedPoint {
  readonly pointId: string;
  readonly sequence: number;
  readonly from: string;
  readonly to: string;
  readonly members: readonly MemberToFreeze[];
  /** Those that have no plan for this direction, by position. */
  readonly unplanned: readonly number[];
}

/** A VM that a group left at a site where it served before. */
export interface LeftVm {
  readonly position: number;
  readonly vmId: string;
  /** Of its disks, in their order: the point that was filed of it when it stopped; empty where there is none. */
  readonly points: readonly string[];
}

/** What is left of a point that is offered no more. */
export interface PointToClean {
  readonly pointId: string;
  readonly sequence: number;
  readonly from: string;
  readonly to: string;
  readonly generations: readonly GenerationToDrop[];
  /** It was never complete: what it took at the protected site is let go of, too. */
  readonly unfinished: boolean;
}

/** Records of protected groups and of their points. */
export function protectionActivities({ store }: Pick<ActivityDeps, "store">) {
  return {
    /** The run is there. */
    async beginProtection(input: { groupId: string }): Promise<void> {
      await store.protection.markStarted(input.groupId);
    },

    async becomeGroup(input: {
      groupId: string;
      from: readonly GroupState[];
      to: GroupState;
      message: string;
      epoch?: number;
      direction?: Direction;
    }): Promise<boolean> {
      const { groupId, ...change } = input;
      return store.protection.become(groupId, change);
    },

    /** A paused group is what it was before. */
    async resumeGroup(input: { groupId: string }): Promise<void> {
      const { groupId, replicatesTo } = await known(input.groupId);
      const newest = replicatesTo === undefined ? [] : await store.groupPoints.newest(groupId, replicatesTo, 1);
      const to = newest.length > 0 ? "protected" : "initial";
      await store.protection.become(groupId, { from: ["paused"], to, message: "Recovery points are made again" });
    },

    async noteProtection(
      input: Parameters<ActivityDeps["store"]["protection"]["appendEvent"]>[1] & { groupId: string },
    ) {
      const { groupId, ...event } = input;
      await store.protection.appendEvent(groupId, event);
    },

    /** What a member's plan says of bringing it up. */
    async memberParts(input: { planId: string }): Promise<{
      create: CreateVmParameters;
      verify: VerifyParameters;
      preparations: PrepareDiskParameters[];
    }> {
      const plan = await store.plans.get(input.planId);
      if (!plan) throw unknownPlan(input.planId);
      const preparations = plan.actions.filter(({ action }) => action === "prepare-disk");
      return {
        create: actionParameters<CreateVmParameters>(plan, "create-vm"),
        verify: actionParameters<VerifyParameters>(plan, "verify-vm"),
        preparations: preparations.map(({ parameters }) => parameters as unknown as PrepareDiskParameters),
      };
    },

    /** Registers the round's point before anything is done for it. */
    async openPoint(input: {
      groupId: string;
      kind: GroupPointKind;
      epoch: number;
      failoverId?: string | undefined;
    }): Promise<OpenedPoint> {
      const { groupId, kind, epoch, failoverId } = input;
      const { currentSite: from, replicatesTo: to, members } = await known(groupId);
      if (to === undefined) throw notReplicated(groupId);
      const opened = await store.groupPoints.open(groupId, {
        kind,
        epoch,
        from,
        to,
        ...(failoverId === undefined ? {} : { failoverId }),
      });
      const [newest] = await store.groupPoints.newest(groupId, to, 1);
      const added = members.filter(({ position }) => !newest?.vms.some((vm) => vm.position === position));
      const copiesOf = await plannedCopies(added);
      const wanted = members.map(({ position, vmId, planVersion, planId }): MemberToFreeze[] => {
        if (planId === undefined || planVersion === undefined) return [];
        const earlier = newest?.vms.find((vm) => vm.position === position);
        const since = earlier
          ? Object.fromEntries(earlier.disks.map(({ diskId }) => [diskId, `${earlier.sourcePointId}/${diskId}`]))
          : plannedBaselines(copiesOf(planId));
        return [{ position, vmId, planVersion, since }];
      });
      const unplanned = members.flatMap(({ position, planId }) => (planId === undefined ? [position] : []));
      return { ...opened, from, to, members: wanted.flat(), unplanned };
    },

    /** Files what was frozen, and says what is to be copied: the differences to the newest point, where there is one. */
    async noteFrozen(input: {
      pointId: string;
      frozen: FrozenGroup["frozen"];
      together: boolean;
    }): Promise<DiskToCopy[]> {
      const { pointId, frozen, together } = input;
      const { groupId, sequence, to, kind } = await knownPoint(pointId);
      const { members } = await known(groupId);
      const [newest] = await store.groupPoints.newest(groupId, to, 1);
      const copiesOf = await plannedCopies(members);
      const disks: DiskToCopy[] = [];
      const vms: GroupPointVm[] = [];
      for (const member of frozen) {
        const { position, sourcePointId, takenAt, consistency } = member;
        const planned = members.find((each) => each.position === position);
        if (planned?.planId === undefined) continue;
        const earlier = newest?.vms.find((vm) => vm.position === position);
        const own = copiesOf(planned.planId);
        const copies = await Promise.all(
          own.map(async (copy, index) => {
            const replicaId = replicaOf(groupId, position, copy.diskId);
            const base =
              earlier || copy.base ? undefined : await baseLeftBehind({ groupId, position, index, to }, copy);
            return { ...copy, ...base, replicaId };
          }),
        );
        const moves = increments(copies, earlier, member).map((copy) => ({
          position,
          sourcePointId,
          generationId: generationOf(groupId, position, copy.diskId, sequence),
          copy,
          // What a failover has stopped is filed as it is.
          ...(kind !== "final" && sharable(copy, earlier) ? { sharesUnchanged: true as const } : {}),
        }));
        const kept = moves.map(({ copy }) => unchangedDisk(copy, earlier, member));
        disks.push(...moves.filter((_, index) => kept[index] === undefined));
        const { name, vmId, planId } = planned as ProtectedVm & { planId: string };
        const told = { position, name, vmId, planId, sourcePointId, takenAt };
        vms.push({
          ...told,
          ...(consistency ? { consistency } : {}),
          disks: moves.map((move, index) => kept[index] ?? unmoved(move)),
        });
      }
      const consistency = weakestConsistency(frozen);
      const moment = { ...momentOf(frozen), together };
      await store.groupPoints.noteFrozen(pointId, { ...moment, vms, ...(consistency ? { consistency } : {}) });
      return disks;
    },

    /** Offers the point from now on; returns the source points that nothing needs any more. */
    async completePoint(input: {
      pointId: string;
      failoverId?: string | undefined;
      copied: readonly CopiedGroupDisk[];
      proven: readonly { readonly generationId: string; readonly bytesReread: number }[];
      holds: boolean;
    }): Promise<{ release: string[]; takenAt: string }> {
      const { pointId, failoverId, copied, proven, holds } = input;
      const point = await knownPoint(pointId);
      const { groupId, to, sequence, takenAt = "", consistency } = point;
      const [before] = (await store.groupPoints.newest(groupId, to, 2)).filter((each) => each.pointId !== pointId);
      const vms = point.vms.map((vm) => ({
        ...vm,
        disks: vm.disks.map((disk) => moved(vm.position, disk, copied, proven)),
      }));
      const bytesCopied = copied.reduce((sum, disk) => sum + disk.bytesCopied, 0);
      const entropy = meanEntropy(copied);
      const facts = { takenAt, bytesCopied, ...(entropy === undefined ? {} : { entropy }) };
      const increments = await store.groupPoints.earlierIncrements(pointId, comparedRounds);
      const totalBytes = vms.reduce((sum, { disks }) => disks.reduce((all, { sizeBytes }) => all + sizeBytes, sum), 0);
      // What is moved at first is all there is.
      const suspicion = before ? suspect(facts, increments, totalBytes) : undefined;
      await store.groupPoints.complete(pointId, {
        vms,
        bytesCopied,
        ...(entropy === undefined ? {} : { entropy }),
        ...(suspicion ? { suspicion } : {}),
        ...(failoverId === undefined ? {} : { failoverId }),
      });
      const group = await known(groupId);
      if (failoverId === undefined && (group.state === "initial" || group.state === "re-protecting")) {
        const message = `Recovery point ${sequence} is complete: the group is protected at ${to}`;
        await store.protection.become(groupId, { from: ["initial", "re-protecting"], to: "protected", message });
      }
      if (group.policy.consistency === "application" && consistency?.level === "crash") {
        const message = `Point ${sequence} is crash-consistent only, and application consistency is asked for: ${consistency.why}`;
        await store.protection.appendEvent(groupId, { type: "breach", message, dedupeKey: `consistency/${pointId}` });
      }
      await tellSlow(group, point);
      const own = vms.map(({ sourcePointId }) => sourcePointId);
      const earlier = before?.vms.map(({ sourcePointId }) => sourcePointId) ?? [];
      return { takenAt, release: (holds ? earlier : own).filter((id) => !holds || !own.includes(id)) };
    },

    async endPoint(input: {
      pointId: string;
      state: "incomplete" | "corrupt";
      reason: string;
      /** Whether the group's story tells of it. */
      tell?: boolean;
    }): Promise<void> {
      const { pointId, state, reason, tell } = input;
      const { groupId, sequence } = await knownPoint(pointId);
      if (state === "corrupt") await store.groupPoints.spoil(pointId, reason);
      else await store.groupPoints.end(pointId, state, reason, ["copying"]);
      if (!tell) return;
      const message = `Point ${sequence} is ${state}: ${reason}`;
      const type = state === "corrupt" ? "corrupt" : "point";
      await store.protection.appendEvent(groupId, {
        type,
        message,
        data: { pointId, state },
        dedupeKey: `end/${pointId}`,
      });
    },

    /** When the next round is due, and when the newest point will be older than the policy allows. Tells, once each, that it
     *  is, and that it is not any more. */
    async judgeGroup(input: { groupId: string }): Promise<{ dueInMs: number; breachInMs?: number }> {
      const group = await known(input.groupId);
      const { groupId, policy, replicatesTo: to } = group;
      if (to === undefined || !replicates(group.state)) return { dueInMs: 0 };
      const now = Date.now();
      const [newest] = await store.groupPoints.newest(groupId, to, 1);
      // One from before a failover there and back says nothing of what is written now.
      const isOurs = newest?.epoch === group.epoch;
      const begun = isOurs ? Date.parse(newest.createdAt) + roundIntervalSeconds(policy) * 1000 : now;
      const dueInMs = Math.max(0, begun - now);
      const { breached, lagSeconds } = lagOf(group, newest, now);
      if (!breached) {
        await tellKept(groupId, lagSeconds);
        const since = Date.parse(newest?.takenAt ?? group.createdAt);
        return { dueInMs, breachInMs: since + policy.rpoSeconds * 1000 - now + 1 };
      }
      const age =
        lagSeconds === undefined
          ? "there is no complete point yet"
          : `the newest point is ${Math.ceil(lagSeconds)} s old`;
      await store.protection.appendEvent(groupId, {
        type: "breach",
        message: `The RPO of ${policy.rpoSeconds} s is not kept: ${age}`,
        data: { rpoSeconds: policy.rpoSeconds, ...(lagSeconds === undefined ? {} : { lagSeconds }) },
        dedupeKey: `breach/${newest?.pointId ?? "none"}`,
      });
      return { dueInMs };
    },

    /** The newest point, when its turn to be read again has come; at once, when a newer one was found to be spoilt. */
    async pointToVerify(input: { groupId: string }): Promise<PointToVerify | undefined> {
      const { groupId, policy, replicatesTo: site } = await known(input.groupId);
      if (site === undefined) return undefined;
      const [newest] = await store.groupPoints.newest(groupId, site, 1);
      if (!newest || newest.verifiedAt !== undefined) return undefined;
      const { pointId, sequence } = newest;
      const { since, spoilt } = await store.groupPoints.lastVerified(groupId, site);
      const due = spoilt > sequence || Date.now() - Date.parse(since) >= policy.verifyIntervalSeconds * 1000;
      const generationIds = generationsOf(newest).map(({ generationId }) => generationId);
      return due ? { pointId, sequence, site, generationIds } : undefined;
    },

    async pointVerified(input: { pointId: string }): Promise<void> {
      await store.groupPoints.note(input.pointId, { verifiedAt: new Date().toISOString() });
    },

    /** Takes out of the catalogue's offers what the policy keeps no longer. */
    async applyRetention(input: { groupId: string }): Promise<{ removed: number }> {
      const { groupId, policy } = await known(input.groupId);
      await store.groupPoints.expireCorrupt(groupId, policy.retention.maxAgeSeconds);
      const complete = await store.groupPoints.completed(groupId);
      const removals = pointsToRemove(complete, policy.retention, Date.now());
      for (const { pointId, reason } of removals) await store.groupPoints.end(pointId, "expired", reason, ["complete"]);
      return { removed: removals.length };
    },

    /** All points of a group that is deleted; returns the sites that may hold something for it. */
    async expireAll(input: { groupId: string }): Promise<{ sites: string[] }> {
      const { groupId, currentSite, replicatesTo, policy } = await known(input.groupId);
      await store.groupPoints.endAll(groupId, "its group is deleted");
      const sites = [currentSite, policy.primarySite, policy.recoverySite, ...(replicatesTo ? [replicatesTo] : [])];
      return { sites: [...new Set(sites)] };
    },

    /** The VMs that a group left at a site where it served before, as its newest point from there knew them. */
    async leftAt(input: { groupId: string; site: string }): Promise<readonly LeftVm[]> {
      const { groupId, site } = input;
      const newest = await store.groupPoints.newestFrom(groupId, site);
      const points = (await store.points.filedBy(groupId, "adopted")).filter((point) => point.site === site);
      return (newest?.vms ?? []).map(({ position, vmId, disks }) => ({
        position,
        vmId,
        points: disks.map((_, index) => {
          const lineage = diskLineage(groupId, position, index);
          return points.findLast((point) => point.lineage === lineage)?.pointId ?? "";
        }),
      }));
    },

    /** Points that were filed of what a group left behind. */
    async pointsLeft(input: { groupId: string }): Promise<readonly { site: string; pointId: string }[]> {
      const points = await store.points.filedBy(input.groupId, "adopted");
      return points.map(({ site, pointId }) => ({ site, pointId }));
    },

    /** The next point whose bytes are to go, with those of its generations that no other point has. */
    async nextToClean(input: { groupId: string }): Promise<PointToClean | undefined> {
      const [point] = await store.groupPoints.toClean(input.groupId, 1);
      if (!point) return undefined;
      const { pointId, sequence, from, to, state } = point;
      const all = generationsOf(point);
      const gone = new Set(
        await store.groupPoints.unshared(
          pointId,
          all.map(({ generationId }) => generationId),
        ),
      );
      const generations = all.filter(({ generationId }) => gone.has(generationId));
      return { pointId, sequence, from, to, generations, unfinished: state === "incomplete" };
    },

    async pointCleaned(input: { pointId: string }): Promise<void> {
      await store.groupPoints.markRemoved(input.pointId);
    },
  };

  /** Once for each pair of sites, as often as the prediction is another one. */
  async function tellSlow(
    { groupId, policy: { rtoSeconds } }: ProtectionGroup,
    { from, to }: Pick<GroupPoint, "from" | "to">,
  ): Promise<void> {
    const predicted = recoverySeconds(await store.migrations.stepSamples(from, to));
    if (predicted === undefined || predicted <= rtoSeconds) return;
    const seconds = Math.ceil(predicted);
    const message = `The RTO of ${rtoSeconds} s is not kept: bringing a VM up at ${to} took ${seconds} s lately`;
    const data = { predictedRtoSeconds: predicted };
    await store.protection.appendEvent(groupId, { type: "breach", message, data, dedupeKey: `rto/${to}/${seconds}` });
  }

  async function tellKept(groupId: string, lagSeconds: number | undefined): Promise<void> {
    const [last] = (await store.protection.events(groupId, { limit: 50 })).items.filter(
      ({ type, data }) => type === "kept" || (type === "breach" && data.rpoSeconds !== undefined),
    );
    if (last?.type !== "breach") return;
    const message = `The RPO is kept again: the newest point is ${Math.ceil(lagSeconds ?? 0)} s old`;
    await store.protection.appendEvent(groupId, { type: "kept", message, dedupeKey: `kept/${last.sequence}` });
  }

  /** What the group left at a site where it served: only what differs from that has to be moved back. */
  async function baseLeftBehind(
    { groupId, position, index, to }: { groupId: string; position: number; index: number; to: string },
    { targetSizeBytes }: CopyDiskParameters,
  ): Promise<Pick<CopyDiskParameters, "base" | "tracking"> | undefined> {
    for (const point of await store.points.findByLineage(to, diskLineage(groupId, position, index), "adopted")) {
      const manifest = await store.checkpoints.state(point.manifestId);
      if (manifest?.sizeBytes !== targetSizeBytes || point.sizeBytes > targetSizeBytes) continue;
      const { pointId: parentPointId, manifestId: parentManifestId } = point;
      return { tracking: "hash-compare", base: { baselineId: parentPointId, parentPointId, parentManifestId } };
    }
    return undefined;
  }

  /** What plans of members say of copying their disks, read at once. */
  async function plannedCopies(
    members: readonly Pick<ProtectedVm, "planId">[],
  ): Promise<(planId: string) => CopyDiskParameters[]> {
    const planIds = members.flatMap(({ planId }) => planId ?? []);
    const found = await store.plans.parametersOf<CopyDiskParameters>(planIds, "copy-disk");
    return (planId) => found.get(planId) ?? [];
  }

  async function known(groupId: string): Promise<ProtectionGroup> {
    const group = await store.protection.get(groupId);
    if (group) return group;
    throw new ProviderError("NotFound", {
      operation: "look at a group",
      resource: `protection-group/${groupId}`,
      reason: "there is no such group",
      action: "List them with novacron protection list.",
    });
  }

  async function knownPoint(pointId: string): Promise<GroupPoint> {
    const point = await store.groupPoints.get(pointId);
    if (point) return point;
    throw new ProviderError("NotFound", {
      operation: "look at a recovery point",
      resource: `group-point/${pointId}`,
      reason: "it is not in the catalogue",
      action: "See novacron protection points.",
    });
  }
}

/** The disk of the newest point, as long as it is to be kept in the same way: where nothing was written since, it is what it was
 *  there. */
function sharable(
  { diskId, replicaId, targetSizeBytes, encryptionKey }: CopyDiskParameters,
  earlier: GroupPointVm | undefined,
): GroupPointDisk | undefined {
  const disk = earlier?.disks.find((each) => each.diskId === diskId);
  if (!disk?.rootHash) return undefined;
  const same = disk.replicaId === replicaId && disk.sizeBytes === targetSizeBytes;
  return same && disk.encryptionKey === encryptionKey ? disk : undefined;
}

/** Where the site could tell beforehand. */
function unchangedDisk(
  copy: CopyDiskParameters,
  earlier: GroupPointVm | undefined,
  frozen: FrozenMember,
): GroupPointDisk | undefined {
  const { diskId } = copy;
  const disk = sharable(copy, earlier);
  const { unchangedSince, baselines = [] } = frozen.disks.find((each) => each.diskId === diskId) ?? {};
  const since = `${earlier?.sourcePointId}/${diskId}`;
  if (!disk || unchangedSince !== since) return undefined;
  const tracking = baselines.find(({ baselineId }) => baselineId === since)?.tracking ?? "changed-blocks";
  const { entropy: _, ...same } = disk;
  return { ...same, tracking, bytesCopied: 0, bytesReread: 0 };
}

function unmoved({ generationId, copy }: DiskToCopy): GroupPointDisk {
  const { diskId, replicaId, targetSizeBytes: sizeBytes, tracking, encryptionKey } = copy;
  const key = encryptionKey === undefined ? {} : { encryptionKey };
  const nothing = { rootHash: "", bytesCopied: 0, bytesReread: 0 };
  return { diskId, generationId, replicaId, sizeBytes, ...key, tracking, ...nothing };
}

function moved(
  position: number,
  disk: GroupPointDisk,
  copied: readonly CopiedGroupDisk[],
  proven: readonly { readonly generationId: string; readonly bytesReread: number }[],
): GroupPointDisk {
  const found = copied.find((each) => each.position === position && each.diskId === disk.diskId);
  if (!found) return disk;
  const { generationId, rootHash, bytesCopied, tracking, entropy } = found;
  const bytesReread = proven.find((each) => each.generationId === generationId)?.bytesReread ?? 0;
  return {
    ...disk,
    generationId,
    rootHash,
    bytesCopied,
    bytesReread,
    tracking,
    ...(entropy === undefined ? {} : { entropy }),
  };
}

/** Weighed by how much of it there was. */
function meanEntropy(copied: readonly CopiedGroupDisk[]): number | undefined {
  const measured = copied.flatMap(({ entropy, bytesCopied }) =>
    entropy === undefined ? [] : [{ entropy, bytesCopied }],
  );
  const bytes = measured.reduce((sum, each) => sum + each.bytesCopied, 0);
  return bytes === 0 ? undefined : measured.reduce((sum, each) => sum + each.entropy * each.bytesCopied, 0) / bytes;
}

function generationsOf({ vms }: Pick<CompletePoint, "vms">): GenerationToDrop[] {
  return vms.flatMap(({ disks }) => disks.map(({ replicaId, generationId }) => ({ replicaId, generationId })));
}

function unknownPlan(planId: string): ProviderError {
  return new ProviderError("NotFound", {
    operation: "recover a VM",
    resource: `plan/${planId}`,
    reason: "its plan is not in the store",
    action: "Recover from a newer point.",
  });
}

function notReplicated(groupId: string): ProviderError {
  return new ProviderError("Conflict", {
    operation: "make a recovery point",
    resource: `protection-group/${groupId}`,
    reason: "it is not replicated anywhere now",
    action: "Protect it again with novacron protection reprotect.",
  });
}
