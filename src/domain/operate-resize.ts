import {
  cannot,
  describeSize,
  isOff,
  nameOf,
  type OperateObservations,
  ok,
  type SeenVm,
  stopStep,
  unchanged,
  type VmDecision,
  type WordedStep,
} from "./operate-decision.ts";
import type { VmSize } from "./operation.ts";
import { place } from "./placement.ts";
import { resizedVm } from "./policy/admission.ts";
import { addUp, type CostItem, instanceMonth, noPrices } from "./prices.ts";
import type { Vm } from "./vm.ts";

/** A VM changes its size while it is off: one that runs is stopped for it and started again, where that was asked for. */
export function planResize(seen: SeenVm & { readonly vm: Vm }, all: OperateObservations): VmDecision {
  const { site, vm, capabilityGaps } = seen;
  const name = nameOf(site, vm);
  const gap = capabilityGaps["compute.resize"];
  if (gap !== undefined) return cannot("site-can-resize", `${name}: ${gap}`, "Move it to a site that can.");
  const chosen = chooseSize(seen, all);
  if ("refused" in chosen) return cannot("size", `${name}: ${chosen.refused}`, chosen.remedy);
  const { size, why, monthly } = chosen;
  const former: VmSize = {
    cpus: vm.cpus,
    memoryBytes: vm.memoryBytes,
    ...(vm.instanceType === undefined ? {} : { instanceType: vm.instanceType }),
  };
  const same = size.cpus === vm.cpus && size.memoryBytes === vm.memoryBytes && size.instanceType === vm.instanceType;
  if (same) return unchanged(`${name} has ${describeSize(vm)} already`);
  if (!isOff(vm) && all.request.restart !== true) {
    const remedy = "Stop it first, or allow a restart (--restart).";
    return cannot("vm-state", `${name} is ${vm.state}, and a size is changed while a VM is off`, remedy);
  }
  const judged =
    all.admit && seen.place
      ? resizedVm(seen.place, vm, size, { ...seen.beside, ...(monthly ? { monthly: addUp([monthly]) } : {}) })
      : undefined;
  const resize: WordedStep = {
    step: { action: "resize-vm", vmId: vm.vmId, size, former },
    detail: `Resize ${name} from ${describeSize(vm)} to ${describeSize(size)}`,
  };
  return {
    steps: isOff(vm)
      ? [resize]
      : [
          stopStep(site, vm, all),
          resize,
          { step: { action: "start-vm", vmId: vm.vmId }, detail: `Start ${name} again` },
        ],
    choices: [{ what: `size of ${name}`, chosen: describeSize(size), why }],
    checks: [ok("size", `${name} can have ${describeSize(size)}`), ...(judged ? (all.admit?.([judged]) ?? []) : [])],
    ...(judged ? { judged } : {}),
    ...(monthly ? { monthly: [monthly] } : {}),
  };
}

type Chosen =
  | { readonly size: VmSize; readonly why: string; readonly monthly?: CostItem }
  | { readonly refused: string; readonly remedy: string };

function chooseSize(
  { site, vm, capabilityGaps, instanceTypes, prices }: SeenVm & { vm: Vm },
  all: OperateObservations,
): Chosen {
  const { cpus, memoryBytes, instanceType, burstable = false } = all.request;
  if (cpus === undefined && memoryBytes === undefined && instanceType === undefined) {
    return { refused: "no new size was given", remedy: "Give --cpus, --memory or --instance-type." };
  }
  const wanted = { cpus: cpus ?? vm.cpus, memoryBytes: memoryBytes ?? vm.memoryBytes };
  if (!instanceTypes) {
    if (instanceType === undefined) return { size: wanted, why: "it was asked for" };
    const refused = capabilityGaps["compute.instance-types"] ?? `${site} has no sizes by name`;
    return { refused, remedy: "Ask for --cpus and --memory." };
  }
  const capacityType = vm.capacityType ?? "on-demand";
  const book = prices ?? noPrices;
  const { offerings, why } = place(
    {
      ...wanted,
      architecture: vm.architecture,
      firmware: vm.firmware,
      disks: vm.disks.length,
      nics: Math.max(1, vm.nics.length),
      gpus: 0,
      capacityType,
      burstable,
      ...(instanceType === undefined ? {} : { instanceType }),
      ...(vm.zone === undefined ? {} : { zone: vm.zone }),
    },
    instanceTypes,
    book,
    [],
  );
  const [best] = offerings;
  if (!best) return { refused: why, remedy: "Ask for another size." };
  const { name, cpus: gets, memoryBytes: memory } = best.type;
  const size = { cpus: gets, memoryBytes: memory, instanceType: name };
  return { size, why, ...(prices ? { monthly: instanceMonth(prices, name, capacityType) } : {}) };
}
