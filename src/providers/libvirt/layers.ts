import { createHash, randomUUID } from "node:crypto";
import { chmod, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { HostTools } from "../../host/tools.ts";
import { invalid } from "../failures.ts";
import {
  markOnce,
  partialName,
  putOnce,
  readJson,
  readNames,
  sweepPartials,
  syncFile,
  writeJson,
  writeJsonOnce,
} from "../record-files.ts";
import type { FileIdentity } from "./images.ts";
import { makeToolFolder } from "./tool-folder.ts";

/** What is fixed about a layer from its first moment; written before its bytes exist. */
export interface LayerSpec {
  readonly id: string;
  /**
   * `volume`: a VM may write to it. `generation`: a replica's state; a recovery point once sealed. `adopted`: a recovery
   * point by reference to a VM's disk. `external`: a disk from outside that is to go when nothing is built on it.
   */
  readonly kind: "volume" | "generation" | "adopted" | "external";
  /** Where the bytes are: in the store, except for `adopted` and `external`. */
  readonly path: string;
  readonly format: string;
  readonly sizeBytes: number;
  readonly createdAt: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly replicaId?: string;
  /** The image below it. */
  readonly backing?: { readonly pointId: string; readonly path: string; readonly format: string };
  /** Images below it in all. */
  readonly depth: number;
  /** The point that a volume was materialised from, also when it was flattened. */
  readonly baselineId?: string;
  /** Of an adopted disk, as its source point saw it. */
  readonly identity?: FileIdentity;
}

export interface Layer extends LayerSpec {
  /** Its bytes exist. */
  readonly made: boolean;
  readonly sealedAt?: string;
  /** Removed by its owner; kept while something is built on it. */
  readonly deleted: boolean;
}

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$/;
/** How long a late attempt at a discarded generation is still recognised. */
const tombstoneMs = 7 * 24 * 60 * 60 * 1000;

/**
 * The layers of one site: a JSON sidecar and an image each. No file is ever changed in place by two writers: states are
 * files that exist or not, so that an attempt which was stopped for an hour can't undo what its successor did.
 */
export class LayerStore {
  readonly root: string;
  readonly #tools: HostTools;
  readonly #layers: string;
  readonly #attempts: string;
  readonly #gone: string;
  #id: Promise<string> | undefined;

  constructor(root: string, tools: HostTools) {
    this.root = root;
    this.#tools = tools;
    this.#layers = join(root, "layers");
    this.#attempts = join(root, "attempts");
    this.#gone = join(root, "gone");
  }

  /** Made once; tells this store's processes from those of others. */
  id(): Promise<string> {
    this.#id ??= this.#open().catch((error: unknown) => {
      this.#id = undefined;
      throw error;
    });
    return this.#id;
  }

  async #open(): Promise<string> {
    await this.folder(".");
    for (const folder of ["layers", "attempts", "gone", "points", "tracking"]) await this.folder(folder);
    const path = join(this.root, "store.json");
    await writeJsonOnce(path, { id: randomUUID().slice(0, 13), format: 1 });
    const store = await readJson<{ id: string }>(path);
    return store?.id ?? "unknown";
  }

  /** A folder of the store that the tools can write to. */
  async folder(name: string): Promise<string> {
    return makeToolFolder(join(this.root, name), 0o750, this.#tools);
  }

  imagePath(id: string): string {
    return join(this.#layers, `${checkId(id)}.qcow2`);
  }

  /** The id of the layer whose image that is, when it is one of ours. */
  idOfPath(path: string): string | undefined {
    const prefix = `${this.#layers}/`;
    return path.startsWith(prefix) && path.endsWith(".qcow2") ? path.slice(prefix.length, -6) : undefined;
  }

  async get(id: string): Promise<Layer | undefined> {
    await this.id();
    const path = join(this.#layers, checkId(id));
    const live = await readJson<LayerSpec>(`${path}.json`);
    const spec = live ?? (await readJson<LayerSpec>(`${path}.deleted.json`));
    if (!spec) return undefined;
    const sealed = await readJson<{ sealedAt: string }>(`${path}.sealed`);
    return { ...spec, made: await exists(spec.path), sealedAt: sealed?.sealedAt, deleted: live === undefined };
  }

  async list(): Promise<Layer[]> {
    await this.id();
    const names = await readNames(this.#layers);
    const ids = new Set(names.flatMap((name) => /^(.+?)(?:\.deleted)?\.json$/.exec(name)?.[1] ?? []));
    const layers = await Promise.all([...ids].map((id) => this.get(id)));
    return layers.filter((layer) => layer !== undefined);
  }

  /** Writes the sidecar unless there is one; returns what is there. */
  async put(spec: LayerSpec): Promise<Layer> {
    await this.id();
    await writeJsonOnce(join(this.#layers, `${checkId(spec.id)}.json`), spec);
    return (await this.get(spec.id)) ?? { ...spec, made: false, deleted: false };
  }

  /** Makes the layer's image once, however many try: `make` fills a partial file, the first to finish counts. */
  async make(layer: LayerSpec, make: (partial: string) => Promise<void>): Promise<void> {
    if (await exists(layer.path)) return;
    const partial = partialName(layer.path);
    try {
      await make(partial);
      await syncFile(partial);
      await putOnce(partial, layer.path);
    } finally {
      await rm(partial, { force: true });
    }
  }

  async seal(layer: Layer): Promise<string> {
    await syncFile(layer.path);
    await chmod(layer.path, 0o440);
    const path = join(this.#layers, `${layer.id}.sealed`);
    await writeJsonOnce(path, { sealedAt: new Date().toISOString() });
    return (await readJson<{ sealedAt: string }>(path))?.sealedAt ?? layer.createdAt;
  }

  /** Marks it removed; {@link sweep} drops the bytes when nothing is built on them. */
  async markDeleted(id: string): Promise<void> {
    const path = join(this.#layers, checkId(id));
    await rename(`${path}.json`, `${path}.deleted.json`).catch(ignoreMissing);
  }

  /** Notes that an adopted disk's file was touched without a change to its content. */
  async restamp(id: string, identity: FileIdentity): Promise<void> {
    const path = join(this.#layers, `${checkId(id)}.json`);
    const spec = await readJson<LayerSpec>(path);
    if (spec) await writeJson(path, { ...spec, identity });
  }

  /** Registers an attempt at a generation; returns the newest one known. */
  async claim(id: string, attempt: number): Promise<number> {
    await this.id();
    await markOnce(join(this.#attempts, checkId(id), String(attempt)));
    return this.newestAttempt(id);
  }

  async newestAttempt(id: string): Promise<number> {
    const attempts = await readNames(join(this.#attempts, checkId(id)));
    return attempts.reduce((newest, name) => (/^\d+$/.test(name) ? Math.max(newest, Number(name)) : newest), -1);
  }

  /** Notes that a generation was discarded, so that a late attempt can't bring it back. */
  async bury(id: string): Promise<void> {
    await this.id();
    await markOnce(join(this.#gone, checkId(id)));
    await this.markDeleted(id);
  }

  async isBuried(id: string): Promise<boolean> {
    return exists(join(this.#gone, checkId(id)));
  }

  /** Drops what is marked deleted and not built on by anything; returns what it dropped. */
  async sweep(usedPaths: ReadonlySet<string>): Promise<Layer[]> {
    const dropped: Layer[] = [];
    for (let again = true; again; ) {
      again = false;
      const layers = await this.list();
      for (const layer of layers.filter((candidate) => candidate.deleted)) {
        // An adopted disk is its VM's: that goes on using it, only our note of it goes.
        const inUse = layer.kind !== "adopted" && usedPaths.has(layer.path);
        if (inUse || isBuiltOn(layer, layers)) continue;
        await this.#drop(layer);
        dropped.push(layer);
        again = true;
      }
    }
    await sweepPartials(this.#layers);
    await this.#sweepTombstones();
    return dropped;
  }

  async #drop(layer: Layer): Promise<void> {
    const path = join(this.#layers, layer.id);
    if (layer.kind !== "adopted") await rm(layer.path, { force: true });
    await rm(join(this.#attempts, layer.id), { recursive: true, force: true });
    await rm(`${path}.sealed`, { force: true });
    await rm(`${path}.deleted.json`, { force: true });
  }

  async #sweepTombstones(): Promise<void> {
    for (const name of await readNames(this.#gone)) {
      const path = join(this.#gone, name);
      const stats = await stat(path).catch(ignoreMissing);
      if (stats && Date.now() - stats.mtimeMs > tombstoneMs) await rm(path, { force: true });
    }
  }

  // ------------------------------------------------------------ small records beside the layers

  async putRecord(folder: "points" | "tracking", id: string, record: unknown): Promise<void> {
    await this.id();
    await writeJson(join(this.root, folder, `${checkId(id)}.json`), record);
  }

  async getRecord<T>(folder: "points" | "tracking", id: string): Promise<T | undefined> {
    return readJson<T>(join(this.root, folder, `${checkId(id)}.json`));
  }

  async listRecords<T>(folder: "points" | "tracking"): Promise<T[]> {
    const names = (await readNames(join(this.root, folder))).filter((name) => /^[^.]+\.json$/.test(name));
    const records = await Promise.all(names.map((name) => readJson<T>(join(this.root, folder, name))));
    return records.filter((record) => record !== undefined) as T[];
  }

  async dropRecord(folder: "points" | "tracking", id: string): Promise<void> {
    await rm(join(this.root, folder, `${checkId(id)}.json`), { force: true });
  }
}

/** The same key, the same id. */
export function idOfKey(prefix: string, ...parts: readonly string[]): string {
  return `${prefix}-${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 20)}`;
}

function isBuiltOn(layer: Layer, layers: readonly Layer[]): boolean {
  return layers.some(
    (other) =>
      other.id !== layer.id &&
      (other.backing?.path === layer.path || (other.kind === "adopted" && other.path === layer.path)),
  );
}

function checkId(id: string): string {
  if (idPattern.test(id)) return id;
  const subject = { operation: "find a layer", resource: id };
  throw invalid(
    subject,
    "an id may have letters, digits, dots, hyphens and underscores only",
    "Use the id as it was given out.",
  );
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(ignoreMissing)) !== undefined;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
  return undefined;
}
