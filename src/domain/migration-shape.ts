import { gib } from "./format.ts";
import { type FormerShape, readFormerShape, writeFormerShape } from "./former-shape.ts";
import { drivesDisk, guestChecks } from "./guest-checks.ts";
import type { CapacityType } from "./instance-type.ts";
import type { MigrationObservations } from "./migration-parts.ts";
import { type Offering, type Placement, type PlacementWish, place } from "./placement.ts";
import type { PlanCheck, PlanChoice } from "./plan.ts";
import { describeQuota, type Quota, type QuotaUse, quotasOfType, quotaUse } from "./quota.ts";
import type { DiskBus } from "./vm.ts";

/** What the VM is at the target: its size, its disks' controller, its MACs. */
export interface PlannedShape {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Best first; empty where the site has no sizes of its own. */
  readonly offerings: readonly Offering[];
  readonly capacityType: CapacityType;
  /** In the order of the VM's disks. */
  readonly buses: readonly DiskBus[];
  /** In the order of its NICs. */
  readonly macs: readonly (string | undefined)[];
  /** The tag with the shape to go back to; undefined where there is nothing to remember. */
  readonly former?: string;
  readonly choices: readonly PlanChoice[];
  readonly checks: readonly PlanCheck[];
}

export function planShape(seen: MigrationObservations, zone: string | undefined): PlannedShape {
  return seen.target.instanceTypes ? planFixedShape(seen, zone) : planFreeShape(seen);
}

/** A site that gives a VM any size: it gets what was asked for, or what it has, or had before it went to a cloud. */
function planFreeShape(seen: MigrationObservations): PlannedShape {
  const { request, vm, target } = seen;
  const former = readFormerShape(vm);
  const size = wantedSize(seen, former);
  const gaps = target.capabilityGaps;
  const asked: [string, string | undefined, string][] = [
    ["compute.instance-types", request.instanceType, "Leave --instance-type out; ask for --cpus and --memory."],
    ["compute.spot", request.capacityType === "spot" ? "spot" : undefined, "Ask for on-demand capacity."],
  ];
  const fromFixed = seen.source.fixedShapes;
  const macs = vm.nics.map((nic, index) => (fromFixed ? former?.macs[index] : nic.mac));
  const carried = macs.some((mac) => mac !== undefined) && former !== undefined && fromFixed;
  const disks = planBuses(seen, former);
  return {
    ...size,
    offerings: [],
    capacityType: "on-demand",
    buses: disks.buses,
    macs: gaps["network.fixed-mac"] === undefined ? macs : macs.map(() => undefined),
    choices: [
      ...size.choices,
      ...disks.choices,
      ...(carried ? [{ what: "MAC addresses", chosen: macs.map((mac) => mac ?? "new").join(", "), why: itHad }] : []),
    ],
    checks: asked.flatMap(([capability, value, remedy]): PlanCheck[] => {
      if (value === undefined) return [];
      const reason = gaps[capability] ?? `${request.to} has no sizes to choose from`;
      return [{ check: `target-${capability}`, result: "fail", detail: `${value} was asked for: ${reason}`, remedy }];
    }),
  };
}

const itHad = "it had them before it went to a cloud";

function wantedSize(seen: MigrationObservations, former: FormerShape | undefined) {
  const { request, vm } = seen;
  const untouched =
    former !== undefined && former.became.cpus === vm.cpus && former.became.memoryBytes === vm.memoryBytes;
  const base = untouched ? former : vm;
  const cpus = request.cpus ?? base.cpus;
  const memoryBytes = request.memoryBytes ?? base.memoryBytes;
  const asked = request.cpus !== undefined || request.memoryBytes !== undefined;
  const changed = cpus !== vm.cpus || memoryBytes !== vm.memoryBytes;
  const choice: PlanChoice = {
    what: "size",
    chosen: describeSize({ cpus, memoryBytes }),
    why: asked ? "it was asked for" : `it had that before it went to a cloud, which made ${describeSize(vm)} of it`,
  };
  return { cpus, memoryBytes, choices: changed ? [choice] : [] };
}

/** What the guest's disks hang on at a site that can do any of it. */
function planBuses(seen: MigrationObservations, former: FormerShape | undefined) {
  const { vm } = seen;
  const current = vm.disks.map((disk) => disk.bus);
  if (!seen.source.fixedShapes) return { buses: current, choices: [] };
  const what = "disk controller";
  if (former && former.buses.length === vm.disks.length) {
    const chosen = [...new Set(former.buses)].join(", ");
    return { buses: former.buses, choices: [{ what, chosen, why: itHad.replace("them", "it") }] };
  }
  const { guest } = seen;
  const usable = guest?.known ? freeBuses.find((bus) => drivesDisk(guest.value, bus)) : undefined;
  const chosen = usable ?? "virtio-blk";
  const why = usable
    ? "the guest has drivers for it"
    : "nothing tells what the guest has drivers for; the boot proof will";
  return { buses: current.map(() => chosen), choices: [{ what, chosen, why }] };
}

/** Quickest first. */
const freeBuses: readonly DiskBus[] = ["virtio-blk", "virtio-scsi", "nvme", "sata", "ide"];

/** A site with sizes of its own, each with the hardware that it shows a guest. */
function planFixedShape(seen: MigrationObservations, zone: string | undefined): PlannedShape {
  const { request, vm, target } = seen;
  const former = readFormerShape(vm);
  const size = wantedSize(seen, former);
  const { cpus, memoryBytes } = size;
  const capacityType = request.capacityType ?? "on-demand";
  const wish: PlacementWish = {
    cpus,
    memoryBytes,
    architecture: vm.architecture,
    firmware: vm.firmware,
    disks: vm.disks.length,
    nics: Math.max(1, vm.nics.length),
    gpus: request.gpus ?? 0,
    capacityType,
    burstable: request.burstable ?? false,
    ...(request.instanceType === undefined ? {} : { instanceType: request.instanceType }),
    ...(zone === undefined ? {} : { zone }),
  };
  const { offerings, why } = placeAt(seen, wish);
  const [best] = offerings;
  const what = "instance type";
  if (!best) {
    const remedy = request.instanceType
      ? "Name another one with --instance-type, or leave it out."
      : "Ask for another size with --cpus and --memory, allow burstable sizes, or choose another target.";
    return {
      cpus,
      memoryBytes,
      offerings,
      capacityType,
      buses: vm.disks.map((disk) => disk.bus),
      macs: vm.nics.map(() => undefined),
      choices: [...size.choices, { what, chosen: "none", why }],
      checks: [
        { check: "target-instance-type", result: "fail", detail: `No size at ${request.to}: ${why}`, remedy },
        ...spotCheck(seen),
      ],
    };
  }
  const { type } = best;
  const keepsMac = target.capabilityGaps["network.fixed-mac"] === undefined;
  const alternatives = offerings.slice(1).map((offering) => offering.type.name);
  return {
    cpus,
    memoryBytes,
    offerings,
    capacityType,
    buses: vm.disks.map(() => type.diskBus),
    macs: vm.nics.map((nic) => (keepsMac ? nic.mac : undefined)),
    former: writeFormerShape({
      ...(seen.source.fixedShapes && former ? former : ownShape(seen, { cpus, memoryBytes })),
      became: { cpus: type.cpus, memoryBytes: type.memoryBytes },
    }),
    choices: [
      ...size.choices,
      { what, chosen: `${type.name} (${describeSize(type)})`, why },
      ...(alternatives.length > 0
        ? [{ what: `${what} when there is no capacity`, chosen: alternatives.join(", then "), why: "they fit as well" }]
        : []),
      { what: "disk controller", chosen: type.diskBus, why: `${type.name} shows its disks so` },
    ],
    checks: [
      {
        check: "target-instance-type",
        result: "pass",
        detail: `${type.name} at ${request.to} has ${describeSize(type)} for ${describeSize({ cpus, memoryBytes })}`,
      },
      ...smallCheck(seen, type, { cpus, memoryBytes }),
      ...spotCheck(seen),
      ...(keepsMac || vm.nics.length === 0 ? [] : [macCheck(seen)]),
      ...quotaChecks(seen, quotasOfType(target.quotas ?? [], type, capacityType)),
    ],
  };
}

/** Sizes with hardware that the guest can drive. Where there are none, any: the check of the guest says what it lacks. */
function placeAt({ vm, guest, target }: MigrationObservations, wish: PlacementWish): Placement {
  const { instanceTypes = [], prices = { provider: "", region: "", prices: [] }, quotas = [] } = target;
  const placeAny = (unusable?: PlacementWish["unusable"]) =>
    place({ ...wish, ...(unusable ? { unusable } : {}) }, instanceTypes, prices, quotas);
  const disk = vm.disks.find(({ boot }) => boot) ?? vm.disks[0];
  if (!guest?.known || !disk) return placeAny();
  const { firmware } = vm;
  const driven = placeAny(({ diskBus, nicModel }) => {
    const nic = vm.nics.length > 0 ? nicModel : undefined;
    const checks = guestChecks(guest.value, { diskBus, nic, firmware }, { diskBus: disk.bus, firmware });
    const lacks = checks.some(({ check, result }) => result === "fail" && check.endsWith("-driver"));
    return lacks ? "show hardware that the guest has no drivers for" : undefined;
  });
  return driven.offerings.length > 0 ? driven : placeAny();
}

function ownShape({ vm }: MigrationObservations, size: { cpus: number; memoryBytes: number }) {
  return { ...size, buses: vm.disks.map((disk) => disk.bus), macs: vm.nics.map((nic) => nic.mac) };
}

function smallCheck(
  { request }: MigrationObservations,
  type: Offering["type"],
  wanted: { cpus: number; memoryBytes: number },
): PlanCheck[] {
  if (type.cpus >= wanted.cpus && type.memoryBytes >= wanted.memoryBytes) return [];
  return [
    {
      check: "target-size",
      result: "warn",
      detail: `${request.instanceType} has ${describeSize(type)}, less than the VM's ${describeSize(wanted)}`,
      remedy: "Make sure that the guest gets along with it, or name a larger size.",
    },
  ];
}

function spotCheck({ request, target }: MigrationObservations): PlanCheck[] {
  if (request.capacityType !== "spot") return [];
  const gap = target.capabilityGaps["compute.spot"];
  if (gap !== undefined) {
    const remedy = "Ask for on-demand capacity.";
    return [{ check: "target-compute.spot", result: "fail", detail: gap, remedy }];
  }
  return [
    {
      check: "target-compute.spot",
      result: "warn",
      detail: `${request.to} may take spot capacity back at short notice`,
      remedy: "Use it for what may be interrupted only.",
    },
  ];
}

function macCheck({ request, target }: MigrationObservations): PlanCheck {
  return {
    check: "target-network.fixed-mac",
    result: "warn",
    detail: `The VM gets new MAC addresses at ${request.to}: ${target.capabilityGaps["network.fixed-mac"]}`,
    remedy: "See to it that the guest's network configuration doesn't name a MAC.",
  };
}

/** The site's own bounds, beside our ceilings. */
function quotaChecks(seen: MigrationObservations, ofType: readonly QuotaUse[]): PlanCheck[] {
  const { target, disks, request } = seen;
  const wholeGib = disks.reduce((sum, disk) => sum + Math.ceil(disk.targetSizeBytes / 2 ** 30), 0);
  const needs: Readonly<Record<string, number>> = {
    vms: 1,
    volumes: disks.length,
    "volume-gib": wholeGib,
    addresses: request.publicAddress === true ? 1 : 0,
  };
  const others = (target.quotas ?? [])
    .filter((quota: Quota) => quota.instanceFamilies === undefined && (needs[quota.quota] ?? 0) > 0)
    .map((quota) => quotaUse(quota, needs[quota.quota] ?? 0));
  if (target.quotasUnread !== undefined) {
    const remedy = "Nothing has to be done; a quota that is reached shows when the VM is created.";
    return [{ check: "quotas", result: "warn", detail: target.quotasUnread, remedy }];
  }
  return [...ofType, ...others].map(({ quota, needed, fits }): PlanCheck => {
    const check = `quota-${quota.quota}`;
    const detail = `${describeQuota(quota)}, ${needed} more needed`;
    if (fits === true) return { check, result: "pass", detail };
    if (fits === undefined) {
      return {
        check,
        result: "warn",
        detail: `${detail}; the site doesn't say what is used`,
        remedy: "Look at the site.",
      };
    }
    const remedy = `Ask ${request.to} for a higher quota, or remove what is not needed there.`;
    return { check, result: "fail", detail, remedy };
  });
}

function describeSize({ cpus, memoryBytes }: { cpus: number; memoryBytes: number }): string {
  return `${cpus} CPU, ${gib(memoryBytes)} GiB`;
}
