import { type Driver, driverName, type Fact, type Guest, type GuestKernel, type GuestOs } from "./guest.ts";
import type { NicModel } from "./instance-type.ts";
import type { PlanCheck } from "./plan.ts";
import type { DiskBus } from "./vm.ts";

/** Each row's drivers are all needed; of those side by side one is enough. */
type Needs = readonly (readonly Driver[])[];

export const diskDrivers: Readonly<Record<DiskBus, Needs>> = {
  "virtio-blk": [["virtio_blk"], ["virtio_pci"]],
  "virtio-scsi": [["virtio_scsi"], ["virtio_pci"], ["sd_mod"]],
  nvme: [["nvme"]],
  ide: [["ata_piix", "ata_generic"], ["sd_mod"]],
  sata: [["ahci"], ["sd_mod"]],
  xen: [["xen_blkfront"]],
  hyperv: [["hv_storvsc"], ["hv_vmbus"], ["sd_mod"]],
};

export const nicDrivers: Readonly<Record<NicModel, Needs>> = {
  "virtio-net": [["virtio_net"], ["virtio_pci"]],
  ena: [["ena"]],
  hv_netvsc: [["hv_netvsc"], ["hv_vmbus"]],
  gve: [["gve"]],
  e1000: [["e1000"]],
};

export const bootProofTells = "Nothing has to be done: the boot proof at the target tells.";

export interface DriverNeed {
  readonly check: string;
  readonly needs: Needs;
  readonly what: string;
  /** Needed before the root file system is there. */
  readonly early: boolean;
  readonly elsewhere: string;
}

export function driverCheck(guest: Guest, need: DriverNeed): PlanCheck {
  const { check, what, early, elsewhere } = need;
  const unsure = (reason: string): PlanCheck => ({
    check,
    result: "warn",
    detail: `Cannot tell whether the guest can drive ${what}: ${reason}`,
    remedy: bootProofTells,
  });
  if (!guest.kernels.known) return unsure(guest.kernels.reason);
  const kernels = startingKernels(guest);
  const verdicts = kernels.map((kernel) => verdictOf(kernel, need));
  const missing = verdicts.find((verdict) => verdict.result === "missing");
  if (missing && verdicts.every(({ result }) => result === "missing")) {
    return {
      check,
      result: "fail",
      detail: `${missing.detail}, which ${what} at the target need${early ? "" : "s"}`,
      remedy: `${prepare(guest.os, missing)} ${elsewhere}`,
    };
  }
  const unclear = verdicts.find(({ result }) => result !== "there");
  if (unclear) return unsure(unclear.detail);
  return { check, result: "pass", detail: `Kernel ${kernels[0]?.release} can drive ${what}` };
}

/** `enable`: its kernel's command line keeps it from starting. `add`: its module is not in the initramfs. */
export interface DriverCure {
  readonly driver: Driver;
  readonly how: "enable" | "add";
}

/** What would let a kernel drive the hardware: nothing when it can, undefined when none of these would. */
export function curesFor(kernel: GuestKernel, { needs, early }: Pick<DriverNeed, "needs" | "early">) {
  const cures: DriverCure[] = [];
  for (const alternatives of needs) {
    const results = alternatives.map((driver) => driverVerdict(kernel, driver, early).result);
    if (results.includes("there")) continue;
    const cure = results.includes("unclear")
      ? undefined
      : alternatives.map((driver) => cureOf(kernel, driver, early)).find((found) => found !== undefined);
    if (!cure) return undefined;
    cures.push(cure);
  }
  return cures;
}

function cureOf(kernel: GuestKernel, driver: Driver, early: boolean): DriverCure | undefined {
  const { builtIn, initramfs, installed, disabledBuiltIn, menu } = kernel;
  if (disabledBuiltIn.includes(driver) && builtIn.known && builtIn.value.includes(driver)) {
    return menu === undefined ? undefined : { driver, how: "enable" };
  }
  const carried = initramfs.known && initramfs.value.drivers.includes(driver);
  if (menu !== undefined && (carried || !early) && isSwitchedOffByLine(kernel, driver))
    return { driver, how: "enable" };
  const addable = initramfs.known && initramfs.value.path !== undefined && initramfs.value.takesMore;
  if (early && addable && installed.known && installed.value.includes(driver)) return { driver, how: "add" };
  return undefined;
}

/** Not by a file of modprobe's configuration. */
function isSwitchedOffByLine({ commandLine }: GuestKernel, driver: Driver): boolean {
  if (!commandLine.known) return false;
  const lists = commandLine.value.matchAll(
    /(?:^|\s)(?:module_blacklist|modprobe\.blacklist|rd\.driver\.blacklist|rdblacklist)=(\S+)/g,
  );
  return [...lists].some(([, list = ""]) => list.split(",").map(driverName).includes(driver));
}

/** The kernel that starts by itself; all of them when that is not known. */
export function startingKernels(guest: Guest): readonly GuestKernel[] {
  const kernels = guest.kernels.known ? guest.kernels.value : [];
  const first = kernels.filter(({ isDefault }) => isDefault);
  return first.length > 0 ? first : kernels;
}

interface Verdict {
  readonly result: "there" | "missing" | "unclear";
  readonly detail: string;
  readonly driver?: Driver;
  readonly switchedOff?: boolean;
  /** The module is on the root file system, so that an initramfs can be made with it. */
  readonly installed?: boolean;
}

function verdictOf(kernel: GuestKernel, { needs, early }: DriverNeed): Verdict {
  for (const alternatives of needs) {
    const verdicts = alternatives.map((driver) => driverVerdict(kernel, driver, early));
    const best =
      verdicts.find(({ result }) => result === "there") ?? verdicts.find(({ result }) => result === "unclear");
    const worst = best ?? verdicts[0];
    if (worst && worst.result !== "there") return worst;
  }
  return { result: "there", detail: "" };
}

function driverVerdict(kernel: GuestKernel, driver: Driver, early: boolean): Verdict {
  const { release, builtIn, initramfs, installed, disabledBuiltIn, disabledModules } = kernel;
  const switchedOff = (how: string): Verdict => ({
    result: "missing",
    detail: `Kernel ${release} has its ${driver} driver switched off (${how})`,
    driver,
    switchedOff: true,
  });
  if (builtIn.known && builtIn.value.includes(driver)) {
    return disabledBuiltIn.includes(driver) ? switchedOff("initcall_blacklist") : { result: "there", detail: "" };
  }
  const carries =
    (initramfs.known && initramfs.value.drivers.includes(driver)) ||
    (!early && installed.known && installed.value.includes(driver));
  if (carries && disabledModules.includes(driver)) return switchedOff("a blacklist of modules");
  if (carries) return { result: "there", detail: "" };
  const unread = [initramfs, builtIn, ...(early ? [] : [installed])].find((fact) => !fact.known);
  if (unread && !unread.known) return { result: "unclear", detail: `kernel ${release}: ${unread.reason}` };
  const where = early
    ? `Kernel ${release}'s initramfs has no ${driver} driver`
    : `Kernel ${release} has no ${driver} driver`;
  return { result: "missing", detail: where, driver, installed: !installed.known || installed.value.includes(driver) };
}

const initramfsTools = new Set(["debian", "ubuntu", "linuxmint", "raspbian", "kali", "devuan"]);
const dracut = /^(?:rhel|centos|rocky|almalinux|fedora|ol|amzn|sles|opensuse.*|mariner|azurelinux)$/;

function prepare(os: Fact<GuestOs>, { driver, switchedOff, installed }: Verdict): string {
  if (switchedOff) return `Take ${driver} off the blacklist in the guest and restart it.`;
  if (!installed) return `Install a kernel in the guest that has the driver ${driver}.`;
  const id = os.known ? (os.value.id ?? "") : "";
  if (initramfsTools.has(id)) {
    return `In the guest: echo ${driver} >> /etc/initramfs-tools/modules && update-initramfs -u -k all.`;
  }
  if (dracut.test(id)) return `In the guest: dracut --force --regenerate-all --add-drivers ${driver}.`;
  return `Put the module ${driver} into the guest's initramfs.`;
}
