import type { Image as AwsImage } from "@aws-sdk/client-ec2";
import type { Tags } from "../../domain/tags.ts";
import type { Firmware } from "../../domain/vm.ts";
import type { Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { Aws } from "./client.ts";
import type { Ec2View } from "./describe.ts";
import { vendorCode } from "./errors.ts";
import { byKey, byNote, createdTags, tagSpecification, token, toWire } from "./tags.ts";

export const rootDevice = "/dev/xvda";
const blank = "blank";

export interface ImageSpec {
  readonly name: string;
  readonly key: string;
  readonly tags: Tags;
  readonly snapshotId: string;
  readonly firmware: Firmware;
  readonly architecture: "x86_64" | "aarch64";
}

/** Images of the account that are made of our snapshots. */
export class OwnImages {
  readonly #aws: Aws;
  readonly #view: Ec2View;

  constructor(aws: Aws, view: Ec2View) {
    this.#aws = aws;
    this.#view = view;
  }

  /** @returns its id, once it can be used. A known key returns the one there is. */
  async register(spec: ImageSpec, signal: AbortSignal): Promise<string> {
    const subject = { operation: "register image", resource: this.#aws.resource("image", spec.name) };
    const known = await this.#ofKey(spec.key, subject, signal);
    const imageId = known?.ImageId ?? (await this.#register(spec, subject, signal));
    await poll(
      async () => {
        const { Images = [] } = await this.#view.onceShown(
          () => this.#aws.ec2.send((sdk) => new sdk.DescribeImagesCommand({ ImageIds: [imageId] }), subject, signal),
          signal,
        );
        return Images[0] && Images[0].State !== "pending" ? true : undefined;
      },
      this.#aws.patience,
      signal,
    );
    return imageId;
  }

  async has(key: string, signal: AbortSignal): Promise<boolean> {
    const subject = { operation: "look up image", resource: this.#aws.resource("image", key) };
    return (await this.#ofKey(key, subject, signal)) !== undefined;
  }

  /** Removes the image of this key and the blank snapshot it may have been made of. */
  async sweep(key: string, signal: AbortSignal): Promise<void> {
    const subject = { operation: "remove image", resource: this.#aws.resource("image", key) };
    const image = await this.#ofKey(key, subject, signal);
    if (image) await this.deregister(image.ImageId ?? "", subject, signal);
    for await (const { SnapshotId = "" } of this.#view.snapshots(
      [byKey(key), byNote("purpose", blank)],
      subject,
      signal,
    )) {
      await this.#view.removed(
        () => this.#aws.ec2.send((sdk) => new sdk.DeleteSnapshotCommand({ SnapshotId }), subject, signal),
        async () => (await this.#view.snapshot(SnapshotId, subject, signal)) !== undefined,
        subject,
        signal,
      );
    }
  }

  async deregister(ImageId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const itself = [{ Name: "image-id", Values: [ImageId] }];
    await this.#view.removed(
      () => this.#aws.ec2.send((sdk) => new sdk.DeregisterImageCommand({ ImageId }), subject, signal),
      async () => (await Array.fromAsync(this.#view.images(itself, subject, signal))).length > 0,
      subject,
      signal,
    );
  }

  /** A snapshot without a block in it, of the smallest size: nothing boots from it, and it costs nothing. */
  async blankSnapshot(key: string, tags: Tags, signal: AbortSignal): Promise<string> {
    const subject = { operation: "make a blank snapshot", resource: this.#aws.resource("snapshot", key) };
    const known = await this.#blankOf(key, subject, signal);
    const SnapshotId = known ?? (await this.#startBlank(createdTags(tags, key), subject, signal));
    const seen = await this.#view.shown(() => this.#view.snapshot(SnapshotId, subject, signal), signal);
    if (seen?.State !== "completed") {
      await this.#aws.ebs.send(
        (sdk) => new sdk.CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount: 0 }),
        subject,
        signal,
      );
    }
    const completed = async () =>
      (await this.#view.snapshot(SnapshotId, subject, signal))?.State === "completed" || undefined;
    await poll(completed, this.#aws.patience, signal);
    return SnapshotId;
  }

  async #blankOf(key: string, subject: Subject, signal: AbortSignal): Promise<string | undefined> {
    const filters = [byKey(key), byNote("purpose", blank)];
    for await (const { SnapshotId } of this.#view.snapshots(filters, subject, signal)) return SnapshotId;
    return undefined;
  }

  async #startBlank(tags: Tags, subject: Subject, signal: AbortSignal): Promise<string> {
    const Tags = toWire(tags, { purpose: blank });
    const { SnapshotId = "" } = await this.#aws.ebs.send(
      (sdk) => new sdk.StartSnapshotCommand({ VolumeSize: 1, Encrypted: true, Tags }),
      subject,
      signal,
    );
    return SnapshotId;
  }

  async #register(spec: ImageSpec, subject: Subject, signal: AbortSignal): Promise<string> {
    const { name, key, tags, snapshotId, firmware, architecture } = spec;
    const Name = imageName(key);
    try {
      const { ImageId = "" } = await this.#aws.ec2.send(
        (sdk) =>
          new sdk.RegisterImageCommand({
            Name,
            Description: `${name} (novacron)`,
            // The defaults are i386 and paravirtual.
            Architecture: architecture === "aarch64" ? "arm64" : "x86_64",
            VirtualizationType: "hvm",
            EnaSupport: true,
            BootMode: firmware === "uefi" ? "uefi" : "legacy-bios",
            RootDeviceName: rootDevice,
            BlockDeviceMappings: [
              {
                DeviceName: rootDevice,
                Ebs: { SnapshotId: snapshotId, VolumeType: "gp3", DeleteOnTermination: true },
              },
            ],
            TagSpecifications: [tagSpecification("image", createdTags(tags, key), { name })],
          }),
        subject,
        signal,
      );
      return ImageId;
    } catch (error) {
      if (vendorCode(error) !== "InvalidAMIName.Duplicate") throw error;
      const other = await this.#view.shown(() => this.#ofKey(key, subject, signal), signal);
      if (!other) throw error;
      return other.ImageId ?? "";
    }
  }

  async #ofKey(key: string, subject: Subject, signal: AbortSignal): Promise<AwsImage | undefined> {
    const named = { Name: "name", Values: [imageName(key)] };
    for await (const image of this.#view.images([named], subject, signal)) return image;
    return undefined;
  }
}

/** Names are unique in the account: two calls at once make one image. */
function imageName(key: string): string {
  return `novacron-${token(key).slice(0, 32)}`;
}
