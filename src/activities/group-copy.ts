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
import type { Provider } from "../providers/provider.ts";
import type { SiteDeps } from "./deps.ts";
import type { DiskMoves } from "./disk-moves.ts";
import { goneIsFine } from "./gone.ts";
import { setHeartbeatDetails } from "./heartbeat.ts";

/** Disks that one call moves at the same time. */
const disksAtOnce = 4;

/** The steps of a protection group's round that need a site. */
export function groupCopyActivities({ registry, store }: SiteDeps, moves: DiskMoves) {
  return {
    /** Takes a point of each VM, all of them begun at once. What is not as its plan knew it, or fails for good, is told. A
     *  repeat finds the points that there are. */
    async freezeGroup(input: {
      site: string;
      groupId: string;
      sequence: number;
      /** Of a planned failover: only VMs that are off. */
      stopped: boolean;
      members: readonly MemberToFreeze[];
    }): Promise<FrozenGroup> {
      const signal = Context.current().cancellationSignal;
      const provider = await registry.provider(input.site);
      const vms = new Map<string, Vm>();
      for await (const vm of provider.compute.listVms(signal)) vms.set(vm.vmId, vm);
      const taken = await Promise.all(
        input.members.map((member) => freeze(provider, input, member, vms.get(member.vmId), signal)),
      );
      return {
        frozen: taken.filter((each) => "sourcePointId" in each),
        unfrozen: taken.filter((each) => "problem" in each),
        // One VM is one moment; of several only those that are off stand still between them.
        together:
          taken.length === 1 || taken.every((each) => "consistency" in each && each.consistency?.level === "stopped"),
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
        const { position, sourcePointId, generationId, copy } = disk;
        const at = { from: input.from, to: input.to, sourcePointId, generationId };
        const move = { migrationId: input.groupId, ...at, copy, measuresEntropy: true };
        const { attempt, rootHash, bytesCopied, entropy } = await moves.copy(move, inner, (progress) =>
          setHeartbeatDetails({ generationId, ...progress }),
        );
        const { diskId, tracking } = copy;
        copied.push({
          position,
          diskId,
          generationId,
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
      for (const id of ids) await goneIsFine(provider.disks.releaseSourcePoint(id, signal));
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

async function freeze(
  { disks }: Provider,
  { groupId, sequence, stopped }: { groupId: string; sequence: number; stopped: boolean },
  { position, vmId, planVersion, since }: MemberToFreeze,
  vm: Vm | undefined,
  signal: AbortSignal,
): Promise<FrozenMember | UnfrozenMember> {
  if (!vm) return { position, problem: "failed", reason: `there is no VM ${vmId} any more` };
  const off = vm.state === "stopped" || vm.state === "crashed";
  if (stopped && !off) return { position, problem: "failed", reason: `${vm.name} is ${vm.state}, and was to be off` };
  // A planned failover has fenced and stopped it, which its plan did not know.
  if (!stopped && vmVersion(vm) !== planVersion) {
    return { position, problem: "changed", reason: `${vm.name} is not what it was when its protection was planned` };
  }
  const mode = off ? "stopped" : "frozen";
  try {
    const key = roundKey(groupId, position, sequence);
    const point = await disks.createSourcePoint({ vmId, mode, key, since }, signal);
    const { sourcePointId, takenAt, consistency } = point;
    const seen = point.disks.map(({ diskId, allocatedBytes, baselines }) => ({
      diskId,
      allocatedBytes,
      baselines: baselines.map(({ baselineId, tracking }) => ({ baselineId, tracking })),
    }));
    return { position, sourcePointId, takenAt, ...(consistency ? { consistency } : {}), disks: seen };
  } catch (error) {
    if (!isProviderError(error, "NotFound", "Conflict", "InvalidInput", "UnsupportedCapability")) throw error;
    return { position, problem: "failed", reason: error.details.reason };
  }
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
