// Long because it is one procedure, which goes on from wherever it was interrupted.
import type { BlockDeviceMapping, Instance, RunInstancesCommandInput, Volume } from "@aws-sdk/client-ec2";
import { isProviderError } from "../../domain/errors.ts";
import type { Tags } from "../../domain/tags.ts";
import { tagKeys } from "../../domain/vm.ts";
import { capabilities } from "../capabilities.ts";
import { invalid, notFound, type Subject, unsupported } from "../failures.ts";
import { poll } from "../poll.ts";
import type { VmSpec } from "../provider.ts";
import type { Aws } from "./client.ts";
import { type Clone, parseReference } from "./clone-reference.ts";
import type { Ec2View } from "./describe.ts";
import { codeFailure, vendorCode } from "./errors.ts";
import type { InstanceTypes } from "./instance-types.ts";
import { type OwnImages, rootDevice } from "./own-images.ts";
import type { Placements } from "./placements.ts";
import { byKey, createdTags, fromWire, tagSpecification, token, toWire } from "./tags.ts";
import { devicesOf } from "./vm.ts";
import { defaultVolumeType } from "./volumes.ts";

const GiB = 2 ** 30;
/** "Device names on Linux instances": what is recommended for EBS volumes, and what is available behind it. */
const dataDevices = [
  ..."fghijklmnop".split("").map((letter) => `/dev/sd${letter}`),
  ..."abcdefghijklmnopqrstuvwxyz".split("").map((letter) => `/dev/xvdb${letter}`),
];
/** A key whose instance was terminated gets another client token; so many times at most. */
const rounds = 20;

/** A disk of the new VM, with where it will sit. */
interface PlannedDisk {
  readonly deviceName: string;
  readonly boot: boolean;
  /** Made with the instance… */
  readonly clone?: Clone;
  /** …or there already. */
  readonly volumeId?: string;
}

interface Plan {
  readonly spec: VmSpec;
  readonly key: string;
  readonly subject: Subject;
  readonly disks: readonly PlannedDisk[];
}

/**
 * Makes instances. EBS makes an instance's disks from snapshots in the same step as the instance itself, and starts it: so
 * an image is registered for a moment, the instance is run from it, its volumes get their tags and are made to outlive it,
 * and the image goes again. Until that is done the volumes die with the instance, and everything is found by its key: a
 * repeat goes on where the last call ended.
 */
export class Launcher {
  readonly #aws: Aws;
  readonly #view: Ec2View;
  readonly #types: InstanceTypes;
  readonly #images: OwnImages;
  readonly #placements: Placements;

  constructor(aws: Aws, parts: { view: Ec2View; types: InstanceTypes; images: OwnImages; placements: Placements }) {
    this.#aws = aws;
    this.#view = parts.view;
    this.#types = parts.types;
    this.#images = parts.images;
    this.#placements = parts.placements;
  }

  /** @returns the instance's id, once it runs and all its disks are its own. */
  async launch(spec: VmSpec, key: string, signal: AbortSignal): Promise<string> {
    const subject = { operation: "create VM", resource: this.#aws.resource("vm", spec.name) };
    refuseWhatEbsLacks(spec, subject);
    const known = await this.#find(key, subject, signal);
    if (known && (await this.#isFinished(known, key, signal))) return known.InstanceId ?? "";
    try {
      const root = spec.image ? await this.#rootOf(spec.image.imageId, subject, signal) : rootDevice;
      const plan: Plan = { spec, key, subject, disks: placeDisks(spec, root, subject) };
      const instance = known ?? (await this.#run(plan, signal));
      await this.#finish(plan, instance.InstanceId ?? "", signal);
      return instance.InstanceId ?? "";
    } catch (error) {
      // What is tried again finds its image; what isn't must not leave it behind.
      if (!signal.aborted && !isProviderError(error, "Unavailable", "Timeout", "RateLimited", "Unknown")) {
        await this.#images.sweep(key, signal).catch(() => undefined);
      }
      throw error;
    }
  }

  /** Lets these devices' volumes outlive their instance. */
  async keepDevices(
    vmId: string,
    deviceNames: readonly string[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    const BlockDeviceMappings = deviceNames.map((DeviceName) => ({ DeviceName, Ebs: { DeleteOnTermination: false } }));
    await this.#aws.ec2.send(
      (sdk) => new sdk.ModifyInstanceAttributeCommand({ InstanceId: vmId, BlockDeviceMappings }),
      subject,
      signal,
    );
  }

  async #find(key: string, subject: Subject, signal: AbortSignal): Promise<Instance | undefined> {
    const alive = { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] };
    for await (const instance of this.#view.instances([byKey(key), alive], subject, signal)) return instance;
    return undefined;
  }

  /** Its last steps are letting the volumes outlive it and removing the image. */
  async #isFinished({ BlockDeviceMappings = [] }: Instance, key: string, signal: AbortSignal): Promise<boolean> {
    if (BlockDeviceMappings.some(({ Ebs }) => Ebs?.DeleteOnTermination)) return false;
    return !(await this.#images.has(key, signal));
  }

  async #run(plan: Plan, signal: AbortSignal): Promise<Instance> {
    const { spec, key, subject, disks } = plan;
    const zone = await this.#zoneOf(disks, subject, signal);
    const network = await this.#placements.interfaces(spec, zone, subject, signal);
    const type = await this.#types.choose(spec, network.zone, subject, signal);
    const ImageId = spec.image?.imageId ?? (await this.#ownImage(plan, signal));
    const notes = { name: spec.name, publishPorts: spec.publishPorts.join(" ") || undefined };
    const request: RunInstancesCommandInput = {
      ImageId,
      InstanceType: type as RunInstancesCommandInput["InstanceType"],
      MinCount: 1,
      MaxCount: 1,
      NetworkInterfaces: network.interfaces,
      BlockDeviceMappings: await this.#mappings(plan, signal),
      ...(spec.userData !== undefined && { UserData: Buffer.from(spec.userData).toString("base64") }),
      ...(spec.capacityType === "spot" && { InstanceMarketOptions: { MarketType: "spot" } }),
      TagSpecifications: [
        tagSpecification("instance", createdTags(spec.tags, key), notes),
        tagSpecification("volume", this.#volumeTags(plan)),
      ],
    };
    for (let round = 0; ; round++) {
      try {
        const { Instances = [] } = await this.#view.onceShown(
          () =>
            this.#aws.ec2.send(
              (sdk) => new sdk.RunInstancesCommand({ ...request, ClientToken: token(key, round) }),
              subject,
              signal,
            ),
          signal,
        );
        return Instances[0] as Instance;
      } catch (error) {
        if (vendorCode(error) !== "IdempotentInstanceTerminated" || round === rounds) throw error;
      }
    }
  }

  /** Without a key: until a volume gets its own it goes with its instance. A blank one, to be replaced, is found by the VM's. */
  #volumeTags({ spec, key, disks }: Plan): Tags {
    const tags = ownTags(spec);
    return isBlank(disks) ? createdTags(tags, key) : { ...tags, [tagKeys.managed]: "true" };
  }

  /** Everything after the instance is there. */
  async #finish(plan: Plan, vmId: string, signal: AbortSignal): Promise<void> {
    const { disks, key, subject } = plan;
    let instance = await this.#started(vmId, subject, signal);
    const boot = disks.find((disk) => disk.boot);
    if (boot?.volumeId !== undefined) instance = await this.#swapRoot(plan, boot.volumeId, instance, signal);
    await this.#tagVolumes(disks, instance, subject, signal);
    for (const disk of disks) if (!disk.boot) await this.#attach(disk, instance, subject, signal);
    const going = (instance.BlockDeviceMappings ?? []).filter(({ Ebs }) => Ebs?.DeleteOnTermination);
    if (going.length > 0) {
      const names = going.map(({ DeviceName = "" }) => DeviceName);
      await this.keepDevices(vmId, names, subject, signal);
    }
    await this.#images.sweep(key, signal);
  }

  /** The instance once it is beyond pending. @throws what AWS gives as its reason when it ended instead. */
  async #started(vmId: string, subject: Subject, signal: AbortSignal): Promise<Instance> {
    const look = () => this.#look(vmId, subject, signal);
    const first = await this.#view.onceShown(look, signal);
    if (first.State?.Name !== "pending") return first;
    const started = async () => {
      const seen = await look();
      return seen.State?.Name === "pending" ? undefined : seen;
    };
    return await poll(started, this.#aws.patience, signal);
  }

  async #look(vmId: string, subject: Subject, signal: AbortSignal): Promise<Instance> {
    const filter = { Name: "instance-id", Values: [vmId] };
    for await (const instance of this.#view.instances([filter], subject, signal)) {
      const state = instance.State?.Name;
      if (state !== "terminated" && state !== "shutting-down") return instance;
      const { Code = "Unknown", Message = "" } = instance.StateReason ?? {};
      throw codeFailure(Code, Message || "the instance ended as it was being made", subject);
    }
    throw notFound(subject, `AWS does not show instance ${vmId}`);
  }

  async #ownImage(plan: Plan, signal: AbortSignal): Promise<string> {
    const { spec, key, subject, disks } = plan;
    const boot = disks.find((disk) => disk.boot);
    if (!boot)
      throw invalid(subject, "it has no boot disk", "Mark one of its disks as the boot disk, or name an image.");
    const { firmware, architecture } = spec;
    const tags = ownTags(spec);
    const snapshotId = boot.clone?.snapshotId ?? (await this.#images.blankSnapshot(key, tags, signal));
    return this.#images.register({ name: spec.name, key, tags, snapshotId, firmware, architecture }, signal);
  }

  /** The disks that EBS is to make with the instance. */
  async #mappings({ spec, disks, subject }: Plan, signal: AbortSignal): Promise<BlockDeviceMapping[]> {
    const mappings: BlockDeviceMapping[] = [];
    for (const { deviceName, boot, clone } of disks) {
      if (!clone) continue;
      const snapshot = await this.#view.snapshot(clone.snapshotId, subject, signal);
      if (!snapshot) throw notFound(subject, `recovery point ${clone.pointId} (${clone.snapshotId}) is gone`);
      // Encrypted snapshots keep their key; a plain one gets the site's.
      const encryption = snapshot.Encrypted ? {} : this.#encryption(undefined);
      mappings.push({
        DeviceName: deviceName,
        Ebs: {
          ...(!boot && { SnapshotId: clone.snapshotId }),
          VolumeSize: snapshot.VolumeSize,
          VolumeType: defaultVolumeType,
          DeleteOnTermination: true,
          ...encryption,
        },
      });
    }
    if (spec.image) {
      const { sizeBytes, type, encryptionKey } = spec.image.bootDisk ?? {};
      mappings.push({
        DeviceName: await this.#rootOf(spec.image.imageId, subject, signal),
        Ebs: {
          ...(sizeBytes !== undefined && { VolumeSize: Math.ceil(sizeBytes / GiB) }),
          VolumeType: (type ?? defaultVolumeType) as typeof defaultVolumeType,
          DeleteOnTermination: true,
          ...this.#encryption(encryptionKey),
        },
      });
    }
    return mappings;
  }

  #encryption(key: string | undefined): { Encrypted: true; KmsKeyId?: string } {
    const KmsKeyId = key ?? this.#aws.entry.encryptionKey;
    return { Encrypted: true, ...(KmsKeyId !== undefined && { KmsKeyId }) };
  }

  async #rootOf(imageId: string, subject: Subject, signal: AbortSignal): Promise<string> {
    const { Images = [] } = await this.#aws.ec2.send(
      (sdk) => new sdk.DescribeImagesCommand({ ImageIds: [imageId] }),
      subject,
      signal,
    );
    return Images[0]?.RootDeviceName ?? rootDevice;
  }

  /** Where the volumes that are there already lie: the instance must be beside them. */
  async #zoneOf(disks: readonly PlannedDisk[], subject: Subject, signal: AbortSignal): Promise<string | undefined> {
    const ids = disks.flatMap(({ volumeId }) => volumeId ?? []);
    const volumes = await this.#view.volumesById(ids, subject, signal);
    const missing = ids.find((id) => !volumes.has(id));
    if (missing !== undefined) throw notFound(subject, `volume ${missing} does not exist`);
    const zones = new Set([...volumes.values()].map(({ AvailabilityZone }) => AvailabilityZone));
    if (zones.size > 1) {
      throw invalid(subject, `its volumes lie in ${[...zones].join(" and ")}`, "Use volumes of one zone.");
    }
    return [...zones][0];
  }

  async #tagVolumes(
    disks: readonly PlannedDisk[],
    instance: Instance,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
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

  async #attach(disk: PlannedDisk, instance: Instance, subject: Subject, signal: AbortSignal): Promise<void> {
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
  async #swapRoot(plan: Plan, volumeId: string, instance: Instance, signal: AbortSignal): Promise<Instance> {
    const { key, subject } = plan;
    const vmId = instance.InstanceId ?? "";
    const root = devicesOf(instance).find(({ boot }) => boot);
    if (root?.volumeId !== volumeId) {
      await this.#until(vmId, "stopped", subject, signal);
      if (root) {
        await this.#aws.ec2.send(
          (sdk) => new sdk.DetachVolumeCommand({ VolumeId: root.volumeId, InstanceId: vmId }),
          subject,
          signal,
        );
      }
      const deviceName = instance.RootDeviceName ?? rootDevice;
      await this.#dropBlankVolume(key, subject, signal);
      await this.#attach({ deviceName, boot: true, volumeId }, instance, subject, signal);
    }
    const seen = await this.#look(vmId, subject, signal);
    // An own image that is still there says that this creation has not come to its end.
    if (seen.State?.Name === "stopped" && (await this.#images.has(key, signal))) {
      return this.#until(vmId, "running", subject, signal);
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

  async #until(vmId: string, state: "running" | "stopped", subject: Subject, signal: AbortSignal): Promise<Instance> {
    const from = state === "running" ? "stopped" : "running";
    const done = await poll(
      async () => {
        const seen = await this.#look(vmId, subject, signal);
        if (seen.State?.Name === state) return seen;
        if (seen.State?.Name !== from) return undefined;
        const InstanceIds = [vmId];
        await this.#aws.ec2.send(
          (sdk) =>
            state === "running"
              ? new sdk.StartInstancesCommand({ InstanceIds })
              : new sdk.StopInstancesCommand({ InstanceIds, Force: true, SkipOsShutdown: true }),
          subject,
          signal,
        );
        return undefined;
      },
      this.#aws.patience,
      signal,
    );
    return done;
  }
}

function isAttachedTo(volume: Volume, vmId: string, state?: string): boolean {
  return (volume.Attachments ?? []).some(
    ({ InstanceId, State }) => InstanceId === vmId && State !== "detached" && (state ?? State) === State,
  );
}

/** A VM whose boot volume is there already is made with a blank disk in its place. */
function isBlank(disks: readonly PlannedDisk[]): boolean {
  return disks.some(({ boot, volumeId }) => boot && volumeId !== undefined);
}

/** What a VM's parts carry of its tags: whose they are. */
function ownTags({ tags }: VmSpec): Tags {
  const migration = tags[tagKeys.migration];
  return migration === undefined ? {} : { [tagKeys.migration]: migration };
}

/** Where each disk will sit. The same spec, the same places. */
function placeDisks(spec: VmSpec, root: string, subject: Subject): PlannedDisk[] {
  const boots = spec.disks.filter(({ boot }) => boot);
  if (boots.length !== (spec.image ? 0 : 1)) {
    throw invalid(
      subject,
      spec.image ? "it has an image and a boot disk" : `${boots.length} of its disks are boot disks`,
      "Give it an image, or exactly one boot disk.",
    );
  }
  const free = dataDevices.filter((name) => name !== root);
  if (spec.disks.length > free.length) throw invalid(subject, `it has ${spec.disks.length} disks`, "Use fewer.");
  return spec.disks.map(({ volumeId, boot }) => {
    const clone = parseReference(volumeId);
    return { deviceName: boot ? root : (free.shift() as string), boot, ...(clone ? { clone } : { volumeId }) };
  });
}

function refuseWhatEbsLacks({ disks, nics }: VmSpec, subject: Subject): void {
  const other = disks.find(({ bus }) => bus !== "nvme");
  if (other) {
    throw unsupported(
      subject,
      `EBS volumes are NVMe devices to their guests, not ${other.bus}`,
      "Use nvme for its disks; the guest needs that driver.",
    );
  }
  if (nics.some(({ mac }) => mac !== undefined)) {
    throw unsupported(subject, capabilities.aws["network.fixed-mac"], "Leave the MAC out.");
  }
}
