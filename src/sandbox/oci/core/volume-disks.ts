import type { GuestDisk } from "../../cloud/guests/command-line.ts";
import type { OciCloud } from "../cloud.ts";
import type { Attachment, Volume } from "../state.ts";

const GiB = 2 ** 30;

export function attachmentsOf({ tables }: OciCloud, volumeId: string): Attachment[] {
  return tables.attachments.where((one) => one.volumeId === volumeId && one.deletedAt === undefined);
}

/** The volumes of an instance, its boot volume first: guests boot from the first disk. */
export function volumesOf({ tables }: OciCloud, instanceId: string): Volume[] {
  return tables.attachments
    .where((one) => one.instanceId === instanceId && one.deletedAt === undefined)
    .sort((a, b) => Number(b.boot) - Number(a.boot) || a.createdAt - b.createdAt)
    .flatMap(({ volumeId }) => tables.volumes.get(volumeId) ?? []);
}

/** A paravirtualized disk. Its serial number, which Oracle's have not, is the end of the volume's OCID. */
export function guestDisk({ disks }: OciCloud, { id, layerId }: Volume): GuestDisk {
  return { diskId: id, layerId, path: disks.path(layerId), controller: "virtio-blk", serial: id.slice(-20) };
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
