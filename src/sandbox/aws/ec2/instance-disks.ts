import type { GuestDisk } from "../../cloud/guests/command-line.ts";
import type { AwsCloud } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import type { Instance, Volume, VolumeAttachment } from "../state.ts";
import { GiB } from "./volume-store.ts";

/** How an instance's volumes appear in its guest. */
export class InstanceDisks {
  readonly #cloud: AwsCloud;

  constructor(cloud: AwsCloud) {
    this.#cloud = cloud;
  }

  /** The instance's volumes, the root device's first: guests boot from the first disk. */
  volumesOf(instance: Instance): Volume[] {
    return this.#cloud.tables.volumes
      .where(({ attachment }) => attachment?.instanceId === instance.id)
      .sort((a, b) => rank(a, instance) - rank(b, instance) || compare(a.attachment?.device, b.attachment?.device));
  }

  /** Every EBS volume is an NVMe controller of its own, its serial number the volume's id without the hyphen
   *  (https://docs.aws.amazon.com/ebs/latest/userguide/identify-nvme-ebs-device.html). */
  guestDisk({ id, layerId }: Volume): GuestDisk {
    const path = this.#cloud.disks.path(layerId);
    return { diskId: id, layerId, path, controller: "nvme", serial: id.replace("-", "") };
  }

  async attach(instance: Instance, volume: Volume, device: string): Promise<VolumeAttachment> {
    const { tables, guests } = this.#cloud;
    if (this.volumesOf(instance).some(({ attachment }) => attachment?.device === device)) {
      throw new AwsError(
        "InvalidParameterValue",
        `Value (${device}) for parameter device is invalid. ${device} is already in use`,
      );
    }
    const attachment = {
      instanceId: instance.id,
      device,
      deleteOnTermination: false,
      at: Date.now(),
      state: "attached" as const,
    };
    tables.volumes.put({ ...volume, attachment });
    if (!guests.isRunning(instance.id)) return attachment;
    try {
      await guests.attach(instance.id, this.guestDisk(volume));
    } catch (error) {
      tables.volumes.put({ ...volume, attachment: undefined });
      throw new AwsError("AttachmentLimitExceeded", `Simulated: ${(error as Error).message}`);
    }
    return attachment;
  }

  /** Lets the guest go on while it is asked; the volume stays `busy` when it doesn't let go. */
  async detach(volume: Volume): Promise<void> {
    const { tables, guests } = this.#cloud;
    const { attachment } = volume;
    if (!attachment) return;
    if (!guests.isRunning(attachment.instanceId)) {
      tables.volumes.put({ ...volume, attachment: undefined });
      return;
    }
    tables.volumes.put({ ...volume, attachment: { ...attachment, state: "detaching" } });
    this.#cloud.inBackground("detach a volume", async () => {
      const gone = await guests.detach(attachment.instanceId, volume.id);
      const now = tables.volumes.get(volume.id);
      if (!now) return;
      tables.volumes.put(
        gone ? { ...now, attachment: undefined } : { ...now, attachment: { ...attachment, state: "busy" } },
      );
    });
  }

  /** Makes the disks of a guest that is off as large as its volumes are. QEMU's NVMe disks can't grow while a guest has
   *  them, so a volume that was enlarged meanwhile is seen larger from the next start on. */
  async grow(volumes: readonly Volume[]): Promise<void> {
    const { disks, guests, parts } = this.#cloud;
    for (const { layerId, sizeGib, attachment } of volumes) {
      if (disks.sizeBytes(layerId) >= sizeGib * GiB || guests.isRunning(attachment?.instanceId ?? "")) continue;
      const { exitCode, stderr } = await parts.tools.run("qemu-img", [
        "resize",
        "-f",
        "qcow2",
        disks.path(layerId),
        `${sizeGib}G`,
      ]);
      if (exitCode !== 0) throw new Error(`could not enlarge a disk: ${stderr.trim()}`);
      disks.grown(layerId, sizeGib * GiB);
    }
  }
}

function rank({ attachment }: Volume, { rootDeviceName }: Instance): number {
  return attachment?.device === rootDeviceName ? 0 : 1;
}

function compare(a = "", b = ""): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
