import type { Instance, Volume } from "@aws-sdk/client-ec2";
import { tagKeys } from "../../domain/vm.ts";
import { notFound, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { Aws } from "./client.ts";
import type { Ec2View } from "./describe.ts";
import type { InstanceStates } from "./instance-states.ts";
import type { LaunchPlan, PlannedDisk } from "./launch-plan.ts";
import { type OwnImages, rootDevice } from "./own-images.ts";
import { byKey, createdTags, fromWire, toWire } from "./tags.ts";
import { devicesOf } from "./vm.ts";

/** The volumes of an instance that is there: those that came with it get their tags, the others their place. */
export class LaunchVolumes {
  readonly #aws: Aws;
  readonly #view: Ec2View;
  readonly #states: InstanceStates;
  readonly #images: OwnImages;

  constructor(aws: Aws, parts: { view: Ec2View; states: InstanceStates; images: OwnImages }) {
    this.#aws = aws;
    this.#view = parts.view;
    this.#states = parts.states;
    this.#images = parts.images;
  }

  async tag(disks: readonly PlannedDisk[], instance: Instance, subject: Subject, signal: AbortSignal): Promise<void> {
    const devices = devicesOf(instance);
    const volumes = await this.#view.volumesById(
      devices.map(({ volumeId }) => volumeId),
      subject,
      signal,
    );
    for (const { deviceName, volumeId } of devices) {
      const clone = disks.find((disk) => disk.deviceName === deviceName)?.clone;
      // An image's own disk goes by the VM's key.
      const key = clone?.key ?? fromWire(instance.Tags).tags[tagKeys.key];
      const { tags } = fromWire(volumes.get(volumeId)?.Tags);
      if (tags[tagKeys.managed] === undefined || tags[tagKeys.key] !== undefined || key === undefined) continue;
      const Tags = toWire(createdTags({ ...tags, ...clone?.tags }, key));
      await this.#aws.ec2.send((sdk) => new sdk.CreateTagsCommand({ Resources: [volumeId], Tags }), subject, signal);
    }
  }

  async attach(disk: PlannedDisk, instance: Instance, subject: Subject, signal: AbortSignal): Promise<void> {
    const { volumeId, deviceName } = disk;
    if (volumeId === undefined) return;
    const InstanceId = instance.InstanceId ?? "";
    const volume = await this.#view.volume(volumeId, subject, signal);
    if (!volume) throw notFound(subject, `volume ${volumeId} does not exist`);
    if (!isAttachedTo(volume, InstanceId)) {
      await this.#aws.ec2.send(
        (sdk) => new sdk.AttachVolumeCommand({ VolumeId: volumeId, InstanceId, Device: deviceName }),
        subject,
        signal,
      );
    }
    await poll(
      async () => {
        const seen = await this.#view.volume(volumeId, subject, signal);
        return seen && isAttachedTo(seen, InstanceId, "attached") ? true : undefined;
      },
      this.#aws.patience,
      signal,
    );
  }

  /**
   * A boot volume that is there already: the instance was made with a blank disk, from which nothing boots; it is turned off
   * and gets the volume in that disk's place.
   */
  async swapRoot(plan: LaunchPlan, volumeId: string, instance: Instance, signal: AbortSignal): Promise<Instance> {
    const { key, subject } = plan;
    const vmId = instance.InstanceId ?? "";
    const root = devicesOf(instance).find(({ boot }) => boot);
    if (root?.volumeId !== volumeId) {
      await this.#states.until(vmId, "stopped", subject, signal);
      if (root) {
        await this.#aws.ec2.send(
          (sdk) => new sdk.DetachVolumeCommand({ VolumeId: root.volumeId, InstanceId: vmId }),
          subject,
          signal,
        );
      }
      const deviceName = instance.RootDeviceName ?? rootDevice;
      await this.#dropBlankVolume(key, subject, signal);
      await this.attach({ deviceName, boot: true, volumeId }, instance, subject, signal);
    }
    const seen = await this.#states.look(vmId, subject, signal);
    // An own image that is still there says that this creation has not come to its end.
    if (seen.State?.Name === "stopped" && (await this.#images.has(key, signal))) {
      return this.#states.until(vmId, "running", subject, signal);
    }
    return seen;
  }

  async #dropBlankVolume(key: string, subject: Subject, signal: AbortSignal): Promise<void> {
    for await (const { VolumeId = "" } of this.#view.volumes([byKey(key)], subject, signal)) {
      const letGo = async () => {
        const volume = await this.#view.volume(VolumeId, subject, signal);
        return volume?.State === "in-use" ? undefined : { gone: volume === undefined };
      };
      const { gone } = (await poll(letGo, this.#aws.patience, signal)) ?? { gone: false };
      if (!gone) await this.#aws.ec2.send((sdk) => new sdk.DeleteVolumeCommand({ VolumeId }), subject, signal);
    }
  }
}

function isAttachedTo(volume: Volume, vmId: string, state?: string): boolean {
  return (volume.Attachments ?? []).some(
    ({ InstanceId, State }) => InstanceId === vmId && State !== "detached" && (state ?? State) === State,
  );
}
