import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { PoolMember, PoolShiftParameters } from "../domain/traffic.ts";
import { partsOf } from "../domain/traffic-pool-plan.ts";
import type { LoadBalancingFacet } from "../providers/traffic-facets.ts";
import type { ActivityDeps } from "./deps.ts";
import { sourceAddress } from "./traffic.ts";

/** Checks of a balancer come every few seconds, and it wants some in a row. */
const healthyWithinMs = 180_000;
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
      const pools = await poolsAt(shift.site);
      const { poolId, replaces, steps, stepSeconds } = shift;
      const added = await pools.addTarget(
        { poolId, ...member, ...(shift.shareId ? { shareId: shift.shareId } : {}) },
        signal,
      );
      const seen = await pools.waitUntilHealthy(
        { poolId, targetId: added.targetId, withinMs: healthyWithinMs },
        signal,
      );
      // A share without a weight yet is not used, and its targets are not checked.
      if (!seen || (seen.state !== "healthy" && seen.state !== "unknown" && seen.state !== "unused")) {
        throw new ProviderError("Conflict", {
          operation: "put the new VM into the pool",
          resource: `${shift.site}/pool/${poolId}`,
          reason: `its target ${added.targetId} is ${seen?.state ?? "not listed"}${seen?.reason ? ` (${seen.reason})` : ""}`,
          action: "See what the pool's health checks ask, and from where.",
        });
      }
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
      const pools = await poolsAt(shift.site);
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
      const pools = await poolsAt(shift.site);
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

  async function poolsAt(site: string): Promise<LoadBalancingFacet> {
    const { loadBalancing, capabilities } = await registry.provider(site);
    if (loadBalancing) return loadBalancing;
    throw new ProviderError("UnsupportedCapability", {
      operation: "change a pool",
      resource: `site/${site}`,
      reason: capabilities["load-balancing"] ?? "it balances no load",
      action: "Name the site that has the pool.",
    });
  }
}
