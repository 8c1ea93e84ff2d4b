import { open, readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { HostTools } from "../../host/tools.ts";
import { type Subject } from "../failures.ts";
import { toolFailure } from "./errors.ts";

/** The cluster size of our images and the granularity of our bitmaps. */
export const granularityBytes = 65_536;
const qcow2Magic = 0x514649fb;
/** As the format has it. */
const longestBackingName = 1_023;

export interface ImageBitmap {
  readonly name: string;
  readonly granularity: number;
  /** Not stored cleanly: open in some process, or left so by one that was killed. */
  readonly inUse: boolean;
  /** Recording. */
  readonly auto: boolean;
}

export interface ImageInfo {
  readonly format: string;
  readonly sizeBytes: number;
  readonly backingPath?: string;
  /** False for raw and for qcow2's first version. */
  readonly keepsBitmaps: boolean;
  readonly bitmaps: readonly ImageBitmap[];
}

interface QemuImgInfo {
  readonly format: string;
  readonly "virtual-size": number;
  readonly "full-backing-filename"?: string;
  readonly "format-specific"?: {
    readonly data?: {
      readonly compat?: string;
      readonly bitmaps?: readonly {
        readonly name: string;
        readonly granularity: number;
        readonly flags: readonly string[];
      }[];
    };
  };
}

/** qemu-img, in the few ways it is used here. */
export class Images {
  readonly #tools: HostTools;

  constructor(tools: HostTools) {
    this.#tools = tools;
  }

  /** Reads also what a running VM has open; bitmaps are then shown as last stored. */
  async info(path: string, signal: AbortSignal): Promise<ImageInfo> {
    const output = await this.#run(["info", "--force-share", "--output=json", path], "read image", path, signal);
    const info = JSON.parse(output) as QemuImgInfo;
    const data = info["format-specific"]?.data;
    return {
      format: info.format,
      sizeBytes: info["virtual-size"],
      backingPath: info["full-backing-filename"],
      keepsBitmaps: info.format === "qcow2" && data?.compat !== "0.10",
      bitmaps: (data?.bitmaps ?? []).map(({ name, granularity, flags }) => ({
        name,
        granularity,
        inUse: flags.includes("in-use"),
        auto: flags.includes("auto"),
      })),
    };
  }

  /** Bytes that hold data, in the whole chain and in the image's own file. */
  async allocation(path: string, format: string, signal: AbortSignal): Promise<{ all: number; own: number }> {
    const args = ["map", "--force-share", "--output=json", "-f", format, path];
    const map = JSON.parse(await this.#run(args, "map image", path, signal)) as readonly {
      readonly length: number;
      readonly depth: number;
      readonly data: boolean;
      readonly zero: boolean;
      readonly present?: boolean;
    }[];
    let all = 0;
    let own = 0;
    for (const extent of map) {
      if (extent.data && !extent.zero) all += extent.length;
      if (extent.depth === 0 && (extent.present ?? extent.data)) own += extent.length;
    }
    return { all, own };
  }

  /** A qcow2 image, empty or as an overlay. */
  async create(
    path: string,
    input: { sizeBytes: number; backing?: { readonly path: string; readonly format: string } },
    signal: AbortSignal,
  ): Promise<void> {
    const backing = input.backing ? ["-b", input.backing.path, "-F", input.backing.format] : [];
    const options = `cluster_size=${granularityBytes},compat=1.1,lazy_refcounts=off`;
    const args = ["create", "-q", "-f", "qcow2", "-o", options, ...backing, path, String(input.sizeBytes)];
    await this.#run(args, "create image", path, signal);
  }

  /** A copy without a backing file. */
  async flatten(from: { path: string; format: string }, to: string, signal: AbortSignal): Promise<void> {
    const options = `cluster_size=${granularityBytes},compat=1.1,lazy_refcounts=off`;
    const args = ["convert", "-q", "-W", "-m", "8", "-f", from.format, "-O", "qcow2", "-o", options, from.path, to];
    await this.#run(args, "flatten image", from.path, signal, 6 * 60 * 60 * 1000);
  }

  /** Adding one that is there succeeds. */
  async addBitmap(path: string, name: string, signal: AbortSignal): Promise<void> {
    const args = ["bitmap", "--add", "-g", String(granularityBytes), "-f", "qcow2", path, name];
    const result = await this.#tools.run("qemu-img", args, { signal });
    if (result.exitCode !== 0 && !/already exists/i.test(result.stderr)) {
      throw toolFailure("qemu-img", result.stderr, { operation: "track changes", resource: path });
    }
  }

  async removeBitmap(path: string, name: string, signal: AbortSignal): Promise<void> {
    const result = await this.#tools.run("qemu-img", ["bitmap", "--remove", "-f", "qcow2", path, name], { signal });
    if (result.exitCode !== 0 && !/not found|does not exist/i.test(result.stderr)) {
      throw toolFailure("qemu-img", result.stderr, { operation: "stop tracking changes", resource: path });
    }
  }

  async #run(
    args: readonly string[],
    operation: string,
    path: string,
    signal: AbortSignal,
    timeoutMs = 120_000,
  ): Promise<string> {
    const subject: Subject = { operation, resource: path };
    const result = await this.#tools.run("qemu-img", args, { signal, timeoutMs });
    if (result.exitCode !== 0) throw toolFailure("qemu-img", result.stderr, subject);
    return result.stdout;
  }
}

/** A disk's size as the guest sees it, read from its header: a process for each disk would make lists slow. */
export async function virtualSize(path: string, format: string): Promise<number | undefined> {
  try {
    const file = await open(path, "r");
    try {
      const header = Buffer.alloc(32);
      const { bytesRead } = await file.read(header, 0, header.length, 0);
      if (format === "qcow2") {
        const isQcow2 = bytesRead === header.length && header.readUInt32BE(0) === qcow2Magic;
        return isQcow2 ? Number(header.readBigUInt64BE(24)) : undefined;
      }
      const stats = await file.stat({ bigint: true });
      if (stats.isBlockDevice()) return Number(await deviceFact(stats.rdev, "size")) * 512;
      // QEMU pads a raw file to whole sectors.
      return Math.ceil(Number(stats.size) / 512) * 512;
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** The image that a qcow2 image is built on, read from its header; undefined for one of its own, and for other formats. */
export async function backingOf(path: string, format: string): Promise<string | undefined> {
  if (format !== "qcow2") return undefined;
  try {
    const file = await open(path, "r");
    try {
      const header = Buffer.alloc(24);
      const { bytesRead } = await file.read(header, 0, header.length, 0);
      if (bytesRead < header.length || header.readUInt32BE(0) !== qcow2Magic) return undefined;
      const length = header.readUInt32BE(16);
      if (length === 0 || length > longestBackingName) return undefined;
      const name = Buffer.alloc(length);
      await file.read(name, 0, length, Number(header.readBigUInt64BE(8)));
      const backing = name.toString("utf8");
      // Others (`json:`, `nbd://`) are no files of this host.
      return /^(?:json|[a-z]+):/.test(backing) ? undefined : resolve(dirname(path), backing);
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

/** Changes whenever somebody opens the image for writing and uses it. */
export interface FileIdentity {
  readonly path: string;
  readonly inode: string;
  readonly sizeBytes: string;
  readonly modifiedNs: string;
}

/** Undefined when the file is gone. */
export async function fileIdentity(path: string): Promise<FileIdentity | undefined> {
  try {
    const stats = await stat(path, { bigint: true });
    if (stats.isBlockDevice()) return await deviceIdentity(path, stats.rdev);
    return {
      path,
      inode: String(stats.ino),
      sizeBytes: String(stats.size),
      modifiedNs: String(stats.mtimeNs),
    };
  } catch {
    return undefined;
  }
}

/** Writes don't show in a device's times: the kernel's count of sectors written since the boot tells instead. */
async function deviceIdentity(path: string, rdev: bigint): Promise<FileIdentity> {
  const written = (await deviceFact(rdev, "stat")).trim().split(/\s+/)[6];
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const sizeBytes = String(Number(await deviceFact(rdev, "size")) * 512);
  return { path, inode: `device ${rdev}`, sizeBytes, modifiedNs: `${boot} ${written}` };
}

function deviceFact(rdev: bigint, name: string): Promise<string> {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn);
  return readFile(`/sys/dev/block/${major}:${minor}/${name}`, "utf8");
}

export async function isUnchanged(identity: FileIdentity): Promise<boolean> {
  const now = await fileIdentity(identity.path);
  return (
    now?.inode === identity.inode && now.sizeBytes === identity.sizeBytes && now.modifiedNs === identity.modifiedNs
  );
}
