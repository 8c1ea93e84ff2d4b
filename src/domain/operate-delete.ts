import {
  cannot,
  isOff,
  nameOf,
  type OperateObservations,
  ok,
  type SeenVm,
  type VmDecision,
  type WordedStep,
} from "./operate-decision.ts";
import type { PlanChoice } from "./plan.ts";
import type { Vm } from "./vm.ts";

/** What goes with a VM, and what stays: each of it named. */
export function planDelete(seen: SeenVm & { readonly vm: Vm }, { request }: OperateObservations): VmDecision {
  const { site, vm } = seen;
  const name = nameOf(site, vm);
  if (vm.state === "starting" || vm.state === "stopping") {
    return cannot("vm-state", `${name} is ${vm.state}`, "Wait until it runs or is off.");
  }
  const { vmId } = vm;
  const parts = [...disksOf(seen, request.keepDisks), ...snapshotsOf(seen, request), ...addressesOf(seen, request)];
  const going = parts.flatMap(({ goes }) => goes ?? []);
  const staying = parts.filter(({ goes }) => goes === undefined);
  const running = isOff(vm) ? "" : `; it is ${vm.state} and is turned off`;
  return {
    steps: [{ step: { action: "delete-vm", vmId }, detail: `Delete ${name}${running}` }, ...going],
    choices: parts.map(({ choice }) => choice),
    checks: [
      isOff(vm)
        ? ok("vm-state", `${name} is off`)
        : {
            check: "vm-state",
            result: "warn",
            detail: `${name} is ${vm.state}; what its guest has not written is lost`,
            remedy: "Stop it first, so that its guest shuts down.",
          },
      ...(staying.length > 0
        ? [ok("what-stays", `Of ${name} stay: ${staying.map(({ choice }) => choice.what).join(", ")}`)]
        : []),
    ],
  };
}

interface Part {
  readonly choice: PlanChoice;
  /** Absent for what stays. */
  readonly goes?: WordedStep;
}

function part(what: string, why: string, goes?: WordedStep): Part {
  return { choice: { what, chosen: goes ? "goes" : "stays", why }, ...(goes ? { goes } : {}) };
}

function disksOf({ site, vm, sharedVolumes = {} }: SeenVm & { vm: Vm }, keep: boolean | undefined): Part[] {
  return vm.disks.map(({ diskId, volumeId, sizeBytes }) => {
    const what = `disk ${diskId} of ${nameOf(site, vm)} (${volumeId})`;
    const user = sharedVolumes[volumeId];
    if (user !== undefined) return part(what, `${user} uses it too`);
    if (keep === true) return part(what, "disks are to be kept");
    return part(what, "it belongs to the VM", {
      step: { action: "delete-volume", volumeId },
      detail: `Delete disk ${diskId} of ${nameOf(site, vm)}: ${volumeId}, ${Math.ceil(sizeBytes / 2 ** 20)} MiB`,
      resource: { kind: "volume", id: volumeId },
    });
  });
}

function snapshotsOf(
  { site, vm, snapshots = [], sharedVolumes = {} }: SeenVm & { vm: Vm },
  { deleteSnapshots, keepDisks }: OperateObservations["request"],
): Part[] {
  const own = new Set(vm.disks.map(({ volumeId }) => volumeId).filter((volumeId) => !(volumeId in sharedVolumes)));
  return snapshots
    .filter(({ volumeId }) => volumeId !== undefined && own.has(volumeId))
    .map(({ snapshotId, volumeId }) => {
      const what = `snapshot ${snapshotId} of ${volumeId}`;
      if (deleteSnapshots !== true || keepDisks === true) return part(what, "snapshots stay unless asked for");
      return part(what, "it was asked for", {
        step: { action: "delete-snapshot", snapshotId },
        detail: `Delete snapshot ${snapshotId} of ${nameOf(site, vm)}`,
        resource: { kind: "snapshot", id: snapshotId },
      });
    });
}

function addressesOf(
  { site, vm, addresses = [] }: SeenVm & { vm: Vm },
  { releaseAddresses }: OperateObservations["request"],
): Part[] {
  return addresses.map(({ addressId, address }) => {
    const what = `address ${address} (${addressId})`;
    if (releaseAddresses !== true) return part(what, "addresses stay unless asked for; an unused one still costs");
    return part(what, "it was asked for", {
      step: { action: "release-address", addressId },
      detail: `Release address ${address} of ${nameOf(site, vm)}`,
      resource: { kind: "address", id: addressId },
    });
  });
}
