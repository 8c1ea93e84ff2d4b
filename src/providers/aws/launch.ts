import type { Instance, RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { isProviderError } from "../../domain/errors.ts";
import { invalid, type Subject } from "../failures.ts";
import type { VmSpec } from "../provider.ts";
import type { Aws } from "./client.ts";
import type { Ec2View } from "./describe.ts";
import { vendorCode } from "./errors.ts";
import { InstanceStates } from "./instance-states.ts";
import type { InstanceTypes } from "./instance-types.ts";
import { LaunchDisks } from "./launch-disks.ts";
import { type LaunchPlan, ownTags, placeDisks, refuseWhatEbsLacks, volumeTags } from "./launch-plan.ts";
import { LaunchVolumes } from "./launch-volumes.ts";
import { type OwnImages, rootDevice } from "./own-images.ts";
import type { Placements } from "./placements.ts";
import { byKey, createdTags, tagSpecification, token } from "./tags.ts";

/** A key whose instance was terminated gets another client token; so many times at most. */
const rounds = 20;

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
  readonly #disks: LaunchDisks;
  readonly #states: InstanceStates;
  readonly #volumes: LaunchVolumes;

  constructor(aws: Aws, parts: { view: Ec2View; types: InstanceTypes; images: OwnImages; placements: Placements }) {
    this.#aws = aws;
    this.#view = parts.view;
    this.#types = parts.types;
    this.#images = parts.images;
    this.#placements = parts.placements;
    this.#disks = new LaunchDisks(aws, parts.view);
    this.#states = new InstanceStates(aws, parts.view);
    this.#volumes = new LaunchVolumes(aws, { view: parts.view, images: parts.images, states: this.#states });
  }

  /** @returns the instance's id, once it runs and all its disks are its own. */
  async launch(spec: VmSpec, key: string, signal: AbortSignal): Promise<string> {
    const subject = { operation: "create VM", resource: this.#aws.resource("vm", spec.name) };
    refuseWhatEbsLacks(spec, subject);
    const known = await this.#find(key, subject, signal);
    if (known && (await this.#isFinished(known, key, signal))) return known.InstanceId ?? "";
    try {
      const root = spec.image ? await this.#disks.rootOf(spec.image.imageId, subject, signal) : rootDevice;
      const plan: LaunchPlan = { spec, key, subject, disks: placeDisks(spec, root, subject) };
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

  async #run(plan: LaunchPlan, signal: AbortSignal): Promise<Instance> {
    const { spec, key, subject, disks } = plan;
    const zone = await this.#disks.zoneOf(disks, subject, signal);
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
      BlockDeviceMappings: await this.#disks.mappings(plan, signal),
      ...(spec.userData !== undefined && { UserData: Buffer.from(spec.userData).toString("base64") }),
      ...(spec.capacityType === "spot" && { InstanceMarketOptions: { MarketType: "spot" } }),
      TagSpecifications: [
        tagSpecification("instance", createdTags(spec.tags, key), notes),
        tagSpecification("volume", volumeTags(plan)),
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

  /** Everything after the instance is there. */
  async #finish(plan: LaunchPlan, vmId: string, signal: AbortSignal): Promise<void> {
    const { disks, key, subject } = plan;
    let instance = await this.#states.started(vmId, subject, signal);
    const boot = disks.find((disk) => disk.boot);
    if (boot?.volumeId !== undefined) instance = await this.#volumes.swapRoot(plan, boot.volumeId, instance, signal);
    await this.#volumes.tag(disks, instance, subject, signal);
    for (const disk of disks) if (!disk.boot) await this.#volumes.attach(disk, instance, subject, signal);
    const going = (instance.BlockDeviceMappings ?? []).filter(({ Ebs }) => Ebs?.DeleteOnTermination);
    if (going.length > 0) {
      const names = going.map(({ DeviceName = "" }) => DeviceName);
      await this.keepDevices(vmId, names, subject, signal);
    }
    await this.#images.sweep(key, signal);
  }

  async #ownImage(plan: LaunchPlan, signal: AbortSignal): Promise<string> {
    const { spec, key, subject, disks } = plan;
    const boot = disks.find((disk) => disk.boot);
    if (!boot)
      throw invalid(subject, "it has no boot disk", "Mark one of its disks as the boot disk, or name an image.");
    const { firmware, architecture } = spec;
    const tags = ownTags(spec);
    const snapshotId = boot.clone?.snapshotId ?? (await this.#images.blankSnapshot(key, tags, signal));
    return this.#images.register({ name: spec.name, key, tags, snapshotId, firmware, architecture }, signal);
  }
}
