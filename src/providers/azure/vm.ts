import type { Disk, VirtualMachine, VirtualMachineInstanceView } from "@azure/arm-compute";
import type { InstanceType } from "../../domain/instance-type.ts";
import type { PowerState, Vm, VmDisk } from "../../domain/vm.ts";
import { diskBus } from "./instance-types.ts";
import { parseId } from "./names.ts";
import { fromWire, vmTagRules } from "./tags.ts";

const GiB = 2 ** 30;
export const osDiskId = "os";
const lunPrefix = "lun";

/** "States and billing status of Azure Virtual Machines". Stopped is off and still paid for, deallocated is off. */
const powerStates: Readonly<Record<string, PowerState>> = {
  starting: "starting",
  running: "running",
  stopping: "stopping",
  stopped: "stopped",
  deallocating: "stopping",
  deallocated: "stopped",
};

/** Azure's own word for whether it runs. */
export function powerWord(view: VirtualMachineInstanceView | undefined): string {
  const code = view?.statuses?.find((status) => status.code?.startsWith("PowerState/"))?.code;
  return code?.slice("PowerState/".length) ?? "unknown";
}

export function powerStateOf(view: VirtualMachineInstanceView | undefined): PowerState {
  return powerStates[powerWord(view)] ?? "unknown";
}

export interface Device {
  readonly diskId: string;
  /** Its managed disk's name; empty where it is none. */
  readonly volumeId: string;
  readonly resourceId: string;
  readonly boot: boolean;
}

/** The disks of a VM, the boot disk first. */
export function devicesOf({ storageProfile }: VirtualMachine): Device[] {
  const { osDisk, dataDisks = [] } = storageProfile ?? {};
  const device = (diskId: string, id: string | undefined, boot: boolean): Device => {
    return { diskId, volumeId: parseId(id).name, resourceId: id ?? "", boot };
  };
  return [
    ...(osDisk ? [device(osDiskId, osDisk.managedDisk?.id, true)] : []),
    ...dataDisks
      .toSorted((a, b) => a.lun - b.lun)
      .map(({ lun, managedDisk }) => device(`${lunPrefix}${lun}`, managedDisk?.id, false)),
  ];
}

/** What a network interface of a VM comes to. */
export interface SeenNic {
  readonly nicId: string;
  readonly networkId: string;
  readonly mac?: string;
  readonly privateAddress?: string;
  readonly publicAddress?: string;
}

export interface VmParts {
  readonly site: string;
  readonly view: VirtualMachineInstanceView | undefined;
  /** By name. */
  readonly disks: ReadonlyMap<string, Disk>;
  readonly nics: readonly SeenNic[];
  readonly type: InstanceType | undefined;
}

export function toVm(machine: VirtualMachine, { site, view, disks, nics, type }: VmParts): Vm {
  const { name = "", hardwareProfile, priority, zones, timeCreated } = machine;
  const { tags, notes } = fromWire(machine.tags, vmTagRules);
  const state = powerStateOf(view);
  const publishPorts = (notes.publishPorts ?? "")
    .split(" ")
    .map(Number)
    .filter((port) => port > 0);
  const host = nics.map((nic) => nic.publicAddress ?? nic.privateAddress).find((address) => address !== undefined);
  const boot = devicesOf(machine).find((device) => device.boot);
  const generation = disks.get(boot?.volumeId ?? "")?.hyperVGeneration ?? view?.hyperVGeneration;
  return {
    vmId: name,
    site,
    name: notes.name ?? name,
    state,
    cpus: type?.cpus ?? 1,
    memoryBytes: type?.memoryBytes ?? 0,
    ...(hardwareProfile?.vmSize && { instanceType: hardwareProfile.vmSize }),
    capacityType: priority === "Spot" ? "spot" : "on-demand",
    ...(zones?.[0] && { zone: zones[0] }),
    firmware: generation === "V2" ? "uefi" : "bios",
    architecture: type?.architecture ?? "x86_64",
    disks: devicesOf(machine).map(({ diskId, volumeId, boot }): VmDisk => {
      const disk = disks.get(volumeId);
      const kind = disk?.sku?.name;
      return { diskId, volumeId, sizeBytes: sizeOf(disk), bus: diskBus, boot, ...(kind && { type: kind }) };
    }),
    nics: nics.map(({ nicId, networkId, mac, privateAddress, publicAddress }) => ({
      nicId,
      networkId,
      ...(mac !== undefined && { mac }),
      ...(privateAddress !== undefined && { address: privateAddress }),
      ...(publicAddress !== undefined && { publicAddress }),
    })),
    publishPorts,
    endpoints:
      state === "running" && host !== undefined
        ? publishPorts.map((guestPort) => ({ guestPort, host, port: guestPort }))
        : [],
    tags,
    ...(timeCreated && { createdAt: timeCreated.toISOString() }),
  };
}

export function sizeOf(disk: { readonly diskSizeBytes?: number; readonly diskSizeGB?: number } | undefined): number {
  return disk?.diskSizeBytes ?? (disk?.diskSizeGB ?? 0) * GiB;
}
