import { ProviderError } from "../../domain/errors.ts";
import type { BlockSource } from "../ports.ts";
import { DiskBytes, OutOfTime, Unreadable } from "./disk-bytes.ts";
import type { FileNode, FileSystem } from "./file-tree.ts";
import { readPartitions } from "./partitions.ts";
import { printable } from "./text.ts";
import { type OpenVolume, openVolumes } from "./volumes.ts";

export interface WantedFiles {
  /** Within its file system, with slashes. Links on the way are followed and never lead out of it. */
  readonly path: string;
  /** A partition (`partition 2`), a UUID or a label; default the first file system that has the path. */
  readonly volume?: string;
}

export interface GuestFilesOptions {
  /** What is read, for messages. */
  readonly resource: string;
  readonly signal: AbortSignal;
  /** Of all files together; beyond it reading ends with InvalidInput. */
  readonly maxBytes: number;
  readonly maxEntries: number;
  readonly maxMs: number;
}

export interface GuestEntry {
  /** Relative to what was asked for, with slashes; never absolute, never with `..`. */
  readonly path: string;
  readonly kind: "file" | "folder" | "link";
  readonly sizeBytes: number;
  /** Of a link: relative, and never upwards. */
  readonly target?: string;
  content(): AsyncIterable<Buffer>;
}

/** A file or a folder of a guest's disk. */
export interface GuestFiles {
  /** Its last name; `files` for a file system's root. */
  readonly name: string;
  readonly kind: "file" | "folder";
  readonly sizeBytes: number;
  /** The volume that it lies on. */
  readonly volume: string;
  /** The file system was not closed in order: changes of its last seconds may be missed. */
  readonly inUse: boolean;
  /** The file, or all in the folder: parents before what is in them. */
  entries(): AsyncGenerator<GuestEntry>;
  /** So far: links that may lead out of it, devices and sockets, names that no system takes. */
  readonly leftOut: number;
}

const deepest = 100;
const readAtOnceBytes = 1024 * 1024;
/** Beside the files: maps, folders and what is read ahead. */
const overheadBytes = 1024 ** 3;

/**
 * Finds a file or a folder on a guest's disk. Nothing is changed, nothing of the guest runs, and what the disk holds is not
 * trusted: names that could lead elsewhere are left out, folders that hold themselves end, sizes are bounded.
 * @throws ProviderError NotFound with what can be read and why the rest can't; Timeout; what the source throws.
 */
export async function openGuestFiles(
  source: BlockSource,
  wanted: WantedFiles,
  options: GuestFilesOptions,
): Promise<GuestFiles> {
  const { maxBytes, maxMs, signal } = options;
  const limits = { readBytes: 2 * maxBytes + overheadBytes, deadlineMs: performance.now() + maxMs };
  const disk = new DiskBytes(source, limits, signal);
  return guarded(options, async () => {
    const volumes = await openVolumes(disk, await readPartitions(disk));
    const reasons: string[] = [];
    for (const volume of volumes.filter((each) => isWanted(each, wanted.volume))) {
      const { files, reason, inUse } = volume;
      const { name } = volume.volume;
      if (!files) {
        reasons.push(`${name}: ${reason}`);
        continue;
      }
      const found = await files.find(wanted.path);
      if (found?.kind === "file" || found?.kind === "folder") {
        return new Found({ files, node: found, disk, volume: name, inUse, path: wanted.path, options });
      }
      reasons.push(`${name}: ${found ? "it is neither a file nor a folder" : "it is not there"}`);
    }
    const none = wanted.volume === undefined ? "no file system is on this disk" : `no volume is ${wanted.volume}`;
    throw new ProviderError("NotFound", {
      operation: `find ${printable(wanted.path)}`,
      resource: options.resource,
      reason: reasons.join("; ") || none,
      action: "Name another path or volume; what can't be read here is had by restoring the VM.",
    });
  });
}

interface FoundAt {
  readonly files: FileSystem;
  readonly node: FileNode;
  readonly disk: DiskBytes;
  readonly volume: string;
  readonly inUse: boolean;
  readonly path: string;
  readonly options: GuestFilesOptions;
}

class Found implements GuestFiles {
  readonly name: string;
  readonly kind: "file" | "folder";
  readonly sizeBytes: number;
  readonly volume: string;
  readonly inUse: boolean;
  leftOut = 0;
  readonly #at: FoundAt;
  #entries = 0;
  #bytes = 0;

  constructor(at: FoundAt) {
    this.#at = at;
    const { node, path, volume, inUse } = at;
    const last = path.split("/").findLast((part) => part !== "" && part !== ".") ?? "";
    this.name = isSafe(last) ? last : "files";
    this.kind = node.kind === "folder" ? "folder" : "file";
    this.sizeBytes = node.sizeBytes;
    this.volume = volume;
    this.inUse = inUse;
  }

  async *entries(): AsyncGenerator<GuestEntry> {
    const { node } = this.#at;
    if (this.kind === "file") yield this.#entry(this.name, node);
    else yield* this.#walk(node, this.name, new Set());
  }

  async *#walk(folder: FileNode, path: string, above: ReadonlySet<number>): AsyncGenerator<GuestEntry> {
    const { files, disk, options } = this.#at;
    yield this.#entry(path, folder);
    // A damaged or hostile file system may hold a folder in itself.
    if (above.has(folder.id) || above.size >= deepest) return;
    const inside = new Set(above).add(folder.id);
    const children = await guarded(options, () => files.children(folder));
    for (const [name, open] of [...children].sort(([a], [b]) => (a < b ? -1 : 1))) {
      disk.checkTime();
      const child = await guarded(options, open);
      const below = `${path}/${name}`;
      const target = child.kind === "link" ? await guarded(options, () => files.linkOf(child)) : "";
      if (!isSafe(name) || child.kind === "other" || !isWithin(target)) this.leftOut += 1;
      else if (child.kind === "folder") yield* this.#walk(child, below, inside);
      else yield this.#entry(below, child, child.kind === "link" ? target : undefined);
    }
  }

  #entry(path: string, node: FileNode, target?: string): GuestEntry {
    const { maxEntries, maxBytes, resource } = this.#at.options;
    const sizeBytes = node.kind === "file" ? node.sizeBytes : 0;
    this.#entries += 1;
    this.#bytes += sizeBytes;
    if (this.#entries > maxEntries || this.#bytes > maxBytes) {
      throw new ProviderError("InvalidInput", {
        operation: "read files",
        resource,
        reason: `it is more than ${maxEntries} files or ${maxBytes} bytes`,
        action: "Take a folder of it at a time, or restore the VM.",
      });
    }
    const content = () => this.#content(node);
    if (target !== undefined) return { path, kind: "link", sizeBytes, target, content };
    return { path, kind: node.kind === "folder" ? "folder" : "file", sizeBytes, content };
  }

  async *#content(node: FileNode): AsyncGenerator<Buffer> {
    const { files, options } = this.#at;
    for (let offset = 0; offset < node.sizeBytes; offset += readAtOnceBytes) {
      const length = Math.min(readAtOnceBytes, node.sizeBytes - offset);
      const bytes = await guarded(options, async () =>
        Buffer.concat(await Array.fromAsync(files.read(node, offset, length))),
      );
      // What is announced is what comes: an archive's header has the size already.
      yield bytes.length === length ? bytes : Buffer.concat([bytes], length);
    }
  }
}

/** A name that is one step down, on any system. */
function isSafe(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\\\0]/.test(name);
}

/** A link's target that stays below the link's own folder. */
function isWithin(target: string): boolean {
  return !/^[/\\]|\0/.test(target) && !target.split(/[/\\]/).includes("..");
}

function isWanted({ volume }: OpenVolume, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  const { name, uuid, label } = volume;
  return wanted === name || wanted === label || wanted.toLowerCase() === uuid?.toLowerCase();
}

async function guarded<T>({ resource }: GuestFilesOptions, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw new ProviderError(error instanceof OutOfTime ? "Timeout" : "Conflict", {
      operation: "read files",
      resource,
      reason: error.message,
      action: "Restore the VM instead, and take them from there.",
      cause: error,
    });
  }
}
