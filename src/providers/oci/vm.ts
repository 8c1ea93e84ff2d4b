import type { PowerState, Vm, VmDisk } from "../../domain/vm.ts";
import {
  type BootVolumeAttachment,
  type Instance,
  isoOf,
  type Shape,
  type Vnic,
  type VnicAttachment,
  type VolumeAttachment,
} from "./models.ts";
import { isArm, sizeName, vcpusOf } from "./shapes.ts";
import { vmFromWire } from "./tags.ts";
import type { OciVolume } from "./volume-view.ts";

const GiB = 2 ** 30;
const states: Readonly<Record<string, PowerState>> = {
  PROVISIONING: "starting",
  STARTING: "starting",
  RUNNING: "running",
  STOPPING: "stopping",
  STOPPED: "stopped",
  TERMINATING: "stopping",
};

/** "Consistent Device Paths": the boot volume is the first, the others follow in the order of the alphabet. */
export const bootDiskId = "oraclevda";
const devices = "/dev/oracleoci/";

/** The names that data disks can have, in order. 32 is the most that an instance takes. */
export const dataDevices: readonly string[] = [
  ..."bcdefghijklmnopqrstuvwxyz".split("").map((letter) => `${devices}oraclevd${letter}`),
  ..."abcdefg".split("").map((letter) => `${devices}oraclevda${letter}`),
];

/** A disk's place in its instance is its id; of attachments without a name, their own. */
export function diskIdOf({ device, id }: VolumeAttachment): string {
  return device?.replace(/^\/dev\/(oracleoci\/)?/, "") || id.slice(-12);
}

export interface InstanceDisk {
  readonly diskId: string;
  readonly volumeId: string;
  readonly boot: boolean;
}

/** The disks of an instance, the boot disk first. */
export function disksOf(boots: readonly BootVolumeAttachment[], data: readonly VolumeAttachment[]): InstanceDisk[] {
  const place = ({ device = "" }: VolumeAttachment) => dataDevices.indexOf(device);
  return [
    ...boots.map(({ bootVolumeId }) => ({ diskId: bootDiskId, volumeId: bootVolumeId, boot: true })),
    ...data
      .toSorted((a, b) => place(a) - place(b) || (isoOf(a.timeCreated) < isoOf(b.timeCreated) ? -1 : 1))
      .map((attachment) => ({ diskId: diskIdOf(attachment), volumeId: attachment.volumeId, boot: false })),
  ];
}

export interface VmParts {
  readonly site: string;
  readonly shape: Shape | undefined;
  readonly disks: readonly InstanceDisk[];
  readonly volumes: ReadonlyMap<string, OciVolume>;
  readonly vnics: readonly { readonly attachment: VnicAttachment; readonly vnic: Vnic | undefined }[];
}

export function toVm(instance: Instance, { site, shape, disks, volumes, vnics }: VmParts): Vm {
  const { tags, publishPorts } = vmFromWire(instance);
  const state = states[instance.lifecycleState] ?? "unknown";
  const { ocpus = 1, memoryInGBs = 0 } = instance.shapeConfig ?? shape ?? {};
  const vcpus = instance.shapeConfig?.vcpus;
  const arm = shape !== undefined && isArm(shape);
  const primary = vnics.find(({ vnic }) => vnic?.isPrimary)?.vnic ?? vnics[0]?.vnic;
  const host = primary?.publicIp ?? primary?.privateIp;
  const firmware = instance.launchOptions?.firmware as string | undefined;
  return {
    vmId: instance.id,
    site,
    name: instance.displayName ?? instance.id,
    state,
    cpus: vcpus ?? vcpusOf(ocpus, arm),
    memoryBytes: memoryInGBs * GiB,
    instanceType: sizeName(instance.shape, shape?.isFlexible === true, ocpus, memoryInGBs),
    capacityType: instance.preemptibleInstanceConfig ? "spot" : "on-demand",
    zone: instance.availabilityDomain,
    firmware: firmware === "UEFI_64" || arm ? "uefi" : "bios",
    architecture: arm ? "aarch64" : "x86_64",
    disks: disks.map(({ diskId, volumeId, boot }): VmDisk => {
      const volume = volumes.get(volumeId);
      const type = volume?.type;
      return {
        diskId,
        volumeId,
        sizeBytes: volume?.sizeBytes ?? 0,
        bus: "virtio-blk",
        boot,
        ...(type !== undefined && { type }),
      };
    }),
    nics: vnics.map(({ attachment, vnic }) => ({
      nicId: attachment.vnicId ?? attachment.id,
      networkId: attachment.subnetId ?? "",
      ...(vnic?.macAddress && { mac: vnic.macAddress.toLowerCase() }),
      ...(vnic?.privateIp && { address: vnic.privateIp }),
      ...(vnic?.publicIp && { publicAddress: vnic.publicIp }),
    })),
    publishPorts,
    endpoints:
      state === "running" && host !== undefined
        ? publishPorts.map((guestPort) => ({ guestPort, host, port: guestPort }))
        : [],
    tags,
    createdAt: isoOf(instance.timeCreated),
  };
}
