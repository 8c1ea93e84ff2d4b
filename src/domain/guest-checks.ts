import type { Guest } from "./guest.ts";
import { bootProofTells, diskDrivers, driverCheck, nicDrivers, startingKernels } from "./guest-drivers.ts";
import type { NicModel } from "./instance-type.ts";
import type { PlanCheck } from "./plan.ts";
import type { DiskBus, Firmware } from "./vm.ts";

/** The virtual hardware a guest sees. */
export interface GuestHardware {
  readonly diskBus: DiskBus;
  /** Undefined: not known, or it has no network. */
  readonly nic?: NicModel;
  readonly firmware: Firmware;
}

/** How Linux names the disks of a controller. */
export const controllerNames: Readonly<Record<DiskBus, string>> = {
  "virtio-blk": "vd",
  "virtio-scsi": "sd",
  nvme: "nvme",
  ide: "sd",
  sata: "sd",
  xen: "xvd",
  hyperv: "sd",
};

/**
 * Whether a guest will find its disk, its network and its boot loader on other hardware. What it starts from today
 * (`source`) needs no proof. What cannot be told is a warning with the reason.
 */
export function guestChecks(guest: Guest, target: GuestHardware, source: GuestHardware): PlanCheck[] {
  return [
    ...diskDriverChecks(guest, target, source),
    ...nicDriverChecks(guest, target, source),
    ...firmwareChecks(guest, target, source),
    ...deviceNameChecks(guest, target, source),
    ...interfaceNameChecks(guest, target, source),
  ];
}

/** Whether its kernel surely finds a root file system behind such a controller. */
export function drivesDisk(guest: Guest, bus: DiskBus): boolean {
  const need = { check: "", needs: diskDrivers[bus], what: bus, early: true, elsewhere: "" };
  return driverCheck(guest, need).result === "pass";
}

/** Whether what the kernel says can be seen on a serial console, which a boot proof by its output needs. */
export function consoleCheck(guest: Guest): PlanCheck[] {
  const line = startingKernels(guest)[0]?.commandLine;
  if (!line?.known || /(?:^|\s)console=(?:ttyS|hvc)\d/.test(line.value)) return [];
  return [
    {
      check: "guest-console",
      result: "warn",
      detail: "The kernel's command line has no console=ttyS0, so a serial console may stay silent",
      remedy: "Add console=ttyS0 to the guest's kernel command line, or prove the boot with a TCP or HTTP probe.",
    },
  ];
}

function diskDriverChecks(guest: Guest, target: GuestHardware, source: GuestHardware): PlanCheck[] {
  const check = "guest-disk-driver";
  const { diskBus } = target;
  if (diskBus === source.diskBus) {
    return [{ check, result: "pass", detail: `Its disks are ${diskBus} at the target as at the source` }];
  }
  const elsewhere = `Or choose a target whose disks are ${source.diskBus}.`;
  return [driverCheck(guest, { check, needs: diskDrivers[diskBus], what: `${diskBus} disks`, early: true, elsewhere })];
}

function nicDriverChecks(guest: Guest, target: GuestHardware, source: GuestHardware): PlanCheck[] {
  const { nic } = target;
  if (nic === undefined || nic === source.nic) return [];
  const elsewhere = "Or choose a target with a network interface it can drive.";
  const needs = nicDrivers[nic];
  return [
    driverCheck(guest, { check: "guest-network-driver", needs, what: `the ${nic} interface`, early: false, elsewhere }),
  ];
}

function firmwareChecks(guest: Guest, target: GuestHardware, source: GuestHardware): PlanCheck[] {
  const check = "guest-boot-loader";
  const { firmware } = target;
  const fallback = /^efi\/boot\/boot[a-z0-9]+\.efi$/;
  if (firmware === source.firmware) {
    const travels =
      firmware === "bios" || !guest.efiLoaders.known || guest.efiLoaders.value.some((path) => fallback.test(path));
    if (travels) return [];
    return [
      {
        check,
        result: "warn",
        detail: "Its EFI partition has no EFI/BOOT loader, and the entry in the machine's own memory stays behind",
        remedy: "In the guest, put a loader there: grub-install --force-extra-removable (or --removable).",
      },
    ];
  }
  if (!guest.firmware.known) {
    const detail = `Cannot tell whether it starts with ${firmware}: ${guest.firmware.reason}`;
    return [{ check, result: "warn", detail, remedy: bootProofTells }];
  }
  if (guest.firmware.value.includes(firmware)) {
    return [{ check, result: "pass", detail: `It has a boot loader for ${firmware}` }];
  }
  return [
    {
      check,
      result: "fail",
      detail: `It has no boot loader for ${firmware}, which the target starts it with`,
      remedy: `Install one in the guest, or choose a target that starts VMs with ${source.firmware}.`,
    },
  ];
}

/** Names such as `/dev/vda1` are others on another controller. */
function deviceNameChecks(guest: Guest, target: GuestHardware, source: GuestHardware): PlanCheck[] {
  const check = "guest-device-names";
  const [before, after] = [controllerNames[source.diskBus], controllerNames[target.diskBus]];
  if (before === after) return [];
  const line = startingKernels(guest)[0]?.commandLine;
  const root = line?.known ? /(?:^|\s)root=(\/dev\/\S+)/.exec(line.value)?.[1] : undefined;
  const mounted = guest.namedDevices.known ? guest.namedDevices.value : [];
  const named = [
    ...(root === undefined ? [] : [{ device: root, mountPoint: "the kernel's root=", required: true }]),
    ...mounted,
  ].filter(({ device }) => device.startsWith(`/dev/${before}`) || device.startsWith("/dev/disk/by-path/"));
  const [worst] = [...named].sort((a, b) => Number(b.required) - Number(a.required));
  if (!worst) return [];
  const places = named.map(({ device, mountPoint }) => `${device} for ${mountPoint}`).join(", ");
  return [
    {
      check,
      result: worst.required ? "fail" : "warn",
      detail: `It names disks by their controller (${places}); at the target they are /dev/${after}…`,
      remedy: "Name them by UUID in the guest's /etc/fstab and boot loader (blkid shows the UUIDs).",
    },
  ];
}

export function interfaceNameChecks(guest: Guest, target: GuestHardware, source: GuestHardware): PlanCheck[] {
  if (target.nic === undefined || target.nic === source.nic || !guest.network.known) return [];
  const { interfaces, styles } = guest.network.value;
  const line = startingKernels(guest)[0]?.commandLine;
  const stable =
    line?.known &&
    /(?:^|\s)net\.ifnames=0(?:\s|$)/.test(line.value) &&
    interfaces.every((name) => /^eth\d$/.test(name));
  if (interfaces.length === 0 || stable || styles.includes("cloud-init")) return [];
  return [
    {
      check: "guest-interface-names",
      result: "warn",
      detail: `Its network configuration (${styles.join(", ")}) names ${interfaces.join(", ")}; at the target the interface may be called otherwise`,
      remedy: "Match the interface by its MAC address or any name in the guest, or see to a console there.",
    },
  ];
}
