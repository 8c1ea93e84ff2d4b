import { finalizeKind, resourceKey, type SiteResource } from "./finalize.ts";
import { moveChecks, ok, proofCheck, stateCheck, undoChecks } from "./finalize-checks.ts";
import type { FinalizeObservations, SeenMove } from "./finalize-observations.ts";
import { mib } from "./format.ts";
import { formatMoney } from "./money.ts";
import type { PlanAction, PlanCheck, PlanChoice, PlanContent, PlanEstimates } from "./plan.ts";
import { addUp, type CostItem, diskMonth } from "./prices.ts";

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
      action: actionOf[resource.kind] ?? "delete-point",
      resource,
      detail: `Delete ${what}${costOf(cost)}`,
      parameters: { migrationId: move.migrationId },
    })),
    choices: parts.map(({ what, why, goes }) => ({ what, chosen: goes ? "goes" : "stays", why })),
    checks: [
      ...moveChecks(move),
      ...(staying.length > 0 ? [ok("what-stays", `Stay: ${staying.map(({ what }) => what).join(", ")}`)] : []),
    ],
    stays: staying.map(({ resource }) => resource),
    costs: going.flatMap(({ cost }) => cost ?? []),
  };
}

const actionOf: Readonly<Record<string, string>> = {
  vm: "delete-vm",
  volume: "delete-volume",
  "security-group": "delete-security-group",
};

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
  const { vm, vmName, sourceSite: site, movedVolumes, sharedVolumes } = move;
  const diskOf = new Map(Object.entries(movedVolumes).map(([diskId, volumeId]) => [volumeId, diskId]));
  const seen = vm?.disks ?? move.leftVolumes.map((left) => ({ ...left, diskId: diskOf.get(left.volumeId) ?? "" }));
  const book = move.prices[site];
  const disks = seen.map((disk): Part => {
    const { diskId, volumeId, sizeBytes, type } = disk;
    const resource = { site, kind: "volume", id: volumeId };
    const what = `disk ${diskId} of ${vmName} at ${site} (${volumeId}, ${mib(sizeBytes)} MiB)`;
    const user = sharedVolumes[volumeId];
    if (user !== undefined) return { resource, what, why: `${user} uses it too`, goes: false };
    if (!diskOf.has(volumeId)) return { resource, what, why: "it was not there when the VM was moved", goes: false };
    const cost = book && diskMonth(book, type ?? move.diskType ?? "of the site's default", sizeBytes);
    const why = vm ? "it was moved, and belongs to the VM that goes" : "it was moved, and its VM is gone already";
    return {
      resource,
      what,
      why,
      goes: true,
      ...(cost ? { cost: { ...cost, what: `${volumeId}: ${cost.what}` } } : {}),
    };
  });
  const own = new Set(seen.map(({ volumeId }) => volumeId));
  return [
    ...(vm
      ? [
          {
            resource: { site, kind: "vm", id: vm.vmId },
            what: `VM ${vm.name} at ${site} (${vm.vmId})`,
            why: "its successor is there",
            goes: true,
          },
        ]
      : []),
    ...disks,
    ...(move.groups ?? []).map(({ securityGroupId, name }) => ({
      resource: { site, kind: "security-group", id: securityGroupId },
      what: `security group ${name} at ${site} (${securityGroupId})`,
      why: "it was made for the VM that goes, and for no other",
      goes: true,
    })),
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

function carriedHome({ undo }: FinalizeObservations): PlanChoice[] {
  if (undo?.state !== "open" || undo.migrationId === undefined) return [];
  const what = `what migration ${undo.migrationId} carried home`;
  return [{ what, chosen: "goes", why: "the undo window ends with the finalize" }];
}

function costOf(cost: CostItem | undefined): string {
  return cost?.amount ? `, ${formatMoney(cost.amount)} a month` : "";
}
