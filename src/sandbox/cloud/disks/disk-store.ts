import { chownSync, existsSync, readdirSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { makeToolDir } from "../../../host/paths.ts";
import type { Document, Documents, Table } from "../documents.ts";
import { BlockLog } from "./block-log.ts";
import { LayerReader, type SealedLayer } from "./layer-reader.ts";
import { writeImage } from "./qcow2.ts";

const overlayClusterBits = 16;
const blockClusterBits = 19;
const rememberedLists = 32;
/** A layer this young may belong to something that is just being made, and is not collected. */
const freshMs = 60_000;

/**
 * A layer of a disk. `blocks`: written block by block from outside, then sealed; `overlay`: written by a guest, then
 * frozen. What a layer doesn't hold is its parent's.
 */
interface Layer extends Document {
  readonly kind: "blocks" | "overlay";
  readonly sizeBytes: number;
  readonly parent?: string;
  readonly immutable: boolean;
}

/**
 * The disks of a simulated cloud: immutable layers that share what they have in common, and above them one writable
 * layer for each volume. Every top of a chain is a QCOW2 file that QEMU opens as it is, so that taking a snapshot,
 * making a volume of one or comparing two costs nothing that grows with the disk.
 */
export class DiskStore {
  readonly #dir: string;
  readonly #owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly #layers: Table<Layer>;
  readonly #logs = new Map<string, BlockLog>();
  readonly #reader = new LayerReader();
  readonly #blocks = new Map<string, Uint32Array>();
  readonly #fresh = new Map<string, number>();
  #collecting: Promise<void> = Promise.resolve();

  constructor(dir: string, documents: Documents, owner: { uid: number; gid: number } | undefined) {
    this.#dir = makeToolDir(dir, 0o755);
    this.#owner = owner;
    this.#layers = documents.table<Layer>("layer");
    this.#sweepFiles();
  }

  /** The file QEMU opens for a disk with this top. */
  path(layerId: string): string {
    return join(this.#dir, `${layerId}.qcow2`);
  }

  /** Whether the layer was made, whatever is written in it by now. */
  has(layerId: string): boolean {
    return this.#layers.has(layerId) && existsSync(this.path(layerId));
  }

  /** Whether the layer is there and can be built on. */
  isSealed(layerId: string): boolean {
    return this.#layers.get(layerId)?.immutable === true;
  }

  sizeBytes(layerId: string): number {
    return this.#layer(layerId).sizeBytes;
  }

  /** A layer to be written with {@link putBlock} until it is sealed. */
  async createBlocks(layerId: string, sizeBytes: number, parent?: string): Promise<void> {
    this.#add({ id: layerId, kind: "blocks", sizeBytes, immutable: false, ...(parent ? { parent } : {}) });
    const file = await open(this.#dataPath(layerId), "w", 0o644);
    await file.truncate(sizeBytes);
    await file.close();
    this.#give(this.#dataPath(layerId));
  }

  async putBlock(layerId: string, index: number, data: Buffer, sha256: Buffer): Promise<void> {
    await this.#log(layerId).append(this.#dataPath(layerId), index, data, sha256);
  }

  /** What was written so far: how many blocks, and the SHA-256 of each by ascending index. */
  written(layerId: string): { count: number; sums(): Iterable<Buffer> } {
    const log = this.#log(layerId);
    const sums = function* () {
      for (const index of log.indexes()) yield log.sha256(index) as Buffer;
    };
    return { count: log.size, sums };
  }

  /** Makes a layer of blocks immutable and readable. Harmless when it is. */
  async seal(layerId: string): Promise<void> {
    const layer = this.#layer(layerId);
    if (layer.immutable) return;
    const log = this.#log(layerId);
    await log.close();
    rmSync(this.path(layerId), { force: true });
    await writeImage(this.path(layerId), {
      sizeBytes: layer.sizeBytes,
      clusterBits: blockClusterBits,
      dataFile: this.#dataPath(layerId),
      mapped: log.indexes(),
      ...(layer.parent ? { backing: `${layer.parent}.qcow2` } : {}),
    });
    this.#give(this.path(layerId));
    this.#layers.put({ ...layer, immutable: true });
  }

  /** An empty writable layer, for a guest. */
  async createOverlay(layerId: string, sizeBytes: number, parent?: string): Promise<void> {
    this.#add({ id: layerId, kind: "overlay", sizeBytes, immutable: false, ...(parent ? { parent } : {}) });
    const backing = parent ? { backing: `${parent}.qcow2` } : {};
    await writeImage(this.path(layerId), { sizeBytes, clusterBits: overlayClusterBits, ...backing });
    this.#give(this.path(layerId));
  }

  /** Declares that nobody writes the overlay any more, now and ever. */
  freeze(layerId: string): void {
    this.#layers.put({ ...this.#layer(layerId), immutable: true });
  }

  /** Notes that an overlay has been made larger (by QEMU, which knows how). */
  grown(layerId: string, sizeBytes: number): void {
    this.#layers.put({ ...this.#layer(layerId), sizeBytes });
  }

  /** Blocks of an immutable disk that were ever written, ascending. */
  async blocks(top: string): Promise<Uint32Array> {
    const known = this.#blocks.get(top);
    if (known) return known;
    const blocks = await this.#reader.union(this.#sealedChain(top));
    if (this.#blocks.size >= rememberedLists) this.#blocks.clear();
    this.#blocks.set(top, blocks);
    return blocks;
  }

  /**
   * Blocks that may differ between two immutable disks, ascending: what the layers hold that only one of them has.
   * Undefined when they have no layer in common.
   */
  async changed(first: string, second: string): Promise<Uint32Array | undefined> {
    const [one, other] = [this.#chain(first), this.#chain(second)];
    const shared = new Set(one.filter((layer) => other.includes(layer)));
    if (shared.size === 0) return undefined;
    const apart = [...one, ...other].filter((layer) => !shared.has(layer));
    return this.#reader.union(apart.map((layer) => this.#sealed(layer)));
  }

  /** One block of an immutable disk, in a buffer of `blockBuffers`. */
  read(top: string, index: number): Promise<{ data: Buffer; sha256: Buffer }> {
    return this.#reader.read(this.#sealedChain(top), index);
  }

  /** Removes every layer that none of the tops is built on; `tops` is asked when it is this call's turn. */
  collect(tops: () => Iterable<string>): Promise<void> {
    this.#collecting = this.#collecting.catch(() => undefined).then(() => this.#collect(tops()));
    return this.#collecting;
  }

  async #collect(tops: Iterable<string>): Promise<void> {
    const kept = new Set<string>();
    for (const [layerId, since] of this.#fresh) {
      if (Date.now() - since > freshMs) this.#fresh.delete(layerId);
    }
    for (const top of [...tops, ...this.#fresh.keys()]) for (const { id } of this.#chain(top)) kept.add(id);
    for (const layer of this.#layers.where(({ id }) => !kept.has(id))) {
      if (layer.immutable) await this.#reader.forget(this.#sealed(layer));
      await this.#logs.get(layer.id)?.close();
      this.#logs.delete(layer.id);
      this.#blocks.delete(layer.id);
      for (const path of this.#paths(layer.id)) rmSync(path, { force: true });
      this.#layers.delete(layer.id);
    }
  }

  async close(): Promise<void> {
    for (const log of this.#logs.values()) await log.close();
    await this.#reader.close();
  }

  #add(layer: Layer): void {
    this.#fresh.set(layer.id, Date.now());
    this.#layers.put(layer);
  }

  /** The layer and what it is built on, top first. */
  #chain(top: string): Layer[] {
    const chain: Layer[] = [];
    for (let layer = this.#layers.get(top); layer; layer = layer.parent ? this.#layers.get(layer.parent) : undefined)
      chain.push(layer);
    return chain;
  }

  #sealedChain(top: string): SealedLayer[] {
    return this.#chain(top).map((layer) => this.#sealed(layer));
  }

  #sealed({ id, kind, immutable }: Layer): SealedLayer {
    if (!immutable) throw new Error(`layer ${id} is still written`);
    return kind === "blocks" ? { kind, path: this.#dataPath(id), log: this.#log(id) } : { kind, path: this.path(id) };
  }

  #log(layerId: string): BlockLog {
    let log = this.#logs.get(layerId);
    if (!log) {
      log = new BlockLog(join(this.#dir, `${layerId}.log`));
      this.#logs.set(layerId, log);
    }
    return log;
  }

  #layer(layerId: string): Layer {
    const layer = this.#layers.get(layerId);
    if (!layer) throw new Error(`there is no layer ${layerId}`);
    return layer;
  }

  #dataPath(layerId: string): string {
    return join(this.#dir, `${layerId}.raw`);
  }

  #paths(layerId: string): string[] {
    return [this.path(layerId), this.#dataPath(layerId), join(this.#dir, `${layerId}.log`)];
  }

  #give(path: string): void {
    if (this.#owner) chownSync(path, this.#owner.uid, this.#owner.gid);
  }

  /** Files of layers that a killed process had not yet written down, or had already struck out. */
  #sweepFiles(): void {
    if (!existsSync(this.#dir)) return;
    for (const name of readdirSync(this.#dir)) {
      if (!this.#layers.has(name.replace(/\.[a-z0-9]+$/, ""))) rmSync(join(this.#dir, name), { force: true });
    }
  }
}
