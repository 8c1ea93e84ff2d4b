import type { Instance, InstanceStateName, Volume } from "@aws-sdk/client-ec2";
import type { DiskBus, PowerState, Vm, VmDisk } from "../../domain/vm.ts";
import { fromWire, vmTagRules } from "./tags.ts";

const GiB = 2 ** 30;
const states: Readonly<Record<InstanceStateName, PowerState>> = {
  pending: "starting",
  running: "running",
  stopping: "stopping",
  stopped: "stopped",
  "shutting-down": "stopping",
  terminated: "unknown",
};

/** A device's place in its instance is its disk's id: `/dev/xvda` is `xvda`. */
export function diskIdOf(deviceName: string): string {
  return deviceName.replace(/^\/dev\//, "");
}

/** The disks of an instance, the boot disk first. */
export function devicesOf(
  instance: Instance,
): { diskId: string; deviceName: string; volumeId: string; boot: boolean }[] {
  const devices = (instance.BlockDeviceMappings ?? []).flatMap(({ DeviceName = "", Ebs }) =>
    Ebs?.VolumeId === undefined
      ? []
      : [
          {
            diskId: diskIdOf(DeviceName),
            deviceName: DeviceName,
            volumeId: Ebs.VolumeId,
            boot: DeviceName === instance.RootDeviceName,
          },
        ],
  );
  return devices.sort((a, b) => Number(b.boot) - Number(a.boot) || (a.deviceName < b.deviceName ? -1 : 1));
}

export interface VmParts {
  readonly site: string;
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly memoryBytes: number;
  readonly nitro: boolean;
}

export function toVm(instance: Instance, { site, volumes, memoryBytes, nitro }: VmParts): Vm {
  const { tags, notes } = fromWire(instance.Tags, vmTagRules);
  const state = states[instance.State?.Name ?? "terminated"];
  const publishPorts = (notes.publishPorts ?? "")
    .split(" ")
    .map(Number)
    .filter((port) => port > 0);
  const bus: DiskBus = nitro ? "nvme" : "xen";
  const host = instance.PublicIpAddress ?? instance.PrivateIpAddress;
  const createdAt = createdAtOf(instance);
  const zone = instance.Placement?.AvailabilityZone;
  return {
    vmId: instance.InstanceId ?? "",
    site,
    name: notes.name ?? instance.InstanceId ?? "",
    state,
    cpus: (instance.CpuOptions?.CoreCount ?? 1) * (instance.CpuOptions?.ThreadsPerCore ?? 1),
    memoryBytes,
    ...(instance.InstanceType && { instanceType: instance.InstanceType }),
    capacityType: instance.InstanceLifecycle === "spot" ? "spot" : "on-demand",
    ...(zone && { zone }),
    firmware: isUefi(instance) ? "uefi" : "bios",
    architecture: instance.Architecture?.startsWith("arm64") ? "aarch64" : "x86_64",
    disks: devicesOf(instance).map(({ diskId, volumeId, boot }): VmDisk => {
      const volume = volumes.get(volumeId);
      return {
        diskId,
        volumeId,
        sizeBytes: (volume?.Size ?? 0) * GiB,
        bus,
        boot,
        ...(volume?.VolumeType && { type: volume.VolumeType }),
      };
    }),
    nics: (instance.NetworkInterfaces ?? [])
      .toSorted((a, b) => (a.Attachment?.DeviceIndex ?? 0) - (b.Attachment?.DeviceIndex ?? 0))
      .map(({ NetworkInterfaceId = "", SubnetId = "", MacAddress, PrivateIpAddress, Association }) => ({
        nicId: NetworkInterfaceId,
        networkId: SubnetId,
        ...(MacAddress && { mac: MacAddress }),
        ...(PrivateIpAddress && { address: PrivateIpAddress }),
        ...(Association?.PublicIp && { publicAddress: Association.PublicIp }),
      })),
    publishPorts,
    endpoints:
      state === "running" && host !== undefined
        ? publishPorts.map((guestPort) => ({ guestPort, host, port: guestPort }))
        : [],
    tags,
    ...(createdAt && { createdAt }),
  };
}

function isUefi({ CurrentInstanceBootMode, BootMode, Architecture }: Instance): boolean {
  if (CurrentInstanceBootMode !== undefined) return CurrentInstanceBootMode === "uefi";
  return BootMode === "uefi" || BootMode === "uefi-preferred" || Architecture?.startsWith("arm64") === true;
}

/** EC2 tells when an instance was started last. Its first network interface came with it and can't be taken away. */
function createdAtOf({ NetworkInterfaces = [], LaunchTime }: Instance): string | undefined {
  const primary = NetworkInterfaces.find(({ Attachment }) => Attachment?.DeviceIndex === 0);
  return (primary?.Attachment?.AttachTime ?? LaunchTime)?.toISOString();
}
