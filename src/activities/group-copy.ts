import { Context } from "@temporalio/activity";
import { isProviderError } from "../domain/errors.ts";
import type {
  CopiedGroupDisk,
  DiskToCopy,
  FrozenGroup,
  FrozenMember,
  GenerationToDrop,
  MemberToFreeze,
  UnfrozenMember,
} from "../domain/group-round.ts";
import { tagKeys, type Vm, vmVersion } from "../domain/vm.ts";
import type { DisksFacet, PointToTake } from "../providers/provider.ts";
import type { SiteDeps } from "./deps.ts";
import type { DiskMoves } from "./disk-moves.ts";
import { goneIsFine } from "./gone.ts";
import { setHeartbeatDetails } from "./heartbeat.ts";
import { type PointSince, unchangedDisks } from "./unchanged-disks.ts";

/** Disks that one call moves at the same time. */
const disksAtOnce = 4;

interface FreezeInput {
  readonly site: string;
  readonly groupId: string;
  readonly sequence: number;
  /** Of a planned failover: only VMs that are off. */
  readonly stopped: boolean;
  readonly members: readonly MemberToFreeze[];
}

interface MemberPoint {
  readonly position: number;
  readonly point: PointToTake;
}

interface TakenPoint extends PointSince {
  readonly position: number;
}

/** The steps of a protection group's round that need a site. */
export function groupCopyActivities({ registry, store }: SiteDeps, moves: DiskMoves) {
  return {
    /** Takes a point of each VM, all of them begun at once. What is not as its plan knew it, or fails for good, is told. A
     *  repeat finds the points that there are. */
    async freezeGroup(input: FreezeInput): Promise<FrozenGroup> {
      const signal = Context.current().cancellationSignal;
      const provider = await registry.provider(input.site);
      const vms = new Map<string, Vm>();
      for await (const vm of provider.compute.listVms(signal)) vms.set(vm.vmId, vm);
      const { ready, unready } = sorted(input, vms);
      const { points, untaken } = await takePoints(provider.disks, ready, signal);
      // The disks of VMs that a failover has stopped are filed as they are.
      const unchanged = input.stopped ? new Set<string>() : await unchangedDisks(provider.disks, points, signal);
      return {
        frozen: points.map((taken) => toFrozen(taken, unchanged)),
        unfrozen: [...untaken, ...unready],
        // One VM is one moment; of several only those that are off stand still between them.
        together: input.members.length === 1 || points.every(({ point }) => point.consistency?.level === "stopped"),
        holds: provider.capabilities["disks.changes-after-release"] !== undefined,
      };
    },

    /** Moves what changed of these disks into generations at the other site; goes on from what is durable. */
    async copyGroupDisks(input: {
      from: string;
      to: string;
      groupId: string;
      disks: readonly DiskToCopy[];
    }): Promise<readonly CopiedGroupDisk[]> {
      const signal = Context.current().cancellationSignal;
      const copied: CopiedGroupDisk[] = [];
      await eachOf(input.disks, signal, async (disk, inner) => {
        const { position, sourcePointId, generationId, copy, sharesUnchanged = false } = disk;
        const at = { from: input.from, to: input.to, sourcePointId, generationId };
        const move = { migrationId: input.groupId, ...at, copy, measuresEntropy: true, sharesUnchanged };
        const { attempt, rootHash, bytesCopied, entropy, unchanged } = await moves.copy(move, inner, (progress) =>
          setHeartbeatDetails({ generationId, ...progress }),
        );
        const { diskId, tracking } = copy;
        copied.push({
          position,
          diskId,
          generationId: (unchanged && copy.base?.parentPointId) || generationId,
          attempt,
          rootHash,
          bytesCopied,
          tracking,
          ...(entropy === undefined ? {} : { entropy }),
        });
      });
      return copied;
    },

    /** Seals generations and reads back what was written. */
    async settleGroupDisks(input: {
      site: string;
      groupId: string;
      disks: readonly (GenerationToDrop & {
        readonly diskId: string;
        readonly attempt: number;
        /** It is built on a point that was proven itself. */
        readonly built: boolean;
      })[];
    }): Promise<readonly { readonly generationId: string; readonly bytesReread: number }[]> {
      const signal = Context.current().cancellationSignal;
      const { site, groupId: migrationId } = input;
      const proven: { generationId: string; bytesReread: number }[] = [];
      await eachOf(input.disks, signal, async ({ replicaId, generationId, diskId, attempt, built }, inner) => {
        const lineage = replicaId;
        await moves.seal({ site, replicaId, generationId, attempt, lineage, diskId, migrationId }, inner);
        const only = built ? ("written" as const) : undefined;
        const proof = { site, pointId: generationId, manifestId: generationId, ...(only ? { only } : {}) };
        const { bytesReread } = await moves.prove(proof, inner, setHeartbeatDetails);
        proven.push({ generationId, bytesReread });
      });
      return proven;
    },

    /** Lets go of points at the protected site, by their ids; with `sequence`, of all that a round took there; with `all`, of
     *  whatever was taken for the group. */
    async releaseGroup(input: {
      site: string;
      groupId: string;
      sourcePointIds: readonly string[];
      sequence?: number;
      all?: true;
    }): Promise<void> {
      const signal = Context.current().cancellationSignal;
      const provider = await registry.provider(input.site);
      const ids = new Set(input.sourcePointIds);
      if (input.sequence !== undefined || input.all) {
        for await (const { kind, id, tags } of provider.census(signal)) {
          if (kind === "source-point" && isWanted(tags[tagKeys.key] ?? "", input)) ids.add(id);
        }
      }
      await releasePoints(provider.disks, [...ids], signal);
    },

    /** Removes generations, or the points that they became, with what is filed of them. */
    async dropGenerations(input: { site: string; generations: readonly GenerationToDrop[] }): Promise<void> {
      const signal = Context.current().cancellationSignal;
      const { disks } = await registry.provider(input.site);
      for (const { replicaId, generationId } of input.generations) {
        await goneIsFine(disks.deletePoint(generationId, signal));
        await goneIsFine(disks.discardGeneration({ replicaId, generationId }, signal));
        await store.points.delete(input.site, generationId);
      }
    },
  };
}

/** The VMs of which a point can be taken, in the order of their positions, and why not of the others. */
function sorted(
  { groupId, sequence, stopped, members }: FreezeInput,
  vms: ReadonlyMap<string, Vm>,
): { ready: MemberPoint[]; unready: UnfrozenMember[] } {
  const ready: MemberPoint[] = [];
  const unready: UnfrozenMember[] = [];
  for (const { position, vmId, planVersion, since } of members) {
    const vm = vms.get(vmId);
    const off = vm?.state === "stopped" || vm?.state === "crashed";
    if (!vm) unready.push({ position, problem: "failed", reason: `there is no VM ${vmId} any more` });
    else if (stopped && !off) {
      unready.push({ position, problem: "failed", reason: `${vm.name} is ${vm.state}, and was to be off` });
    } else if (!stopped && vmVersion(vm) !== planVersion) {
      // A planned failover has fenced and stopped it, which its plan did not know.
      const reason = `${vm.name} is not what it was when its protection was planned`;
      unready.push({ position, problem: "changed", reason });
    } else {
      const key = roundKey(groupId, position, sequence);
      ready.push({ position, point: { vmId, mode: off ? "stopped" : "frozen", key, since } });
    }
  }
  return { ready, unready };
}

/** All of them begun at once. */
async function takePoints(
  disks: DisksFacet,
  members: readonly MemberPoint[],
  signal: AbortSignal,
): Promise<{ points: TakenPoint[]; untaken: UnfrozenMember[] }> {
  const wanted = members.map(({ point }) => point);
  const outcomes = disks.createSourcePoints
    ? await disks.createSourcePoints(wanted, signal)
    : await Promise.allSettled(wanted.map((point) => disks.createSourcePoint(point, signal)));
  const points: TakenPoint[] = [];
  const untaken: UnfrozenMember[] = [];
  for (const [index, { position, point }] of members.entries()) {
    const outcome = outcomes[index];
    if (outcome?.status === "fulfilled") {
      points.push({ position, point: outcome.value, since: point.since ?? {} });
      continue;
    }
    const error: unknown = outcome?.reason;
    if (!isProviderError(error, "NotFound", "Conflict", "InvalidInput", "UnsupportedCapability")) throw error;
    untaken.push({ position, problem: "failed", reason: error.details.reason });
  }
  return { points, untaken };
}

function toFrozen({ position, point, since }: TakenPoint, unchanged: ReadonlySet<string>): FrozenMember {
  const { sourcePointId, takenAt, consistency } = point;
  const disks = point.disks.map(({ diskId, allocatedBytes, baselines }) => ({
    diskId,
    allocatedBytes,
    baselines: baselines.map(({ baselineId, tracking }) => ({ baselineId, tracking })),
    ...(unchanged.has(`${sourcePointId}/${diskId}`) ? { unchangedSince: since[diskId] ?? "" } : {}),
  }));
  return { position, sourcePointId, takenAt, ...(consistency ? { consistency } : {}), disks };
}

async function releasePoints(disks: DisksFacet, ids: readonly string[], signal: AbortSignal): Promise<void> {
  if (disks.releaseSourcePoints) await disks.releaseSourcePoints(ids, signal);
  else for (const id of ids) await goneIsFine(disks.releaseSourcePoint(id, signal));
}

/** The first failure ends the others, and is thrown when all have ended. */
async function eachOf<T>(
  items: readonly T[],
  signal: AbortSignal,
  act: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const inner = AbortSignal.any([signal, failed.signal]);
  const queue = [...items];
  await Promise.allSettled(
    Array.from({ length: disksAtOnce }, async () => {
      for (let next = queue.shift(); next !== undefined && !inner.aborted; next = queue.shift()) {
        await act(next, inner).catch((error: unknown) => failed.abort(error));
      }
    }),
  );
  if (signal.aborted) throw signal.reason;
  if (failed.signal.aborted) throw failed.signal.reason;
}

function roundKey(groupId: string, position: number, sequence: number): string {
  return `${groupId}-m${position}-p${sequence}`;
}

function isWanted(
  key: string,
  { groupId, sequence, all }: { groupId: string; sequence?: number; all?: true },
): boolean {
  if (all) return key.startsWith(`${groupId}-m`) || key.startsWith(`${groupId}-return-`);
  return key.startsWith(`${groupId}-m`) && key.endsWith(`-p${sequence}`);
}
