import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { MigrationRequest } from "../domain/migration.ts";
import { hoursOf } from "../domain/move-hours.ts";
import { trafficHome } from "../domain/traffic-home.ts";
import type { UndoView } from "../domain/undo.ts";
import type { ActivityDeps } from "./deps.ts";
import { planOne } from "./planner.ts";

/** Checks of traffic that warn of a way home where they refuse others. */
const leftOut: ReadonlySet<string> = new Set(["traffic-starts", "traffic-record", "traffic-pool", "traffic-proxy"]);

export function undoActivities(deps: ActivityDeps) {
  const { store } = deps;
  return {
    /** Plans the way home of a VM that was moved, and files its migration. The plan that it undoes was approved with its
     *  window, so this one is not approved again; what it does is pinned all the same. `without`: why something that led
     *  users to it is left out. */
    async planWayHome(input: {
      migrationId: string;
      /** Of the move that it undoes: how the VM is stopped, how it is verified and how much of the link it may have, and when, hold
       *  for the way home, too. */
      planId: string;
      from: string;
      to: string;
      vmId: string;
      mode: "warm" | "cold";
      roundPauseSeconds: number;
    }): Promise<{ planId: string; planHash: string; without?: readonly string[] }> {
      const { migrationId, from, to, vmId, mode, roundPauseSeconds } = input;
      const moved = await store.plans.get(input.planId);
      const { stopGraceMs, verify, bandwidthBytesPerSecond, schedule } = (moved?.inputs ??
        {}) as Partial<MigrationRequest>;
      const traffic = moved && trafficHome(moved);
      const request: MigrationRequest = {
        ...(stopGraceMs === undefined ? {} : { stopGraceMs }),
        ...(verify === undefined ? {} : { verify }),
        ...(bandwidthBytesPerSecond === undefined ? {} : { bandwidthBytesPerSecond }),
        ...(schedule === undefined ? {} : { schedule: hoursOf(schedule) }),
        ...(traffic === undefined ? {} : { traffic }),
        vm: vmId,
        from,
        to,
        ...(mode === "warm" ? { mode, warm: { cutover: "manual", roundPauseSeconds } } : {}),
      };
      const signal = Context.current().cancellationSignal;
      const plan = await planOne(deps, { planId: `plan-${migrationId}`, request, homeward: true }, signal);
      if (!plan.executable) {
        const failed = plan.checks.filter(({ result }) => result === "fail");
        throw new ProviderError("Conflict", {
          operation: "plan the way home",
          resource: `plan/${plan.planId}`,
          reason: failed.map(({ detail }) => detail).join("; "),
          action: failed.map(({ remedy }) => remedy).join(" "),
        });
      }
      await store.migrations.create({
        migrationId,
        planId: plan.planId,
        workflowId: `migration/${migrationId}`,
        vm: { name: String(plan.inputs.vmName), sourceVmId: vmId },
        from,
        to,
        bytesToMove: plan.estimates.bytesToMove,
        tags: plan.subjects?.[0]?.tags ?? {},
      });
      const without = plan.checks.flatMap(({ check, result, detail }) =>
        result === "warn" && leftOut.has(check) ? [detail] : [],
      );
      return { planId: plan.planId, planHash: plan.hash, ...(without.length > 0 ? { without } : {}) };
    },

    async recordUndo(input: { migrationId: string; undo: UndoView }): Promise<void> {
      await store.migrations.update(input.migrationId, { undo: input.undo });
    },
  };
}
