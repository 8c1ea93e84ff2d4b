import { chownSync, createReadStream, createWriteStream, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { importRaw } from "../../cloud/disks/import-raw.ts";
import { newLayerId } from "../../cloud/disks/points.ts";
import type { OciCloud } from "../cloud.ts";
import { OciError } from "../errors.ts";
import type { ObjectStore } from "../objectstorage/store.ts";
import type { Registry } from "../registry.ts";
import type { Image } from "../state.ts";
import { shapes } from "./shapes.ts";
import { GiB } from "./volumes.ts";

const MiB = 2 ** 20;
const publicLayer = "ly-public-debian-12";
/** Of an imported disk: https://docs.oracle.com/en-us/iaas/Content/Compute/Tasks/importingcustomimagelinux.htm */
const importedMostBytes = 400 * GiB;
const x86 = shapes.filter(({ arm }) => !arm).map(({ name }) => name);

export const exportFormats: Readonly<Record<string, readonly string[]>> = {
  QCOW2: ["-O", "qcow2"],
  VMDK: ["-O", "vmdk", "-o", "subformat=streamOptimized"],
  VHD: ["-O", "vpc"],
  VDI: ["-O", "vdi"],
};

/** The bytes of images: the platform's own, imports and exports. */
export class ImageBytes {
  readonly #registry: Registry;
  readonly #cloud: OciCloud;
  readonly #objects: ObjectStore;
  readonly #dir: string;
  #making: Promise<void> | undefined;

  constructor(registry: Registry, objects: ObjectStore) {
    this.#registry = registry;
    this.#cloud = registry.cloud;
    this.#objects = objects;
    this.#dir = join(registry.cloud.parts.dir, "conversions");
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** The platform image, made known once. It belongs to the tenancy here, and is listed in every compartment. */
  ensurePlatform(): Image {
    const { tables, tenancy } = this.#cloud;
    const known = tables.images.find((image) => image.public === true);
    if (known) return known;
    return tables.images.put({
      ...this.#registry.resource("image", {
        compartmentId: tenancy.tenancyId,
        displayName: "Debian-12-simulated-2026.11.01-0",
      }),
      createdAt: Date.UTC(2026, 10, 1),
      operatingSystem: "Debian",
      operatingSystemVersion: "12",
      launchMode: "PARAVIRTUALIZED",
      launchOptions: paravirtualized("BIOS"),
      sizeMib: 1024,
      layerId: publicLayer,
      state: "AVAILABLE",
      shapes: x86,
      public: true,
      builtIn: true,
    });
  }

  /** The layer of an image, its bytes made if nobody needed them before. */
  async layer(image: Image): Promise<string> {
    const { disks, parts } = this.#cloud;
    if (image.public !== true) return image.layerId ?? "";
    if (disks.isSealed(publicLayer)) return publicLayer;
    this.#making ??= (async () => importRaw(disks, publicLayer, await parts.guestImage(), image.sizeMib * MiB))();
    try {
      await this.#making;
    } finally {
      this.#making = undefined;
    }
    return publicLayer;
  }

  /** Makes a layer of an object that holds a disk image. @throws OciError InvalidParameter for what is none. */
  async import(bucket: string, name: string, format: string): Promise<{ layerId: string; sizeMib: number }> {
    const object = this.#objects.objects.get(`${bucket}/${name}`);
    if (!object) throw new OciError(404, "NotAuthorizedOrNotFound", `There is no object ${name} in ${bucket}.`);
    const [source, raw] = [this.#path("in"), this.#path("raw")];
    try {
      await pipeline(
        Readable.from(this.#objects.contents.read(object.contents, 0, object.sizeBytes)),
        createWriteStream(source, { mode: 0o644 }),
      );
      this.#give(source);
      const type = format === "QCOW2" ? "qcow2" : "vmdk";
      await this.#hold(source, type);
      await this.#convert(["-f", type, "-O", "raw", source, raw]);
      const sizeBytes = statSync(raw).size;
      const layerId = newLayerId();
      await importRaw(this.#cloud.disks, layerId, raw, sizeBytes);
      return { layerId, sizeMib: Math.ceil(sizeBytes / MiB) };
    } finally {
      for (const path of [source, raw]) rmSync(path, { force: true });
    }
  }

  /** Writes a layer into an object. */
  async export(layerId: string, bucket: string, name: string, format: string): Promise<void> {
    const target = this.#path("out");
    try {
      await this.#convert(["-f", "qcow2", ...(exportFormats[format] ?? []), this.#cloud.disks.path(layerId), target]);
      const stored = await this.#objects.contents.write(createReadStream(target) as AsyncIterable<Buffer>, ["md5"]);
      const { contentId, sizeBytes, sums } = stored;
      this.#objects.put({
        bucket,
        name,
        contents: [{ contentId, sizeBytes }],
        sizeBytes,
        headers: {},
        md5: sums.md5?.toString("base64") ?? "",
        multipart: false,
      });
    } finally {
      rmSync(target, { force: true });
    }
  }

  /** A monolithic image that is not too large; one that names other files would read this machine's. */
  async #hold(path: string, type: string): Promise<void> {
    const { tools } = this.#cloud.parts;
    const { exitCode, stdout, stderr } = await tools.run("qemu-img", ["info", "-f", type, "--output=json", path]);
    if (exitCode !== 0) throw new OciError(400, "InvalidParameter", `The object is no ${type} image: ${stderr.trim()}`);
    const facts = JSON.parse(stdout) as {
      "virtual-size": number;
      "backing-filename"?: string;
      "format-specific"?: { data?: { "data-file"?: string; extents?: readonly { filename?: string }[] } };
    };
    const { "data-file": dataFile, extents = [] } = facts["format-specific"]?.data ?? {};
    const elsewhere = extents.some(({ filename }) => filename !== undefined && filename !== path);
    if (facts["backing-filename"] !== undefined || dataFile !== undefined || elsewhere)
      throw new OciError(400, "InvalidParameter", "The image is not monolithic.");
    if (facts["virtual-size"] > importedMostBytes)
      throw new OciError(400, "InvalidParameter", "The image is larger than 400 GB.");
  }

  async #convert(args: readonly string[]): Promise<void> {
    const { exitCode, stderr } = await this.#cloud.parts.tools.run("qemu-img", ["convert", ...args], {
      timeoutMs: 600_000,
    });
    if (exitCode !== 0)
      throw new OciError(400, "InvalidParameter", `The image could not be converted: ${stderr.trim()}`);
  }

  #path(ending: string): string {
    mkdirSync(this.#dir, { recursive: true, mode: 0o755 });
    this.#give(this.#dir);
    return join(this.#dir, `${newLayerId()}.${ending}`);
  }

  #give(path: string): void {
    const { account } = this.#cloud.parts.tools;
    if (account) chownSync(path, account.uid, account.gid);
  }
}

export function paravirtualized(firmware: "BIOS" | "UEFI_64"): Image["launchOptions"] {
  return {
    bootVolumeType: "PARAVIRTUALIZED",
    firmware,
    networkType: "PARAVIRTUALIZED",
    remoteDataVolumeType: "PARAVIRTUALIZED",
    isPvEncryptionInTransitEnabled: false,
    isConsistentVolumeNamingEnabled: true,
  };
}
