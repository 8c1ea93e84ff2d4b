import { createReadStream, createWriteStream, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { importRaw } from "../cloud/disks/import-raw.ts";
import { GiB } from "./block-volumes.ts";
import { bootImage } from "./boot-image.ts";
import type { Handlers } from "./call.ts";
import type { DigitalOceanCloud } from "./cloud.ts";
import { notFound, unprocessable } from "./errors.ts";
import { newLayerId, nextNumber, timestamp } from "./ids.ts";
import { isRegion, regionSlugs } from "./places.ts";
import type { Image } from "./state.ts";
import { checkTags } from "./tags.ts";

const publicLayerId = "ly-public-debian-12";
const bootLayerId = "ly-boot-from-volume";
const publicSlug = "debian-12-x64";
/** Made beside what a new team has: what its owner is told to make. */
const bootName = "novacron-boot";
/** https://docs.digitalocean.com/products/custom-images/details/limits/ */
const largestGb = 100;
const fetchWithinMs = 600_000;

/** Images by number and slug; the bytes of those that are there from the start are made when somebody first needs them. */
export class Images {
  readonly #cloud: DigitalOceanCloud;
  readonly #making = new Map<string, Promise<void>>();

  constructor(cloud: DigitalOceanCloud) {
    this.#cloud = cloud;
    const { images } = cloud.tables;
    if (images.size > 0) return;
    const base = { description: "", tags: [], regions: regionSlugs, status: "available", minDiskGb: 1 } as const;
    const common = { ...base, createdAt: Date.UTC(2026, 10, 1), builtIn: true };
    const number = () => nextNumber(cloud.tables);
    images.put({
      ...{ ...common, id: number(), name: "12 x64", slug: publicSlug, type: "base", distribution: "Debian" },
      ...{ description: "Simulated by the NovaCron sandbox: published by nobody", sizeGb: 1, layerId: publicLayerId },
    });
    images.put({
      ...{ ...common, id: number(), name: bootName, type: "snapshot", distribution: "Debian" },
      ...{ sizeGb: 0.01, layerId: bootLayerId },
    });
  }

  /** By its number or its slug. @throws DigitalOceanError. */
  find(image: unknown): Image {
    const { images } = this.#cloud.tables;
    const found = images.get(String(image)) ?? images.find(({ slug }) => slug === image);
    if (!found) throw notFound();
    return found;
  }

  /** Makes the bytes of one that is there from the start. */
  async ready({ layerId }: Image): Promise<void> {
    const { disks } = this.#cloud;
    if (disks.isSealed(layerId) || (layerId !== publicLayerId && layerId !== bootLayerId)) return;
    const making = this.#making.get(layerId) ?? this.#make(layerId);
    this.#making.set(layerId, making);
    try {
      await making;
    } finally {
      this.#making.delete(layerId);
    }
  }

  handlers(): Handlers {
    const { images } = this.#cloud.tables;
    return {
      images_list: ({ query }) => {
        const wanted = images.where(({ type, slug, tags }) => {
          const isOwn = slug === undefined;
          if (query.private === "true" && !isOwn) return false;
          if (query.type === "distribution" && isOwn) return false;
          if (query.type === "application" || (query.type && query.type !== "distribution")) return false;
          return query.tag_name === undefined || (type !== "base" && tags.includes(query.tag_name));
        });
        return { member: "images", all: wanted.map(describeImage) };
      },
      images_get: ({ path }) => ({ image: describeImage(this.find(path.image_id)) }),
      images_create_custom: ({ body }) => {
        const {
          name,
          url,
          region,
          distribution = "Unknown",
          description = "",
          tags = [],
        } = body as unknown as CustomImage;
        if (!isRegion(region)) throw unprocessable("Region is not valid.");
        const image = images.put({
          ...{ id: nextNumber(this.#cloud.tables), createdAt: Date.now(), name, type: "custom", distribution },
          ...{ description, tags: checkTags(this.#cloud, tags), regions: [region], status: "NEW", url },
          ...{ minDiskGb: 0, sizeGb: 0, layerId: newLayerId() },
        });
        this.#cloud.inBackground(`import image ${image.id}`, () => this.#import(image, url));
        return { image: describeImage(image) };
      },
      images_delete: async ({ path }) => {
        const image = images.get(path.image_id ?? "");
        if (!image || image.builtIn) throw notFound();
        images.delete(image.id);
        await this.#cloud.collectDisks();
        return undefined;
      },
    };
  }

  async #make(layerId: string): Promise<void> {
    const { disks, parts, dir } = this.#cloud;
    if (layerId === publicLayerId) return importRaw(disks, layerId, await parts.guestImage(), GiB);
    const file = join(dir, "boot.raw");
    writeFileSync(file, bootImage());
    await importRaw(disks, layerId, file, GiB);
    rmSync(file);
  }

  /** Fetches an image, and takes it in whatever of the formats it has. */
  async #import({ id, layerId }: Image, url: string): Promise<void> {
    const { tables, dir, disks, parts } = this.#cloud;
    const work = join(dir, `import-${id}`);
    mkdirSync(work, { recursive: true });
    try {
      tables.images.change(id, { status: "pending" });
      const [fetched, raw] = [join(work, "fetched"), join(work, "raw")];
      await download(url, fetched);
      const plain = await unpacked(fetched, join(work, "plain"));
      const converted = await parts.tools.run("qemu-img", ["convert", "-O", "raw", plain, raw]);
      if (converted.exitCode !== 0) throw new Refused(`Image format is not supported: ${converted.stderr.trim()}`);
      const { size } = await sizeOf(raw);
      const gib = Math.max(1, Math.ceil(size / GiB));
      if (gib > largestGb) throw new Refused("Image is larger than 100 GB");
      await importRaw(disks, layerId, raw, gib * GiB);
      tables.images.change(id, { status: "available", minDiskGb: gib, sizeGb: Number((size / GiB).toFixed(2)) });
    } catch (error) {
      if (!(error instanceof Refused)) this.#cloud.log("An image could not be imported", { id, error });
      tables.images.change(id, { status: "retired", errorMessage: (error as Error).message });
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
}

interface CustomImage {
  readonly name: string;
  readonly url: string;
  readonly region: string;
  readonly distribution?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
}

class Refused extends Error {}

/** "Importing a custom image by URL fails if the image is served by a CDN that doesn't support HEAD requests". */
async function download(url: string, file: string): Promise<void> {
  const signal = AbortSignal.timeout(fetchWithinMs);
  const asked = await fetch(url, { method: "HEAD", signal }).catch(() => undefined);
  if (!asked?.ok) throw new Refused("Could not download the image");
  const answer = await fetch(url, { signal }).catch(() => undefined);
  if (!answer?.ok || !answer.body) throw new Refused("Could not download the image");
  await pipeline(Readable.fromWeb(answer.body as never), createWriteStream(file));
}

async function unpacked(file: string, to: string): Promise<string> {
  const handle = await open(file, "r");
  const head = Buffer.alloc(2);
  await handle.read(head, 0, 2, 0);
  await handle.close();
  if (head.readUInt16BE() !== 0x1f8b) return file;
  await pipeline(createReadStream(file), createGunzip(), createWriteStream(to));
  return to;
}

async function sizeOf(file: string): Promise<{ size: number }> {
  const handle = await open(file, "r");
  try {
    return await handle.stat();
  } finally {
    await handle.close();
  }
}

export function describeImage(image: Image): object {
  const { id, name, type, distribution, slug, regions, createdAt, minDiskGb, sizeGb, description, tags } = image;
  return {
    id: Number(id),
    name,
    type,
    distribution,
    slug: slug ?? null,
    public: slug !== undefined,
    regions,
    created_at: timestamp(createdAt),
    min_disk_size: minDiskGb,
    size_gigabytes: sizeGb,
    description,
    tags,
    status: image.status,
    ...(image.errorMessage !== undefined && { error_message: image.errorMessage }),
  };
}
