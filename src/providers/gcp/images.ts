import type * as Compute from "@google-cloud/compute";
import { isProviderError } from "../../domain/errors.ts";
import type { Image, ImagesFacet } from "../cloud-facets.ts";
import { notFound, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { Gcp } from "./client.ts";
import type { Generations } from "./generations.ts";
import { createdTags, describe, seenOf, toLabels } from "./labels.ts";
import { readableName } from "./names.ts";

type Wire = Compute.protos.google.cloud.compute.v1.IImage;
type Architecture = Image["architecture"];

const GiB = 2 ** 30;
/** "Operating system details": the projects that publish them, by the first part of a family's name. */
const publicProjects: Readonly<Record<string, string>> = {
  debian: "debian-cloud",
  ubuntu: "ubuntu-os-cloud",
  rocky: "rocky-linux-cloud",
  centos: "centos-cloud",
  rhel: "rhel-cloud",
  sles: "suse-cloud",
  fedora: "fedora-cloud",
  cos: "cos-cloud",
  windows: "windows-cloud",
};

export class GcpImages implements ImagesFacet {
  readonly #gcp: Gcp;
  readonly #generations: Generations;

  constructor(gcp: Gcp, generations: Generations) {
    this.#gcp = gcp;
    this.#generations = generations;
  }

  async *listImages(signal: AbortSignal): AsyncGenerator<Image> {
    const subject = this.#subject("list images", "all");
    for await (const wire of this.#gcp.list<Wire>("images", {}, subject, signal)) yield toImage(wire, true);
  }

  async resolve(name: string, architecture: Architecture, signal: AbortSignal): Promise<Image> {
    const subject = this.#subject("look up image", name);
    const [project, ownName] = partsOf(name);
    if (project !== undefined) {
      const wire = await this.#gcp.find<Wire>("images", { project, image: ownName }, subject, signal);
      if (wire) return toImage(wire, false);
      throw notFound(subject, `there is no image ${name}`);
    }
    const own: Image[] = [];
    for await (const image of this.listImages(signal)) {
      if (image.architecture !== architecture) continue;
      if (image.imageId === name || image.name === name) own.push(image);
    }
    const [newest] = own.toSorted((a, b) => ((a.createdAt ?? "") > (b.createdAt ?? "") ? -1 : 1));
    return newest ?? this.#public(name, architecture, subject, signal);
  }

  async createImage(input: Parameters<ImagesFacet["createImage"]>[0], signal: AbortSignal): Promise<Image> {
    const { name, pointId, firmware, architecture, key, tags } = input;
    const id = readableName(name, key);
    const subject = this.#subject("create image", id);
    if (!(await this.#gcp.find("images", { image: id }, subject, signal))) {
      const point = await this.#generations.find(pointId, subject, signal);
      const imageResource = {
        name: id,
        description: describe({ name, key }),
        labels: toLabels(createdTags(tags, key)),
        sourceSnapshot: `global/snapshots/${point.name}`,
        ...(point.encryptionKey !== undefined && { imageEncryptionKey: { kmsKeyName: point.encryptionKey } }),
        architecture: architecture === "aarch64" ? "ARM64" : "X86_64",
        ...(firmware === "uefi" && { guestOsFeatures: [{ type: "UEFI_COMPATIBLE" }] }),
      };
      await this.#gcp.change("images", "insert", { imageResource }, subject, signal).catch(async (error: unknown) => {
        const made = isProviderError(error, "Conflict")
          ? await this.#gcp.find("images", { image: id }, subject, signal)
          : undefined;
        if (!made) throw error;
      });
    }
    return poll(
      async () => {
        const wire = await this.#gcp.find<Wire>("images", { image: id }, subject, signal);
        if (!wire) throw notFound(subject, "it was deleted as it was made");
        return wire.status === "PENDING" ? undefined : toImage(wire, true);
      },
      this.#gcp.patience,
      signal,
    );
  }

  async deleteImage(imageId: string, signal: AbortSignal): Promise<void> {
    await this.#gcp.drop("images", { image: imageId }, this.#subject("delete image", imageId), signal);
  }

  /** As an instance's disk names it. */
  async url(imageId: string, architecture: Architecture, signal: AbortSignal): Promise<string> {
    const { imageId: found, own } = await this.resolve(imageId, architecture, signal);
    return own ? `global/images/${found}` : found;
  }

  async #public(family: string, architecture: Architecture, subject: Subject, signal: AbortSignal): Promise<Image> {
    const project = publicProjects[family.split("-")[0] ?? ""];
    if (project !== undefined) {
      const asked = architecture === "aarch64" && !family.endsWith("-arm64") ? `${family}-arm64` : family;
      const wire = await this.#gcp
        .call<Wire>("images", "getFromFamily", { project, family: asked }, subject, signal)
        .catch((error: unknown) => {
          if (!isProviderError(error, "NotFound")) throw error;
          return undefined;
        });
      if (wire) return toImage(wire, false);
    }
    throw notFound(subject, `the project has no image ${family}, and Google publishes no family of that name`);
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#gcp.resource("image", id) };
  }
}

/** `projects/debian-cloud/global/images/debian-12-bookworm-v20260101` as its project and its name. */
function partsOf(name: string): readonly [project: string | undefined, image: string] {
  const [, project, image] = /projects\/([^/]+)\/global\/images\/([^/]+)$/.exec(name) ?? [];
  return image === undefined ? [undefined, name] : [project, image];
}

function toImage(wire: Wire, own: boolean): Image {
  const { tags, described } = seenOf(wire);
  const { name, status, architecture, guestOsFeatures, diskSizeGb, creationTimestamp, selfLink } = wire;
  const isUefiOnly = (guestOsFeatures ?? []).some(({ type }) => type === "UEFI_COMPATIBLE");
  const path = /projects\/[^/]+\/global\/images\/[^/]+$/.exec(selfLink ?? "")?.[0];
  return {
    imageId: (own ? name : path) ?? "",
    name: described.name ?? name ?? "",
    state: status === "READY" ? "available" : status === "FAILED" ? "failed" : "pending",
    architecture: architecture === "ARM64" ? "aarch64" : "x86_64",
    firmware: isUefiOnly ? "uefi" : "bios",
    ...(diskSizeGb && { sizeBytes: Number(diskSizeGb) * GiB }),
    ...(creationTimestamp && { createdAt: new Date(creationTimestamp).toISOString() }),
    own,
    tags,
  };
}
