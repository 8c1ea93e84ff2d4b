import type { Image as AwsImage } from "@aws-sdk/client-ec2";
import type { Firmware } from "../../domain/vm.ts";
import type { Image, ImagesFacet } from "../cloud-facets.ts";
import { notFound, type Subject } from "../failures.ts";
import type { Aws } from "./client.ts";
import { type Ec2View, goneIsUndefined } from "./describe.ts";
import type { Generations } from "./generations.ts";
import type { OwnImages } from "./own-images.ts";
import { fromWire } from "./tags.ts";

const GiB = 2 ** 30;
type Architecture = Image["architecture"];

/** Public images by a short name: who publishes them, and the pattern of their names, with `{arch}` in the publisher's
 *  words. The ids are the publishers' own AWS accounts, as each documents them ("Debian Cloud images on AWS", "Find Ubuntu
 *  images with the AWS CLI", "Amazon Linux AMIs", "Rocky Linux cloud images"). */
const publishers: Readonly<
  Record<string, { owner: string; name: string; arch: Readonly<Record<Architecture, string>> }>
> = {
  "debian-12": debian("12"),
  "debian-13": debian("13"),
  "ubuntu-22.04": ubuntu("ubuntu/images/hvm-ssd/ubuntu-jammy-22.04"),
  "ubuntu-24.04": ubuntu("ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04"),
  "amazon-linux-2023": {
    owner: "137112412989",
    name: "al2023-ami-2023.*-{arch}",
    arch: { x86_64: "x86_64", aarch64: "arm64" },
  },
  "rocky-9": {
    owner: "792107900819",
    name: "Rocky-9-EC2-Base-9.*.{arch}",
    arch: { x86_64: "x86_64", aarch64: "aarch64" },
  },
};

export class AwsImages implements ImagesFacet {
  readonly #aws: Aws;
  readonly #view: Ec2View;
  readonly #images: OwnImages;
  readonly #generations: Generations;

  constructor(aws: Aws, parts: { view: Ec2View; images: OwnImages; generations: Generations }) {
    this.#aws = aws;
    this.#view = parts.view;
    this.#images = parts.images;
    this.#generations = parts.generations;
  }

  async *listImages(signal: AbortSignal): AsyncGenerator<Image> {
    for await (const image of this.#view.images([], this.#subject("list images", "own"), signal)) {
      yield toImage(image, true);
    }
  }

  async resolve(name: string, architecture: Architecture, signal: AbortSignal): Promise<Image> {
    const subject = this.#subject("resolve image", name);
    const found =
      (await this.#byId(name, subject, signal)) ??
      newest(await this.#ownByName(name, architecture, subject, signal)) ??
      (await this.#published(name, architecture, subject, signal));
    if (found) return found;
    throw notFound(
      subject,
      `there is no image ${name} for ${architecture}: no id, none of the account's own, and no public one of ${Object.keys(publishers).join(", ")}`,
    );
  }

  async createImage(input: Parameters<ImagesFacet["createImage"]>[0], signal: AbortSignal): Promise<Image> {
    const { name, key, tags, pointId, firmware, architecture } = input;
    const subject = this.#subject("create image", name);
    const { snapshotId } = await this.#generations.find(pointId, subject, signal);
    const imageId = await this.#images.register({ name, key, tags, snapshotId, firmware, architecture }, signal);
    const image = await this.#byId(imageId, subject, signal);
    if (image) return image;
    throw notFound(subject, `AWS does not show ${imageId}`);
  }

  async deleteImage(imageId: string, signal: AbortSignal): Promise<void> {
    await this.#images.deregister(imageId, this.#subject("delete image", imageId), signal);
  }

  async #byId(id: string, subject: Subject, signal: AbortSignal): Promise<Image | undefined> {
    if (!/^ami-[0-9a-f]+$/.test(id)) return undefined;
    const answer = await goneIsUndefined(
      this.#aws.ec2.send((sdk) => new sdk.DescribeImagesCommand({ ImageIds: [id] }), subject, signal),
    );
    const image = answer?.Images?.[0];
    return image && toImage(image, fromWire(image.Tags).tags["novacron:managed"] === "true");
  }

  async #ownByName(
    name: string,
    architecture: Architecture,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<readonly Image[]> {
    const wire = { Name: "architecture", Values: [architecture === "aarch64" ? "arm64" : architecture] };
    const found: Image[] = [];
    for await (const image of this.#view.images([wire], subject, signal)) {
      const own = toImage(image, true);
      if (own.name === name || image.Name === name) found.push(own);
    }
    return found;
  }

  async #published(
    name: string,
    architecture: Architecture,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Image | undefined> {
    const publisher = publishers[name];
    if (!publisher) return undefined;
    const pattern = publisher.name.replace("{arch}", publisher.arch[architecture]);
    const { Images = [] } = await this.#aws.ec2.send(
      (sdk) =>
        new sdk.DescribeImagesCommand({
          Owners: [publisher.owner],
          Filters: [
            { Name: "name", Values: [pattern] },
            { Name: "state", Values: ["available"] },
          ],
        }),
      subject,
      signal,
    );
    return newest(Images.map((image) => toImage(image, false)));
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#aws.resource("image", id) };
  }
}

function debian(version: string) {
  return { owner: "136693071363", name: `debian-${version}-{arch}-*`, arch: { x86_64: "amd64", aarch64: "arm64" } };
}

function ubuntu(path: string) {
  return { owner: "099720109477", name: `${path}-{arch}-server-*`, arch: { x86_64: "amd64", aarch64: "arm64" } };
}

function newest(images: readonly Image[]): Image | undefined {
  return images.toSorted((a, b) => ((a.createdAt ?? "") > (b.createdAt ?? "") ? -1 : 1))[0];
}

function toImage(image: AwsImage, own: boolean): Image {
  const {
    ImageId = "",
    Name,
    State,
    Architecture,
    BootMode,
    CreationDate,
    RootDeviceName,
    BlockDeviceMappings,
  } = image;
  const { tags, notes } = fromWire(image.Tags);
  const root = BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === RootDeviceName)?.Ebs?.VolumeSize;
  return {
    imageId: ImageId,
    name: notes.name ?? Name ?? ImageId,
    state: State === "available" || State === "pending" ? State : "failed",
    architecture: Architecture?.startsWith("arm64") ? "aarch64" : "x86_64",
    firmware: firmwareOf(BootMode, Architecture),
    ...(root !== undefined && { sizeBytes: root * GiB }),
    ...(CreationDate && { createdAt: CreationDate }),
    own,
    tags,
  };
}

function firmwareOf(bootMode: string | undefined, architecture: string | undefined): Firmware {
  if (bootMode !== undefined) return bootMode === "legacy-bios" ? "bios" : "uefi";
  return architecture?.startsWith("arm64") ? "uefi" : "bios";
}
