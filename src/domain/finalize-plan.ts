import { finalizeKind, resourceKey, type SiteResource } from "./finalize.ts";
import { mib } from "./format.ts";
import type { MigrationState } from "./migration.ts";
import { formatMoney } from "./money.ts";
import type { PlanAction, PlanCheck, PlanChoice, PlanContent, PlanEstimates } from "./plan.ts";
import { addUp, type CostItem, diskMonth, type PriceBook } from "./prices.ts";
import type { UndoView } from "./undo.ts";
import { tagKeys, type Vm } from "./vm.ts";

/** A completed move with what it keeps for a way back. */
export interface SeenMove {
  readonly migrationId: string;
  readonly vmName: string;
  readonly sourceSite: string;
  readonly sourceVmId: string;
  /** False for a copy of a frozen moment, whose source runs on. */
  readonly fenced: boolean;
  /** The source as it is now; absent when it is gone. */
  readonly vm?: Vm;
  /** The volumes that were moved, by disk: others of the VM were never copied. */
  readonly movedVolumes: Readonly<Record<string, string>>;
  /** Which other VMs use the same volumes, by volume. */
  readonly sharedVolumes: Readonly<Record<string, string>>;
  readonly snapshots: readonly { readonly snapshotId: string; readonly volumeId?: string }[];
  readonly addresses: readonly { readonly addressId: string; readonly address: string }[];
  /** At either site, kept as a proof or for a way back. */
  readonly points: readonly { readonly site: string; readonly pointId: string; readonly sizeBytes: number }[];
  /** By site; absent where nothing has a price. */
  readonly prices: Readonly<Record<string, PriceBook | undefined>>;
  readonly diskType?: string;
}

export interface FinalizeObservations {
  readonly migrationId: string;
  readonly state: MigrationState;
  readonly undo?: UndoView;
  /** What failed, where it runs at the target all the same. */
  readonly problem?: string;
  /** The move itself; before it the one that brought the VM home, where that was undone. */
  readonly moves: readonly SeenMove[];
}

export interface FinalizePlanParts extends PlanContent {
  readonly checks: readonly PlanCheck[];
  readonly estimates: PlanEstimates;
  readonly executable: boolean;
}

/** The pinned plan of a finalize: each thing that goes and each that stays, by its id. */
export function planFinalize(seen: FinalizeObservations): FinalizePlanParts {
  const decided = seen.moves.map(decide);
  const own = seen.moves.at(-1);
  const home = seen.moves.length > 1 ? seen.moves[0] : undefined;
  const checks = [
    stateCheck(seen),
    ...proofCheck(seen),
    ...undoChecks(seen),
    ...decided.flatMap((each) => each.checks),
  ];
  const costs = decided.flatMap((each) => each.costs);
  return {
    kind: finalizeKind,
    inputs: {
      migrationId: seen.migrationId,
      ...(home ? { home: home.migrationId } : {}),
      names: [own?.vmName ?? seen.migrationId],
      stays: decided.flatMap(({ stays }) => stays.map((resource) => resourceKey(resource))),
    },
    observed: [],
    choices: [...decided.flatMap((each) => each.choices), ...carriedHome(seen)],
    actions: decided.flatMap((each) => each.actions),
    checks,
    estimates: {
      bytesToMove: 0,
      bytesNominal: 0,
      basis: "no bytes are moved; how long sites take for it was not measured",
      ...(costs.length > 0 ? { monthly: addUp(costs) } : {}),
    },
    executable: checks.every(({ result }) => result !== "fail"),
  };
}

interface Decided {
  readonly actions: readonly PlanAction[];
  readonly choices: readonly PlanChoice[];
  readonly checks: readonly PlanCheck[];
  readonly stays: readonly SiteResource[];
  readonly costs: readonly CostItem[];
}

interface Part {
  readonly resource: SiteResource;
  readonly what: string;
  readonly why: string;
  readonly goes: boolean;
  readonly cost?: CostItem;
}

function decide(move: SeenMove): Decided {
  const parts = [...pointsOf(move), ...(move.fenced ? sourceOf(move) : [])];
  const going = parts.filter(({ goes }) => goes);
  const staying = parts.filter(({ goes }) => !goes);
  return {
    actions: going.map(({ resource, what, cost }) => ({
      action: resource.kind === "vm" ? "delete-vm" : resource.kind === "volume" ? "delete-volume" : "delete-point",
      resource,
      detail: `Delete ${what}${costOf(cost)}`,
      parameters: { migrationId: move.migrationId },
    })),
    choices: parts.map(({ what, why, goes }) => ({ what, chosen: goes ? "goes" : "stays", why })),
    checks: [
      ...fenceCheck(move),
      ...(staying.length > 0 ? [ok("what-stays", `Stay: ${staying.map(({ what }) => what).join(", ")}`)] : []),
    ],
    stays: staying.map(({ resource }) => resource),
    costs: going.flatMap(({ cost }) => cost ?? []),
  };
}

function pointsOf({ points, prices }: SeenMove): Part[] {
  return points.map(({ site, pointId, sizeBytes }) => ({
    resource: { site, kind: "recovery-point", id: pointId },
    what: `recovery point ${pointId} at ${site}, of a disk of ${mib(sizeBytes)} MiB`,
    why: "it was kept as a proof and for a way back",
    goes: true,
    ...(prices[site]
      ? { cost: { what: `point ${pointId}`, quantity: sizeBytes / 2 ** 30, unit: "gib-month", unknown: keptBytes } }
      : {}),
  }));
}

const keptBytes = "how many bytes the site keeps for it alone, which it doesn't tell";

function sourceOf(move: SeenMove): Part[] {
  const { vm, sourceSite: site, movedVolumes, sharedVolumes } = move;
  if (!vm) return [];
  const moved = new Set(Object.values(movedVolumes));
  const book = move.prices[site];
  const disks = vm.disks.map((disk): Part => {
    const { diskId, volumeId, sizeBytes, type } = disk;
    const resource = { site, kind: "volume", id: volumeId };
    const what = `disk ${diskId} of ${vm.name} at ${site} (${volumeId}, ${mib(sizeBytes)} MiB)`;
    const user = sharedVolumes[volumeId];
    if (user !== undefined) return { resource, what, why: `${user} uses it too`, goes: false };
    if (!moved.has(volumeId)) return { resource, what, why: "it was not there when the VM was moved", goes: false };
    const cost = book && diskMonth(book, type ?? move.diskType ?? "of the site's default", sizeBytes);
    const why = "it was moved, and belongs to the VM that goes";
    return {
      resource,
      what,
      why,
      goes: true,
      ...(cost ? { cost: { ...cost, what: `${volumeId}: ${cost.what}` } } : {}),
    };
  });
  const own = new Set(vm.disks.map(({ volumeId }) => volumeId));
  return [
    {
      resource: { site, kind: "vm", id: vm.vmId },
      what: `VM ${vm.name} at ${site} (${vm.vmId})`,
      why: "its successor serves",
      goes: true,
    },
    ...disks,
    ...move.snapshots
      .filter(({ volumeId }) => volumeId !== undefined && own.has(volumeId))
      .map(({ snapshotId, volumeId }) => ({
        resource: { site, kind: "snapshot", id: snapshotId },
        what: `snapshot ${snapshotId} of ${volumeId}`,
        why: "snapshots are not the migration's",
        goes: false,
      })),
    ...move.addresses.map(({ addressId, address }) => ({
      resource: { site, kind: "address", id: addressId },
      what: `address ${address} (${addressId})`,
      why: "addresses stay; an unused one still costs",
      goes: false,
    })),
  ];
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

function stateCheck({ migrationId, state }: FinalizeObservations): PlanCheck {
  if (state === "awaiting-finalize") return ok("migration-state", "It awaits its finalize");
  return {
    check: "migration-state",
    result: "fail",
    detail: `Migration ${migrationId} is ${state}`,
    remedy: "Only a migration that awaits its finalize can be finalized.",
  };
}

function proofCheck({ problem }: FinalizeObservations): PlanCheck[] {
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

function undoChecks({ undo }: FinalizeObservations): PlanCheck[] {
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

function carriedHome({ undo }: FinalizeObservations): PlanChoice[] {
  if (undo?.state !== "open" || undo.migrationId === undefined) return [];
  const what = `what migration ${undo.migrationId} carried home`;
  return [{ what, chosen: "goes", why: "the undo window ends with the finalize" }];
}

function costOf(cost: CostItem | undefined): string {
  return cost?.amount ? `, ${formatMoney(cost.amount)} a month` : "";
}

function ok(check: string, detail: string): PlanCheck {
  return { check, result: "pass", detail };
}
