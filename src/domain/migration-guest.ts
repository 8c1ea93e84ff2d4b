import { readFormerShape } from "./former-shape.ts";
import type { Guest } from "./guest.ts";
import { consoleCheck, type GuestHardware, guestChecks } from "./guest-checks.ts";
import { planPreparation } from "./guest-preparation.ts";
import type { MigrationObservations, VerifyParameters } from "./migration-parts.ts";
import type { PlannedShape } from "./migration-shape.ts";
import type { PlanAction, PlanCheck } from "./plan.ts";
import { describeChange, type PreparationChange, type PrepareDiskParameters } from "./preparation.ts";
import type { Vm, VmDisk } from "./vm.ts";

/** The disk that the guest starts from; a VM that names none tries them in order. */
export function bootDisk(vm: Vm): VmDisk | undefined {
  return vm.disks.find(({ boot }) => boot) ?? vm.disks[0];
}

/** What the system on the VM's boot disk says of its chances at the target, and what is changed for them on a clone. */
export function checkGuest(
  seen: MigrationObservations,
  shape: PlannedShape,
  verify: VerifyParameters,
): { readonly checks: readonly PlanCheck[]; readonly actions: readonly PlanAction[] } {
  const { vm, guest } = seen;
  const disk = bootDisk(vm);
  if (!guest || !disk) return { checks: [], actions: [] };
  const { firmware } = vm;
  const source: GuestHardware = { diskBus: disk.bus, firmware };
  const diskBus = shape.buses[vm.disks.indexOf(disk)] ?? disk.bus;
  const nic = vm.nics.length > 0 ? shape.offerings[0]?.type.nicModel : undefined;
  const target: GuestHardware = { diskBus, nic, firmware };
  if (!guest.known) {
    const wasThere = readFormerShape(vm)?.buses[vm.disks.indexOf(disk)] === diskBus;
    const matters = !wasThere && (diskBus !== disk.bus || nic !== undefined);
    return { checks: [unknownGuest(guest.reason, matters)], actions: [] };
  }
  const readsConsole = verify.start && verify.bootMarker !== undefined;
  const { mode = seen.defaults.prepare ?? "auto", identity } = seen.request.prepare ?? {};
  const nothing = { changes: [], guest: guest.value, checks: [] };
  const isFirstDisk = vm.disks[0] === disk;
  const wish = { target, source, readsConsole, isFirstDisk, nics: vm.nics.length, ...(identity ? { identity } : {}) };
  const prepared = mode === "off" ? nothing : planPreparation(guest.value, wish);
  return {
    checks: [
      { check: "guest-system", result: "pass", detail: describe(guest.value) },
      ...(seen.preparationRefused === undefined ? prepared.checks : refused(prepared.checks, seen.preparationRefused)),
      ...guestChecks(prepared.guest, target, source),
      ...(readsConsole ? consoleCheck(prepared.guest) : []),
    ],
    actions: prepared.changes.length === 0 ? [] : [prepareDisk(seen, disk, prepared.changes)],
  };
}

function refused(checks: readonly PlanCheck[], reason: string): PlanCheck[] {
  const row: PlanCheck = {
    check: "guest-preparation",
    result: "fail",
    detail: `The changes that it needs were tried and can't be made: ${reason}`,
    remedy: "Prepare it in the guest, then plan with --prepare off.",
  };
  return [row, ...checks.filter(({ check }) => check !== row.check)];
}

function prepareDisk(
  { request, vm }: MigrationObservations,
  { diskId }: VmDisk,
  changes: readonly PreparationChange[],
): PlanAction {
  const parameters: PrepareDiskParameters = { diskId, changes };
  const what = changes.map((change) => `${describeChange(change)} (${change.reason})`).join("; ");
  return {
    action: "prepare-disk",
    resource: { site: request.to, kind: "vm", id: vm.name },
    detail: `Prepare disk ${diskId} on top of its proven point: ${what}`,
    parameters: { ...parameters },
  };
}

function unknownGuest(reason: string, matters: boolean): PlanCheck {
  const check = "guest-system";
  const detail = `Cannot tell what the guest has drivers for: ${reason}`;
  if (!matters) return { check, result: "pass", detail: `${detail}; it has started from such hardware before` };
  return { check, result: "warn", detail, remedy: "Nothing has to be done: the boot proof at the target tells." };
}

function describe({ os, kernels, firmware }: Guest): string {
  const system = os.known ? os.value.name : `An unknown system (${os.reason})`;
  const kernel = kernels.known ? kernels.value.find(({ isDefault }) => isDefault)?.release : undefined;
  const starts = firmware.known && firmware.value.length > 0 ? `, starts with ${firmware.value.join(" or ")}` : "";
  return `${system}${kernel === undefined ? "" : `, kernel ${kernel}`}${starts}`;
}
