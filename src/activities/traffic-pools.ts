import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import type { PoolMember, PoolShiftParameters } from "../domain/traffic.ts";
import { partsOf } from "../domain/traffic-pool-plan.ts";
import { poolsAt, untilHealthy } from "./balancing.ts";
import type { ActivityDeps } from "./deps.ts";
import { sourceAddress } from "./traffic.ts";

/** What is under way may end; afterwards it is cut. */
const drainedWithinMs = 60_000;

/** What is put into a pool: the VM, or where it is reached. */
export interface NewMember {
  readonly vmId?: string;
  readonly address?: string;
  readonly port: number;
}

export function trafficPoolActivities({ registry }: ActivityDeps) {
  return {
    /** Puts the new target in, gives it its parts one after the other, and drains the one that it replaces. Repeating it goes
     *  on from whatever was reached. */
    async shiftPool(input: { shift: PoolShiftParameters; member: NewMember }): Promise<void> {
      const { shift, member } = input;
      const signal = Context.current().cancellationSignal;
      const pools = await poolsAt(registry, shift.site);
      const { poolId, replaces, steps, stepSeconds } = shift;
      const added = await pools.addTarget(
        { poolId, ...member, ...(shift.shareId ? { shareId: shift.shareId } : {}) },
        signal,
      );
      const { site } = shift;
      const operation = "put the new VM into the pool";
      await untilHealthy(pools, { site, poolId, targetId: added.targetId, operation }, signal);
      const full = shift.weights.find(({ shareId }) => shareId === replaces.shareId)?.weight;
      if (pools.setWeights && full && added.shareId !== replaces.shareId) {
        const { shares } = await pools.getPool(poolId, signal);
        const weightOf = (id: string) => shares.find(({ shareId }) => shareId === id)?.weight;
        const reached = steps.findLastIndex((step) => {
          const [part, left] = partsOf(full, step);
          return weightOf(added.shareId) === part && weightOf(replaces.shareId) === left;
        });
        for (const [index, step] of steps.entries()) {
          if (index <= reached) continue;
          if (index > 0) await sleep(stepSeconds * 1000, undefined, { signal });
          const [part, left] = partsOf(full, step);
          await pools.setWeights({ poolId, weights: { [added.shareId]: part, [replaces.shareId]: left } }, signal);
        }
      }
      await pools.drainTarget({ poolId, targetId: replaces.targetId }, signal);
      await pools.waitUntilDrained({ poolId, targetId: replaces.targetId, withinMs: drainedWithinMs }, signal);
    },

    /** Takes the new target off again, unless it was one before. */
    async leavePool(input: { shift: PoolShiftParameters; member: NewMember }): Promise<void> {
      const { shift, member } = input;
      const signal = Context.current().cancellationSignal;
      const pools = await poolsAt(registry, shift.site);
      for await (const target of pools.listTargets(shift.poolId, signal)) {
        const own = member.vmId === undefined ? target.address === member.address : target.vmId === member.vmId;
        if (!own || target.port !== member.port) continue;
        if (target.targetId === shift.replaces.targetId || shift.before?.includes(target.targetId)) continue;
        await pools.removeTarget({ poolId: shift.poolId, targetId: target.targetId }, signal);
      }
    },

    /** Takes the replaced target back, with the weights of its share and of the new one's; by the address that it has now, where that changed. Answers as what. */
    async restorePool(input: { shift: PoolShiftParameters }): Promise<PoolMember> {
      const { shift } = input;
      const signal = Context.current().cancellationSignal;
      const pools = await poolsAt(registry, shift.site);
      const { poolId, replaces, weights } = shift;
      const { vmId, shareId } = replaces;
      const weight = weights.find((each) => each.shareId === shareId)?.weight;
      const reached = await sourceAddress(registry, shift.source, signal);
      const { address, port } = reached ? { address: reached.host, port: reached.port } : replaces;
      const member = { port, ...(vmId === undefined ? {} : { vmId }), ...(address === undefined ? {} : { address }) };
      const back = await pools.addTarget(
        { poolId, shareId, ...member, ...(weight === undefined ? {} : { weight }) },
        signal,
      );
      if (back.targetId !== replaces.targetId) {
        // Nobody is there any more.
        await pools.removeTarget({ poolId, targetId: replaces.targetId }, signal);
      }
      const there = { ...replaces, ...member, targetId: back.targetId, shareId: back.shareId };
      if (!pools.setWeights || weights.length === 0) return there;
      const known = new Set((await pools.getPool(poolId, signal)).shares.map((share) => share.shareId));
      const moved = weights.filter((each) => each.shareId === shareId || each.shareId === shift.shareId);
      const restored = moved.map(
        (each) => [each.shareId === shareId ? back.shareId : each.shareId, each.weight] as const,
      );
      await pools.setWeights({ poolId, weights: Object.fromEntries(restored.filter(([id]) => known.has(id))) }, signal);
      return there;
    },
  };
}
