import { basename } from "node:path";
import type { BaseImage, ListedVolume } from "../provider.ts";
import { toolFailure } from "./errors.ts";
import type { Host } from "./host.ts";
import { backingOf, virtualSize } from "./images.ts";
import { attribute, child, parseXml, textOf } from "./xml.ts";

interface DiskFile {
  readonly path: string;
  readonly format: string;
  readonly sizeBytes?: number;
  readonly vmId?: string;
}

interface PoolFile extends DiskFile {
  /** The image that it is built on. */
  readonly backing: string | undefined;
}

/** Volumes in one virsh call. */
const batchSize = 50;
/** A chain that is deeper is a circle, or nobody's idea of a disk. */
const deepestChain = 32;
/** What {@link Virsh.batch} takes. */
const plainWord = /^[\w./:@%+,=-]+$/;

/** Disks of a host: of our store, of its VMs, and what lies in its storage pools. */
export class HostStorage {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Each image once, by its path where it isn't of our store. Images that are only built on are {@link baseImages}. */
  async *volumes(signal: AbortSignal): AsyncGenerator<ListedVolume> {
    const { layers } = this.#host;
    const { used, pool, bases } = await this.#look(signal);
    const own = new Set<string>();
    for (const layer of await layers.list()) {
      own.add(layer.path);
      if (layer.kind !== "volume" || layer.deleted || !layer.made) continue;
      const { id, sizeBytes, tags, format, createdAt, path } = layer;
      const vmId = used.get(path)?.vmId;
      const user = vmId === undefined ? {} : { vmId };
      yield { volumeId: id, sizeBytes, tags, type: format, createdAt, encrypted: false, ...user };
    }
    const others = new Map<string, DiskFile>([...pool, ...used]);
    for (const [path, { format, sizeBytes, vmId }] of others) {
      if (vmId === undefined && (own.has(path) || bases.has(path) || format === "iso")) continue;
      if (layers.idOfPath(path) !== undefined) continue;
      yield {
        volumeId: path,
        name: basename(path),
        sizeBytes: sizeBytes ?? (await virtualSize(path, format)) ?? 0,
        type: format,
        tags: {},
        encrypted: false,
        ...(vmId === undefined ? {} : { vmId }),
      };
    }
  }

  /** What VMs' disks and volumes of pools are built on, and images of installation discs in pools. */
  async *baseImages(signal: AbortSignal): AsyncGenerator<BaseImage> {
    const { layers } = this.#host;
    const { used, pool, bases } = await this.#look(signal);
    const discs = [...pool.values()].filter(({ format }) => format === "iso").map(({ path }) => path);
    for (const path of new Set([...bases.keys(), ...discs])) {
      if (used.has(path) || layers.idOfPath(path) !== undefined) continue;
      const type = pool.get(path)?.format ?? bases.get(path) ?? "raw";
      const sizeBytes = pool.get(path)?.sizeBytes ?? (await virtualSize(path, type));
      yield { imageId: path, name: basename(path), type, ...(sizeBytes === undefined ? {} : { sizeBytes }) };
    }
  }

  async #look(signal: AbortSignal) {
    const used = new Map<string, DiskFile>();
    for await (const domain of this.#host.domains.list(signal)) {
      for (const { path, format } of domain.disks) used.set(path, { path, format, vmId: domain.uuid });
    }
    const pool = await this.#poolFiles(signal);
    return { used, pool, bases: await this.#bases(used, pool) };
  }

  /** Path → format of everything that is below another image. */
  async #bases(used: ReadonlyMap<string, DiskFile>, pool: ReadonlyMap<string, PoolFile>): Promise<Map<string, string>> {
    const bases = new Map<string, string>();
    for (const { path, format } of [...used.values(), ...pool.values()]) {
      let below = pool.get(path)?.backing ?? (await backingOf(path, format));
      for (let depth = 0; below !== undefined && !bases.has(below) && depth < deepestChain; depth++) {
        const known = pool.get(below);
        // What is below a VM's image is qcow2 or has nothing below it.
        const next = known ? known.backing : await backingOf(below, "qcow2");
        bases.set(below, known?.format ?? ((await virtualSize(below, "qcow2")) === undefined ? "raw" : "qcow2"));
        below = next;
      }
    }
    return bases;
  }

  async #poolFiles(signal: AbortSignal): Promise<Map<string, PoolFile>> {
    const { virsh, site } = this.#host;
    const listed = await virsh.attempt(["pool-list", "--name"], signal);
    if (listed.exitCode !== 0) {
      // A host without the storage driver has no pools.
      if (/not supported|no connection driver/i.test(listed.stderr)) return new Map();
      throw toolFailure("virsh", listed.stderr, { operation: "list storage pools", resource: site });
    }
    const paths: string[] = [];
    for (const pool of listed.stdout.split("\n").map((line) => line.trim())) {
      if (pool === "") continue;
      const volumes = await virsh.attempt(["vol-list", "--pool", pool], signal);
      // A pool may be stopped or removed between the look and the call; anything else would make its volumes seem gone.
      if (volumes.exitCode !== 0 && !/not active|pool not found/i.test(volumes.stderr)) {
        throw toolFailure("virsh", volumes.stderr, { operation: "list volumes", resource: `${site}/pool/${pool}` });
      }
      paths.push(...volumes.stdout.split("\n").flatMap((line) => /\s{2,}(\/.*?)\s*$/.exec(line)?.[1] ?? []));
    }
    const files = new Map<string, PoolFile>();
    for (const xml of await this.#describe(paths, signal)) {
      const file = parseVolume(xml);
      if (file) files.set(file.path, file);
    }
    return files;
  }

  async #describe(paths: readonly string[], signal: AbortSignal): Promise<string[]> {
    const { virsh, site } = this.#host;
    const found: string[] = [];
    const again = paths.filter((path) => !plainWord.test(path));
    const plain = paths.filter((path) => plainWord.test(path));
    for (let at = 0; at < plain.length; at += batchSize) {
      const some = plain.slice(at, at + batchSize);
      const described = await virsh.batch(
        some.map((path) => ["vol-dumpxml", path]),
        signal,
      );
      for (const [index, xml] of described.entries()) {
        if (xml === undefined) again.push(some[index] ?? "");
        else found.push(xml);
      }
    }
    for (const path of again) {
      const { exitCode, stdout, stderr } = await virsh.attempt(["vol-dumpxml", path], signal);
      if (exitCode === 0) found.push(stdout);
      // It may have been deleted between the look and the call.
      else if (!/volume not found|no storage vol/i.test(stderr)) {
        throw toolFailure("virsh", stderr, { operation: "describe volume", resource: `${site}/volume/${path}` });
      }
    }
    return found;
  }
}

/** Undefined for a folder of a pool, and for what isn't on this machine. */
function parseVolume(xml: string): PoolFile | undefined {
  const volume = parseXml(xml, "volume");
  const path = textOf(child(volume, "target", "path"));
  const kind = attribute(volume, "type") ?? "file";
  if (!volume || path === undefined || (kind !== "file" && kind !== "block")) return undefined;
  const sizeBytes = Number(textOf(child(volume, "capacity")));
  return {
    path,
    format: attribute(child(volume, "target", "format"), "type") ?? "raw",
    ...(Number.isFinite(sizeBytes) ? { sizeBytes } : {}),
    backing: textOf(child(volume, "backingStore", "path")),
  };
}
