import type { FinalizeObservations, SeenMove } from "./finalize-observations.ts";
import type { PlanCheck } from "./plan.ts";
import { tagKeys } from "./vm.ts";

/** What has to hold of each move when the plan is made, and once more before anything is removed. */
export function moveChecks(move: SeenMove): PlanCheck[] {
  return [...fenceCheck(move), ...successorCheck(move)];
}

function fenceCheck({ migrationId, vm, fenced, sourceSite, sourceVmId }: SeenMove): PlanCheck[] {
  if (!fenced) return [ok("source-fenced", "It was a copy of one moment: its source is not touched")];
  if (!vm) return [ok("source-fenced", `VM ${sourceVmId} at ${sourceSite} is gone already`)];
  if (vm.tags[tagKeys.fencedBy] === migrationId) {
    return [ok("source-fenced", `${vm.name} at ${sourceSite} is ${vm.state}, and fenced by the migration`)];
  }
  return [
    {
      check: "source-fenced",
      result: "fail",
      detail: `${vm.name} at ${sourceSite} is no longer fenced by migration ${migrationId}`,
      remedy: "Somebody took it into use again; remove it by hand if it really is not needed.",
    },
  ];
}

function successorCheck({ migrationId, vmName, fenced, successor, targetSite }: SeenMove): PlanCheck[] {
  // The source of a copy stays.
  if (!fenced) return [];
  if (successor) return [ok("successor-there", `${vmName} is at ${successor.site} (${successor.vmId})`)];
  return [
    {
      check: "successor-there",
      result: "fail",
      detail: `What ${vmName} became at ${targetSite} is gone, and nothing is known that it was moved on to`,
      remedy: `The source may be the last copy: roll migration ${migrationId} back, or remove the source by hand if it really is not needed.`,
    },
  ];
}

export function stateCheck({ migrationId, state }: FinalizeObservations): PlanCheck {
  if (state === "awaiting-finalize") return ok("migration-state", "It awaits its finalize");
  return {
    check: "migration-state",
    result: "fail",
    detail: `Migration ${migrationId} is ${state}`,
    remedy: "Only a migration that awaits its finalize can be finalized.",
  };
}

export function proofCheck({ problem }: FinalizeObservations): PlanCheck[] {
  if (problem === undefined) return [];
  return [
    {
      check: "move-proven",
      result: "warn",
      detail: `No certificate proves the move: ${problem}`,
      remedy: "Look at the VM at the target first: the source's disks are the only other ones.",
    },
  ];
}

export function undoChecks({ undo }: FinalizeObservations): PlanCheck[] {
  if (undo?.state !== "open") return [];
  const follows = undo.migrationId === undefined ? "" : `, and what migration ${undo.migrationId} carried home goes`;
  return [
    {
      check: "undo-window",
      result: "warn",
      detail: `The undo window, open until ${undo.until}, ends with it${follows}`,
      remedy: "Finalize later, if the VM may still have to come home.",
    },
  ];
}

export function ok(check: string, detail: string): PlanCheck {
  return { check, result: "pass", detail };
}
