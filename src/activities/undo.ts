import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { MigrationRequest } from "../domain/migration.ts";
import { hoursOf } from "../domain/move-hours.ts";
import type { Plan } from "../domain/plan.ts";
import { trafficHome } from "../domain/traffic-home.ts";
import { networksHome, type UndoParameters, type UndoView } from "../domain/undo.ts";
import type { ActivityDeps } from "./deps.ts";
import { goneIsFine } from "./gone.ts";
import { planOne } from "./planner.ts";

/** Checks of traffic that warn of a way home where they refuse others. */
const leftOut: ReadonlySet<string> = new Set(["traffic-starts", "traffic-record", "traffic-pool", "traffic-proxy"]);

export function undoActivities(deps: ActivityDeps) {
  const { registry, store } = deps;
  return {
    /** Plans the way home of a VM that was moved, and files its migration. The plan that it undoes was approved with its
     *  window, so this one is not approved again; what it does is pinned all the same. `without`: what it does without,
     *  as that is gone meanwhile. */
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
      const signal = Context.current().cancellationSignal;
      const named = moved && mapOf(moved);
      const map = named === undefined ? undefined : await store.maps.get(named);
      const networkMap = map
        ? undefined
        : await networksAtHome({ from, to, vmId, homeVmId: String(moved?.inputs.vm) }, signal);
      const request: MigrationRequest = {
        ...(stopGraceMs === undefined ? {} : { stopGraceMs }),
        ...(verify === undefined ? {} : { verify }),
        ...(bandwidthBytesPerSecond === undefined ? {} : { bandwidthBytesPerSecond }),
        ...(schedule === undefined ? {} : { schedule: hoursOf(schedule) }),
        ...(traffic === undefined ? {} : { traffic }),
        ...(map ? { map: map.name } : {}),
        ...(networkMap === undefined ? {} : { networkMap }),
        vm: vmId,
        from,
        to,
        ...(mode === "warm" ? { mode, warm: { cutover: "manual", roundPauseSeconds } } : {}),
      };
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
      const lost = named === undefined || map ? [] : [`the map ${named}, which is gone`];
      const left = plan.checks.flatMap(({ check, result, detail }) =>
        result === "warn" && leftOut.has(check) ? [detail] : [],
      );
      return {
        planId: plan.planId,
        planHash: plan.hash,
        ...(lost.length + left.length > 0 ? { without: [...lost, ...left] } : {}),
      };
    },

    async recordUndo(input: { migrationId: string; undo: UndoView }): Promise<void> {
      await store.migrations.update(input.migrationId, { undo: input.undo });
    },
  };

  async function networksAtHome(
    { from, to, vmId, homeVmId }: { from: string; to: string; vmId: string; homeVmId: string },
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    const [now, home] = await Promise.all([registry.provider(from), registry.provider(to)]);
    const [vm, before] = await Promise.all([
      goneIsFine(now.compute.getVm(vmId, signal)),
      goneIsFine(home.compute.getVm(homeVmId, signal)),
    ]);
    if (!vm || !before) return undefined;
    const there = await Array.fromAsync(home.network.listNetworks(signal));
    return networksHome(vm.nics, before.nics, new Set(there.map(({ networkId }) => networkId)));
  }
}

function mapOf({ actions }: Pick<Plan, "actions">): string | undefined {
  const window = actions.find(({ action }) => action === "undo-window")?.parameters as
    | Partial<UndoParameters>
    | undefined;
  return window?.map;
}
