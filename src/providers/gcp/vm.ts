import type * as Compute from "@google-cloud/compute";
import type { DiskBus, PowerState, Vm, VmDisk } from "../../domain/vm.ts";
import { notFound, type Subject } from "../failures.ts";
import type { Gcp } from "./client.ts";
import { seenOf } from "./labels.ts";
import { nameOf } from "./names.ts";

export type Instance = Compute.protos.google.cloud.compute.v1.IInstance;

const GiB = 2 ** 30;
/** "VM instance lifecycle". */
const states: Readonly<Record<string, PowerState>> = {
  PROVISIONING: "starting",
  STAGING: "starting",
  RUNNING: "running",
  REPAIRING: "starting",
  PENDING: "starting",
  PENDING_STOP: "stopping",
  STOPPING: "stopping",
  TERMINATED: "stopped",
  STOPPED: "stopped",
  SUSPENDING: "stopping",
  SUSPENDED: "paused",
};

/** @throws NotFound. */
export async function instanceOf(gcp: Gcp, vmId: string, subject: Subject, signal: AbortSignal): Promise<Instance> {
  const instance = await gcp.find<Instance>("instances", { instance: vmId }, subject, signal);
  if (instance) return instance;
  throw notFound(subject, "there is no such VM in the zone");
}

/** A device's name in its instance is its disk's id. The boot disk comes first. */
export function attachedDisks(
  instance: Instance,
): { diskId: string; volumeId: string; boot: boolean; sizeBytes: number; bus: DiskBus; autoDelete: boolean }[] {
  const found = (instance.disks ?? []).filter(({ type, source }) => type !== "SCRATCH" && source);
  return found
    .toSorted((a, b) => Number(b.boot ?? false) - Number(a.boot ?? false) || (a.index ?? 0) - (b.index ?? 0))
    .map(({ deviceName, source, boot, diskSizeGb, autoDelete, interface: bus }) => ({
      diskId: deviceName ?? "",
      volumeId: nameOf(source),
      boot: boot ?? false,
      sizeBytes: Number(diskSizeGb ?? 0) * GiB,
      bus: bus === "NVME" ? "nvme" : "virtio-scsi",
      autoDelete: autoDelete ?? false,
    }));
}

export interface MachineSize {
  readonly cpus: number;
  readonly memoryBytes: number;
}

export function toVm(instance: Instance, site: string, size: MachineSize): Vm {
  const { tags, described } = seenOf(instance);
  const state = states[instance.status ?? ""] ?? "unknown";
  const [boot] = (instance.disks ?? []).filter((disk) => disk.boot);
  const publishPorts = described.publishPorts ?? [];
  const [nic] = instance.networkInterfaces ?? [];
  const host = nic?.accessConfigs?.[0]?.natIP || nic?.networkIP;
  const isUefi = (boot?.guestOsFeatures ?? []).some(({ type }) => type === "UEFI_COMPATIBLE");
  return {
    vmId: instance.name ?? "",
    site,
    name: described.name ?? instance.name ?? "",
    state,
    ...size,
    instanceType: nameOf(instance.machineType),
    capacityType: instance.scheduling?.provisioningModel === "SPOT" ? "spot" : "on-demand",
    zone: nameOf(instance.zone),
    firmware: isUefi ? "uefi" : "bios",
    architecture: boot?.architecture === "ARM64" ? "aarch64" : "x86_64",
    disks: attachedDisks(instance).map(
      ({ diskId, volumeId, sizeBytes, bus, boot: first }): VmDisk => ({
        diskId,
        volumeId,
        sizeBytes,
        bus,
        boot: first,
      }),
    ),
    nics: (instance.networkInterfaces ?? []).map(({ name, subnetwork, network, networkIP, accessConfigs }) => ({
      nicId: name ?? "",
      networkId: nameOf(subnetwork ?? network),
      ...(networkIP && { address: networkIP }),
      ...(accessConfigs?.[0]?.natIP && { publicAddress: accessConfigs[0].natIP }),
    })),
    publishPorts,
    endpoints:
      state === "running" && host ? publishPorts.map((guestPort) => ({ guestPort, host, port: guestPort })) : [],
    tags,
    ...(instance.creationTimestamp && { createdAt: new Date(instance.creationTimestamp).toISOString() }),
  };
}
