/** How a simulated cloud's machine looks to its guest. */
export interface GuestSpec {
  /** Also the name of its files; letters, digits and hyphens. */
  readonly id: string;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly firmware: "bios" | "uefi";
  readonly disks: readonly GuestDisk[];
  readonly nic?: GuestNic;
  /** What the machine says it is: SMBIOS' system manufacturer, product and serial number. */
  readonly system: { readonly manufacturer: string; readonly product: string; readonly serial: string };
}

export type DiskController = "nvme" | "virtio-blk" | "virtio-scsi" | "ide";

export interface GuestDisk {
  /** Stays with the disk while its files change. */
  readonly diskId: string;
  readonly layerId: string;
  /** A QCOW2 file. */
  readonly path: string;
  readonly controller: DiskController;
  /** What the guest reads as the disk's serial number; at most 20 characters, on a SCSI bus 36. */
  readonly serial: string;
  readonly readOnly?: boolean;
  /** The block node that QEMU was given, whatever layers have come on top of it since. */
  readonly node?: string;
}

export interface GuestNic {
  readonly mac: string;
  /** The subnet that the guest believes to be in: CIDR, router, name server and its own address. */
  readonly subnet: string;
  readonly router: string;
  readonly nameServer: string;
  readonly address: string;
  readonly forwards: readonly Forward[];
  /** It reaches nobody outside, not even this machine; what is forwarded to it still comes in. */
  readonly isolated?: boolean;
}

/** A TCP port of a loopback address that leads to a port of the guest. */
export interface Forward {
  readonly address: string;
  readonly port: number;
  readonly guestPort: number;
}

/** Free slots for disks that are attached while the guest runs. */
export const hotplugSlots = ["slot0", "slot1", "slot2", "slot3"] as const;

export interface GuestFiles {
  readonly qmpSocket: string;
  readonly console: string;
  /** Flash images, for UEFI. */
  readonly firmwareCode?: string;
  readonly firmwareVariables?: string;
}

/** QEMU's arguments. Always software emulation: a sandbox must not depend on what the processor can do. */
export function commandLine(spec: GuestSpec, files: GuestFiles): string[] {
  // IDE as it was before AHCI comes with the older board, which has no slots for disks to come.
  const ide = spec.disks.some(({ controller }) => controller === "ide");
  const board = ide ? "pc" : "q35";
  const args = ["-name", `guest=${spec.id}`, "-machine", `${board},accel=tcg,usb=off`, "-cpu", "max"];
  args.push("-smp", String(spec.cpus), "-m", String(spec.memoryMib));
  args.push("-nodefaults", "-no-user-config", "-display", "none", "-rtc", "base=utc");
  args.push("-qmp", `unix:${option(files.qmpSocket)},server=on,wait=off`);
  args.push("-chardev", `file,id=console,path=${option(files.console)},append=off`, "-serial", "chardev:console");
  args.push("-object", "rng-random,id=random,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=random");
  const { manufacturer, product, serial } = spec.system;
  const system = `type=1,manufacturer=${option(manufacturer)},product=${option(product)},serial=${option(serial)}`;
  args.push("-smbios", system);
  if (files.firmwareCode !== undefined && files.firmwareVariables !== undefined) {
    args.push("-drive", `if=pflash,format=raw,unit=0,readonly=on,file=${option(files.firmwareCode)}`);
    args.push("-drive", `if=pflash,format=raw,unit=1,file=${option(files.firmwareVariables)}`);
  }
  for (const [index, slot] of ide ? [] : hotplugSlots.entries()) {
    args.push("-device", `pcie-root-port,id=${slot},chassis=${index + 1},slot=${index + 1}`);
  }
  if (spec.disks.some(({ controller }) => controller === "virtio-scsi"))
    args.push("-device", "virtio-scsi-pci,id=scsi");
  for (const [index, disk] of spec.disks.entries()) {
    args.push("-blockdev", JSON.stringify(blockdev(disk)));
    args.push("-device", JSON.stringify({ ...diskDevice(disk, index), bootindex: index }));
  }
  if (spec.nic) args.push("-netdev", netdev(spec.nic), "-device", `virtio-net-pci,netdev=net0,mac=${spec.nic.mac}`);
  return args;
}

export function blockdev(disk: GuestDisk): object {
  const readOnly = disk.readOnly === true ? { "read-only": true } : {};
  const file = { driver: "file", filename: disk.path, ...readOnly };
  return { driver: "qcow2", "node-name": disk.layerId, discard: "unmap", ...readOnly, file };
}

/** Disks at IDE: two channels of two. */
export const ideDisksAtMost = 4;

/** `index` counts the disks that a machine starts with. */
export function diskDevice(disk: GuestDisk, index = 0): Readonly<Record<string, unknown>> {
  const common = { id: disk.diskId, drive: disk.layerId, serial: disk.serial };
  switch (disk.controller) {
    case "nvme":
      return { driver: "nvme", ...common };
    case "virtio-blk":
      return { driver: "virtio-blk-pci", ...common };
    case "virtio-scsi":
      return { driver: "scsi-hd", bus: "scsi.0", ...common };
    case "ide":
      return { driver: "ide-hd", bus: `ide.${Math.floor(index / 2)}`, unit: index % 2, ...common };
  }
}

/** User networking shows the guest the subnet it would have, and lets in what is forwarded. */
function netdev(nic: GuestNic): string {
  const { subnet, router, nameServer, address, forwards, isolated } = nic;
  const published = forwards.map((forward) => `,hostfwd=${forwardRule(forward)}`);
  const restrict = isolated === true ? "restrict=on," : "";
  return `user,id=net0,${restrict}net=${subnet},host=${router},dns=${nameServer},dhcpstart=${address}${published.join("")}`;
}

export function forwardRule({ address, port, guestPort }: Forward): string {
  return `tcp:${address}:${port}-:${guestPort}`;
}

/** In QEMU's option strings a comma in a value is doubled. */
function option(value: string): string {
  return value.replaceAll(",", ",,");
}
