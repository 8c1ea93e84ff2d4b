import type { GuestDisk } from "../../cloud/guests/command-line.ts";
import { type HelperDisk, helperMetadata } from "../../cloud/helpers/helper-runner.ts";
import type { OciCloud } from "../cloud.ts";
import type { Attachment, Instance, Volume } from "../state.ts";

const GiB = 2 ** 30;

export function attachmentsOf({ tables }: OciCloud, volumeId: string): Attachment[] {
  return tables.attachments.where((one) => one.volumeId === volumeId && one.deletedAt === undefined);
}

/** The disks of an instance, its boot volume's first: guests boot from the first disk. */
export function disksOf(cloud: OciCloud, instanceId: string): GuestDisk[] {
  return attachedTo(cloud, instanceId).map(({ volume, attachment }) => guestDisk(cloud, volume, attachment));
}

export function attachedTo({ tables }: OciCloud, instanceId: string): { volume: Volume; attachment: Attachment }[] {
  return tables.attachments
    .where((one) => one.instanceId === instanceId && one.deletedAt === undefined)
    .sort((a, b) => Number(b.boot) - Number(a.boot) || a.createdAt - b.createdAt)
    .flatMap((attachment) => {
      const volume = tables.volumes.get(attachment.volumeId);
      return volume ? [{ volume, attachment }] : [];
    });
}

/** A paravirtualized disk. Its serial number, which Oracle's have not, is the end of the volume's OCID. */
export function guestDisk({ disks }: OciCloud, { id, layerId }: Volume, { readOnly }: Attachment): GuestDisk {
  return { diskId: id, layerId, path: disks.path(layerId), controller: "virtio-blk", serial: id.slice(-20), readOnly };
}

/** Whether the block service runs in the place of a guest. */
export function isHelper({ metadata }: Instance): boolean {
  return helperMetadata in metadata;
}

/** The disks beside the boot volume, which no helper has a use for here. */
export function helperDisksOf(cloud: OciCloud, instanceId: string): HelperDisk[] {
  return attachedTo(cloud, instanceId)
    .filter(({ attachment }) => !attachment.boot)
    .map(({ volume, attachment }) => helperDisk(cloud, volume, attachment));
}

/** Under the last part of its device path, as in /dev/oracleoci. */
export function helperDisk({ disks }: OciCloud, { id, layerId }: Volume, { device, readOnly }: Attachment): HelperDisk {
  const name = device?.split("/").at(-1) ?? id.slice(-20);
  return { diskId: id, layerId, path: disks.path(layerId), device: name, readOnly };
}

/** Makes the disks of a guest that is off as large as its volumes are; a running one sees it from its next start on. */
export async function growDisks(cloud: OciCloud, volumes: readonly Volume[]): Promise<void> {
  const { disks, guests, parts, tables } = cloud;
  for (const { id, layerId, sizeGib } of volumes) {
    const instance = attachmentsOf(cloud, id).flatMap(({ instanceId }) => tables.instances.get(instanceId) ?? [])[0];
    if (disks.sizeBytes(layerId) >= sizeGib * GiB || (instance && guests.isRunning(instance.guestId))) continue;
    const path = disks.path(layerId);
    const { exitCode, stderr } = await parts.tools.run("qemu-img", ["resize", "-f", "qcow2", path, `${sizeGib}G`]);
    if (exitCode !== 0) throw new Error(`could not enlarge a disk: ${stderr.trim()}`);
    disks.grown(layerId, sizeGib * GiB);
  }
}
