import { ProviderError } from "../domain/errors.ts";
import type { CompletePoint, PointWish } from "../domain/group-point.ts";
import type { ProtectionGroup } from "../domain/protection.ts";
import type { ActivityDeps } from "./deps.ts";

/** What a failover does to a protected group's records. Whoever calls these tells `protection/<id>` that it changed. */
export function takeoverActivities({ store }: Pick<ActivityDeps, "store">) {
  return {
    /** @throws ProviderError NotFound. */
    async groupNow(input: { groupId: string }): Promise<ProtectionGroup> {
      return known(input.groupId);
    },

    /** Takes the group for a failover: no round of it becomes a point from here on, except the failover's own final one.
     *  @throws ProviderError Conflict when another failover has it, or its epoch is another one. */
    async pauseReplication(input: {
      groupId: string;
      failoverId: string;
      epoch: number;
      /** As a person, or the detection, gave it. */
      reason: string;
    }): Promise<ProtectionGroup> {
      const { groupId, failoverId, epoch, reason } = input;
      const message = `Failover ${failoverId} begins: ${reason}`;
      await store.takeovers.claim({ groupId, failoverId, epoch, message });
      return known(groupId);
    },

    /** The point to recover from. @throws ProviderError Conflict when none that is offered is as wished. */
    async latestPoint(input: PointWish): Promise<CompletePoint> {
      const point = await store.groupPoints.choose(input);
      if (point) return point;
      const { groupId, at, pointId, before, suspectToo } = input;
      const wished = [
        at === undefined ? [] : [`at ${at}`],
        pointId === undefined ? [] : [`of the id ${pointId}`],
        before === undefined ? [] : [`from before ${before}`],
        suspectToo || pointId !== undefined ? [] : ["that is not suspect"],
      ].flat();
      throw new ProviderError("Conflict", {
        operation: "choose a recovery point",
        resource: `protection-group/${groupId}`,
        reason: ["it has no complete point", ...wished].join(" "),
        action: "See novacron protection points, and name another one.",
      });
    },

    /** No site may write from here on, until the failover ends. */
    async closeWritable(input: { groupId: string; failoverId: string }): Promise<void> {
      await store.takeovers.closeWritable(input);
    },

    /** The group serves at `site` under the next epoch, and is unprotected. A repeat changes nothing. */
    async finishFailover(input: {
      groupId: string;
      failoverId: string;
      site: string;
      members: readonly { readonly position: number; readonly vmId: string }[];
      reason: string;
    }): Promise<{ epoch: number }> {
      const { reason, ...finished } = input;
      const message = `Failover ${input.failoverId} is done: the group serves at ${input.site} (${reason})`;
      return { epoch: await store.takeovers.finish({ ...finished, message }) };
    },

    /** The failover came to nothing: the group is what it was before. */
    async abandonFailover(input: {
      groupId: string;
      failoverId: string;
      reason: string;
      /** Where the lease had gone to the other site and came back. */
      epoch?: number;
    }): Promise<void> {
      const { reason, ...abandoned } = input;
      const { failoverId } = input;
      const message = `Failover ${failoverId} came to nothing: ${reason}`;
      await store.takeovers.abandon({ ...abandoned, message });
    },

    /** The retention leaves that point alone, until it is called without a reason. */
    async holdPoint(input: { pointId: string; because?: string }): Promise<void> {
      await store.groupPoints.note(input.pointId, { heldBecause: input.because });
    },
  };

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
}
