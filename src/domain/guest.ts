import type { Firmware } from "./vm.ts";

/**
 * What a guest's disk says about the system on it, read from the disk alone: plain JSON. Every fact is known, or it is
 * unknown with the reason; nothing is guessed from a fact that could not be read.
 */

export type Fact<T> =
  | { readonly known: true; readonly value: T }
  /** `reason` is a phrase that goes after "cannot tell:", without a full stop. */
  | { readonly known: false; readonly reason: string };

export function known<T>(value: T): Fact<T> {
  return { known: true, value };
}

export function unknown(reason: string): { readonly known: false; readonly reason: string } {
  return { known: false, reason };
}

export type PartitionTable = "mbr" | "gpt" | "none";

/** What a stretch of the disk holds, told by its superblock. */
export type ContentKind =
  | "ext2"
  | "ext3"
  | "ext4"
  | "xfs"
  | "btrfs"
  | "fat"
  | "ntfs"
  | "swap"
  | "lvm2"
  | "luks"
  | "md-raid"
  | "iso9660";

export interface GuestVolume {
  /** `partition 1`, `the whole disk`, `logical volume vg/root`. */
  readonly name: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** Undefined when its content is of no kind we know. */
  readonly content?: ContentKind;
  readonly label?: string;
  readonly uuid?: string;
}

export interface GuestOs {
  readonly family: "linux" | "windows";
  /** `debian`, `rhel`: the `ID` of os-release. */
  readonly id?: string;
  readonly versionId?: string;
  /** As people call it. */
  readonly name: string;
}

export interface GuestInitramfs {
  /** Undefined: the kernel starts without one. */
  readonly path?: string;
  /** What its parts are compressed with, in order: `none`, `gzip`. */
  readonly compression: readonly string[];
  /** Drivers of {@link driversOfInterest} that it carries. */
  readonly drivers: readonly string[];
  /** True when what it starts with could load modules that are put behind it. */
  readonly takesMore?: boolean;
}

export interface GuestKernel {
  /** As `uname -r` will say. */
  readonly release: string;
  readonly path: string;
  /** True for the one that starts when nobody chooses. */
  readonly isDefault: boolean;
  readonly commandLine: Fact<string>;
  /** The file on the boot volume that has the command line word by word; absent where that is not known. */
  readonly menu?: string;
  readonly initramfs: Fact<GuestInitramfs>;
  /** Drivers of {@link driversOfInterest} inside the kernel itself. */
  readonly builtIn: Fact<readonly string[]>;
  /** Drivers of {@link driversOfInterest} that can be loaded once the root file system is there. */
  readonly installed: Fact<readonly string[]>;
  /** Drivers inside the kernel that its command line keeps from starting. */
  readonly disabledBuiltIn: readonly string[];
  /** Drivers that the command line or modprobe's configuration keeps from being loaded. */
  readonly disabledModules: readonly string[];
}

/** A device that is named by where it hangs, not by what is on it: the name changes with the controller. */
export interface NamedDevice {
  readonly device: string;
  readonly mountPoint: string;
  /** False when the system starts without it (`nofail`, `noauto`, swap). */
  readonly required: boolean;
}

export interface GuestNetwork {
  /** What configures it: `netplan`, `ifupdown`, `networkmanager`, `systemd-networkd`, `ifcfg`, `wicked`, `cloud-init`. */
  readonly styles: readonly string[];
  /** Interfaces that the configuration calls by name. */
  readonly interfaces: readonly string[];
  /** True when udev's rules for names (systemd.link) can be put into it. */
  readonly takesLinkFiles?: boolean;
}

/** Where what starts the system is, for who would change it. */
export interface GuestPlaces {
  /** Names of volumes. */
  readonly root: string;
  readonly boot: string;
}

/** What tells the machine from others. */
export interface GuestIdentity {
  readonly hasMachineId: boolean;
  /** D-Bus keeps its own copy of the machine id, of which systemd would make that again. */
  readonly hasBusId?: boolean;
  /** Files of SSH host keys, from the root volume's root. */
  readonly hostKeys: readonly string[];
  /** The unit that makes host keys when there are none, wherever the guest is; undefined when none known does. */
  readonly makesHostKeys?: string;
  /** Settings for cloud-init can be put beside its own. */
  readonly takesCloudSettings: boolean;
}

export interface Guest {
  readonly partitionTable: Fact<PartitionTable>;
  readonly volumes: readonly GuestVolume[];
  readonly os: Fact<GuestOs>;
  /** Firmware that finds a boot loader on this disk. */
  readonly firmware: Fact<readonly Firmware[]>;
  /** Paths of loaders on the EFI system partition; empty when there is no such partition. */
  readonly efiLoaders: Fact<readonly string[]>;
  /** Newest first. */
  readonly kernels: Fact<readonly GuestKernel[]>;
  readonly namedDevices: Fact<readonly NamedDevice[]>;
  readonly network: Fact<GuestNetwork>;
  readonly cloudInit: Fact<boolean>;
  readonly guestAgent: Fact<boolean>;
  /** Absent where they are not known. */
  readonly places?: GuestPlaces;
  readonly identity?: GuestIdentity;
  /** What a reader of these facts should know, such as a file system that was in use. */
  readonly notes: readonly string[];
  readonly bytesRead: number;
}

/** Kernel modules that decide whether a guest finds its disk and its network, under their names in `/lib/modules`
 *  with `_` for `-`. */
export const driversOfInterest = [
  "virtio_pci",
  "virtio_blk",
  "virtio_scsi",
  "virtio_net",
  "nvme",
  "nvme_core",
  "sd_mod",
  "scsi_mod",
  "libata",
  "ata_piix",
  "ata_generic",
  "ahci",
  "hv_vmbus",
  "hv_storvsc",
  "hv_netvsc",
  "ena",
  "ixgbevf",
  "gve",
  "mlx4_core",
  "mlx5_core",
  "mana",
  "e1000",
  "e1000e",
  "vmxnet3",
  "vmw_pvscsi",
  "xen_blkfront",
  "xen_netfront",
] as const;

export type Driver = (typeof driversOfInterest)[number];

const interesting: ReadonlySet<string> = new Set(driversOfInterest);

/** The drivers of interest among module names or paths (`kernel/drivers/nvme/host/nvme.ko.xz`), sorted. */
export function driversAmong(names: Iterable<string>): Driver[] {
  const found = new Set<string>();
  for (const name of names) {
    const driver = driverName(name);
    if (interesting.has(driver)) found.add(driver);
  }
  return [...found].sort() as Driver[];
}

/** `nvme-core.ko.zst` → `nvme_core`. */
export function driverName(moduleName: string): string {
  return moduleName
    .slice(moduleName.lastIndexOf("/") + 1)
    .replace(/\.ko(?:\.[a-z0-9]+)?$/, "")
    .replaceAll("-", "_");
}
