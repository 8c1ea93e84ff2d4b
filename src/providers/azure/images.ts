import type { Image as AzureImage } from "@azure/arm-compute";
import type { Firmware } from "../../domain/vm.ts";
import type { Image, ImagesFacet } from "../cloud-facets.ts";
import { notFound, type Subject } from "../failures.ts";
import type { Azure } from "./client.ts";
import { goneIsUndefined } from "./errors.ts";
import type { Generations } from "./generations.ts";
import { asBlob } from "./imports.ts";
import { namedFor } from "./names.ts";
import type { OwnImages } from "./own-images.ts";
import type { ReplicaBlobs } from "./replica-blobs.ts";
import { createdTags, fromWire, toWire } from "./tags.ts";

const GiB = 2 ** 30;
type Architecture = Image["architecture"];

interface Published {
  readonly publisher: string;
  readonly offer: string;
  readonly sku: Readonly<Record<Architecture, string>>;
}

/** Public images by a short name, as their publishers name them in the marketplace ("Debian on Azure", "Find Ubuntu images on
 *  Azure"). */
const published: Readonly<Record<string, Published>> = {
  "debian-12": { publisher: "Debian", offer: "debian-12", sku: { x86_64: "12-gen2", aarch64: "12-arm64" } },
  "debian-13": { publisher: "Debian", offer: "debian-13", sku: { x86_64: "13-gen2", aarch64: "13-arm64" } },
  "ubuntu-22.04": {
    publisher: "Canonical",
    offer: "0001-com-ubuntu-server-jammy",
    sku: { x86_64: "22_04-lts-gen2", aarch64: "22_04-lts-arm64" },
  },
  "ubuntu-24.04": {
    publisher: "Canonical",
    offer: "ubuntu-24_04-lts",
    sku: { x86_64: "server", aarch64: "server-arm64" },
  },
};

export class AzureImages implements ImagesFacet {
  readonly #azure: Azure;
  readonly #images: OwnImages;
  readonly #generations: Generations;
  readonly #blobs: ReplicaBlobs;

  constructor(azure: Azure, parts: { images: OwnImages; generations: Generations; blobs: ReplicaBlobs }) {
    this.#azure = azure;
    this.#images = parts.images;
    this.#generations = parts.generations;
    this.#blobs = parts.blobs;
  }

  async *listImages(signal: AbortSignal): AsyncGenerator<Image> {
    for await (const image of this.#images.list(this.#subject("list images", "own"), signal)) yield toImage(image);
  }

  async resolve(name: string, architecture: Architecture, signal: AbortSignal): Promise<Image> {
    const subject = this.#subject("resolve image", name);
    const own = await Array.fromAsync(this.#images.list(subject, signal));
    const named = own
      .map(toImage)
      .filter((image) => image.imageId === name || (image.name === name && image.architecture === architecture));
    const found = newest(named) ?? (await this.#fromMarketplace(name, architecture, subject, signal));
    if (found) return found;
    throw notFound(
      subject,
      `there is no image ${name} for ${architecture}: none of the resource group's own, no publisher:offer:sku:version, and no public one of ${Object.keys(published).join(", ")}`,
    );
  }

  /** Azure keeps the image's bytes itself. Its guests are to set themselves up ("generalized"): Azure makes VMs of a managed
   *  image in that way only. */
  async createImage(input: Parameters<ImagesFacet["createImage"]>[0], signal: AbortSignal): Promise<Image> {
    const { name, key, tags, pointId, firmware, architecture } = input;
    const subject = this.#subject("create image", name);
    const imageId = namedFor(name, "image", key);
    const known = await this.#images.find(imageId, subject, signal);
    if (known) return toImage(known);
    const found = await this.#generations.find(pointId, subject, signal);
    const image: AzureImage = {
      location: this.#azure.entry.region,
      tags: toWire(createdTags(tags, key), { name, point: pointId, architecture }),
      hyperVGeneration: firmware === "uefi" ? "V2" : "V1",
    };
    const system = { osType: "Linux", osState: "Generalized" } as const;
    const made =
      found.kind === "adopted"
        ? await this.#create(
            imageId,
            { ...image, storageProfile: { osDisk: { ...system, snapshot: { id: found.snapshot.resourceId } } } },
            subject,
            signal,
          )
        : await asBlob({ azure: this.#azure, blobs: this.#blobs }, found, subject, signal, (blobUri) =>
            this.#create(imageId, { ...image, storageProfile: { osDisk: { ...system, blobUri } } }, subject, signal),
          );
    return toImage(made);
  }

  async deleteImage(imageId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete image", imageId);
    await goneIsUndefined(
      this.#azure.compute(subject, signal, (client, { group, options }) =>
        client.images.delete(group, imageId, options),
      ),
    );
  }

  #create(name: string, image: AzureImage, subject: Subject, signal: AbortSignal): Promise<AzureImage> {
    return this.#azure.compute(subject, signal, (client, { group, options }) =>
      client.images.createOrUpdate(group, name, image, options),
    );
  }

  /** By a short name, or as `publisher:offer:sku:version`, where `latest` is a version too. */
  async #fromMarketplace(
    name: string,
    architecture: Architecture,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Image | undefined> {
    const short = published[name];
    const [publisher, offer, sku, wanted] = short
      ? [short.publisher, short.offer, short.sku[architecture], "latest"]
      : name.split(":");
    if (!publisher || !offer || !sku || !wanted) return undefined;
    const { region } = this.#azure.entry;
    const version = wanted === "latest" ? await this.#newestVersion([publisher, offer, sku], subject, signal) : wanted;
    if (version === undefined) return undefined;
    const image = await goneIsUndefined(
      this.#azure.compute(subject, signal, (client, { options }) =>
        client.virtualMachineImages.get(region, publisher, offer, sku, version, options),
      ),
    );
    if (!image) return undefined;
    return {
      imageId: [publisher, offer, sku, version].join(":"),
      name,
      state: "available",
      architecture: image.architecture === "Arm64" ? "aarch64" : "x86_64",
      firmware: firmwareOf(image.hyperVGeneration),
      own: false,
      tags: {},
    };
  }

  async #newestVersion(
    [publisher, offer, sku]: readonly [string, string, string],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const versions = await goneIsUndefined(
      this.#azure.compute(subject, signal, (client, { options }) =>
        client.virtualMachineImages.list(this.#azure.entry.region, publisher, offer, sku, {
          ...options,
          top: 1,
          orderby: "name desc",
        }),
      ),
    );
    return versions?.[0]?.name;
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#azure.resource("image", id) };
  }
}

function newest(images: readonly Image[]): Image | undefined {
  return images.toSorted((a, b) => (a.imageId < b.imageId ? -1 : 1))[0];
}

function firmwareOf(generation: string | undefined): Firmware {
  return generation === "V2" ? "uefi" : "bios";
}

function toImage(image: AzureImage): Image {
  const { name = "", provisioningState, hyperVGeneration, storageProfile } = image;
  const { tags, notes } = fromWire(image.tags);
  const size = storageProfile?.osDisk?.diskSizeGB;
  return {
    imageId: name,
    name: notes.name ?? name,
    state: provisioningState === "Succeeded" ? "available" : provisioningState === "Failed" ? "failed" : "pending",
    architecture: notes.architecture === "aarch64" ? "aarch64" : "x86_64",
    firmware: firmwareOf(hyperVGeneration),
    ...(size !== undefined && { sizeBytes: size * GiB }),
    own: true,
    tags,
  };
}
