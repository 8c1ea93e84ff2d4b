import type { models } from "oci-core";
import type { Image, ImagesFacet } from "../cloud-facets.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import type { Backups, OciBackup } from "./backups.ts";
import type { Oci } from "./client.ts";
import { isoOf } from "./models.ts";
import type { Points } from "./points.ts";
import { fromWire, noteKeys, token } from "./tags.ts";
import { alive, goneIsUndefined, isId, isOver, items } from "./view.ts";

const MiB = 2 ** 20;
type Architecture = Image["architecture"];

/** Platform images by a short name, in the words of Oracle's list. Oracle itself publishes no Debian; a compartment's own or a
 *  simulation's is found all the same. */
const published: Readonly<Record<string, { operatingSystem: string; version: string }>> = {
  "oracle-linux-8": { operatingSystem: "Oracle Linux", version: "8" },
  "oracle-linux-9": { operatingSystem: "Oracle Linux", version: "9" },
  "ubuntu-22.04": { operatingSystem: "Canonical Ubuntu", version: "22.04" },
  "ubuntu-24.04": { operatingSystem: "Canonical Ubuntu", version: "24.04" },
  "almalinux-9": { operatingSystem: "AlmaLinux OS", version: "9" },
  "rocky-9": { operatingSystem: "Rocky Linux", version: "9" },
  "debian-12": { operatingSystem: "Debian", version: "12" },
};

/** What a backup that serves as an image says of itself. */
interface Mark {
  readonly name: string;
  readonly key: string;
  readonly firmware: Image["firmware"];
  readonly architecture: Architecture;
}

/**
 * Custom and platform images; and boot volume backups that we say are images. Oracle makes a custom image of an instance that has
 * booted, or of an uploaded file: a recovery point's backup serves as it is, and nothing boots for it.
 */
export class OciImages implements ImagesFacet {
  readonly #oci: Oci;
  readonly #backups: Backups;
  readonly #points: Points;

  constructor(oci: Oci, parts: { backups: Backups; points: Points }) {
    this.#oci = oci;
    this.#backups = parts.backups;
    this.#points = parts.points;
  }

  async *listImages(signal: AbortSignal): AsyncGenerator<Image> {
    const subject = this.#subject("list images", "own");
    const compartmentId = await this.#oci.compartment();
    for await (const image of this.#listed({}, subject, signal)) {
      if (image.compartmentId === compartmentId) yield toImage(image, true);
    }
    for await (const backup of this.#backups.list(subject, signal)) {
      if (backup.image !== undefined) yield fromBackup(backup);
    }
  }

  async resolve(name: string, architecture: Architecture, signal: AbortSignal): Promise<Image> {
    const subject = this.#subject("resolve image", name);
    const byId = await this.#byId(name, subject, signal);
    if (byId) return byId;
    const own: Image[] = [];
    for await (const image of this.listImages(signal)) {
      if (image.name === name && image.architecture === architecture) own.push(image);
    }
    const found = newest(own) ?? (await this.#published(name, architecture, subject, signal));
    if (found) return found;
    throw notFound(
      subject,
      `there is no image ${name} for ${architecture}: no id, none of the compartment's own, and no public one of ${Object.keys(published).join(", ")}`,
    );
  }

  async createImage(input: Parameters<ImagesFacet["createImage"]>[0], signal: AbortSignal): Promise<Image> {
    const { name, key, pointId, firmware, architecture } = input;
    const subject = this.#subject("create image", name);
    const backup = await this.#points.find(pointId, subject, signal);
    if (!isId(backup.backupId, "bootvolumebackup")) {
      throw conflict(subject, "its point is a block volume's, from which nothing boots", "Choose a boot disk's point.");
    }
    const there = backup.image === undefined ? undefined : readMark(backup.image);
    const mark: Mark = { name, key: token(key).slice(0, 16), firmware, architecture };
    if (there && there.key !== mark.key) {
      throw conflict(subject, `the point serves as image ${there.name} already`, "Use that image, or delete it first.");
    }
    if (!there) {
      const freeformTags = { ...backup.freeformTags, [noteKeys.image]: writeMark(mark) };
      await this.#backups.setTags(backup.backupId, freeformTags, subject, signal);
    }
    return fromBackup({ ...backup, image: writeMark(there ?? mark) });
  }

  async deleteImage(imageId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete image", imageId);
    if (!isId(imageId, "bootvolumebackup")) {
      await goneIsUndefined(this.#oci.compute.call("deleteImage", { imageId }, subject, signal));
      return;
    }
    const backup = await this.#backups.byId(imageId, subject, signal);
    if (backup?.image === undefined) return;
    const { [noteKeys.image]: _, ...freeformTags } = backup.freeformTags;
    await this.#backups.setTags(imageId, freeformTags, subject, signal);
  }

  async #byId(id: string, subject: Subject, signal: AbortSignal): Promise<Image | undefined> {
    if (isId(id, "bootvolumebackup")) {
      const backup = await this.#backups.byId(id, subject, signal);
      return backup?.image === undefined ? undefined : fromBackup(backup);
    }
    if (!isId(id, "image")) return undefined;
    const answer = await goneIsUndefined(this.#oci.compute.call("getImage", { imageId: id }, subject, signal));
    if (!answer || isOver(answer.image)) return undefined;
    return toImage(answer.image, answer.image.compartmentId === (await this.#oci.compartment()));
  }

  async #published(
    name: string,
    architecture: Architecture,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Image | undefined> {
    const publisher = published[name];
    if (!publisher) return undefined;
    const { operatingSystem, version } = publisher;
    const filter = {
      operatingSystem: encodeURIComponent(operatingSystem),
      operatingSystemVersion: encodeURIComponent(version),
    };
    const found: Image[] = [];
    for await (const image of this.#listed(filter, subject, signal)) {
      const one = toImage(image, false);
      // Those for GPUs are like the others, with drivers that these have no use for.
      if (one.architecture === architecture && one.state === "available" && !/gpu/i.test(one.name)) found.push(one);
    }
    return newest(found);
  }

  async *#listed(
    filter: { operatingSystem?: string; operatingSystemVersion?: string },
    subject: Subject,
    signal: AbortSignal,
  ): AsyncGenerator<models.Image> {
    const compartmentId = await this.#oci.compartment();
    const request = { ...filter, compartmentId, limit: 1_000 };
    yield* alive(items((page) => this.#oci.compute.call("listImages", { ...request, page }, subject, signal)));
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#oci.resource("image", id) };
  }
}

/** In what a free-form tag's value takes: 256 characters. */
function writeMark({ name, key, firmware, architecture }: Mark): string {
  return `${firmware} ${architecture} ${key} ${name}`.slice(0, 256).trim();
}

function readMark(text: string): Mark {
  const [, firmware = "bios", architecture = "x86_64", key = "", name = ""] =
    /^(\S+) (\S+) (\S+) (.*)$/.exec(text) ?? [];
  return {
    name,
    key,
    firmware: firmware === "uefi" ? "uefi" : "bios",
    architecture: architecture === "aarch64" ? "aarch64" : "x86_64",
  };
}

function fromBackup(backup: OciBackup): Image {
  const { name, firmware, architecture } = readMark(backup.image ?? "");
  return {
    imageId: backup.backupId,
    name,
    state: backup.state === "completed" ? "available" : backup.state,
    architecture,
    firmware,
    sizeBytes: backup.sizeBytes,
    createdAt: backup.createdAt,
    own: true,
    tags: backup.tags,
  };
}

function newest(images: readonly Image[]): Image | undefined {
  return images.toSorted((a, b) => ((a.createdAt ?? "") > (b.createdAt ?? "") ? -1 : 1))[0];
}

const states: Readonly<Record<string, Image["state"]>> = {
  AVAILABLE: "available",
  EXPORTING: "available",
  PROVISIONING: "pending",
  IMPORTING: "pending",
};

/** An image does not say which processors it is for; Oracle's names do. */
function toImage(image: models.Image, own: boolean): Image {
  const { id, displayName = id, lifecycleState, sizeInMBs, timeCreated, launchOptions } = image;
  const arm = /aarch64|\barm/i.test(displayName);
  return {
    imageId: id,
    name: displayName,
    state: states[lifecycleState] ?? "failed",
    architecture: arm ? "aarch64" : "x86_64",
    firmware: arm || String(launchOptions?.firmware) === "UEFI_64" ? "uefi" : "bios",
    ...(sizeInMBs !== undefined && { sizeBytes: sizeInMBs * MiB }),
    createdAt: isoOf(timeCreated),
    own,
    tags: fromWire(image).tags,
  };
}
