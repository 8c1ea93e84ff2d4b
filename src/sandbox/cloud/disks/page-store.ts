import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { makeToolDir } from "../../../host/paths.ts";
import type { Document, Documents, Table } from "../documents.ts";
import type { DiskStore } from "./disk-store.ts";
import { groupBytes, PageMap, type PageRun, pageBytes, runsOf } from "./page-map.ts";

/** First page, count of pages with the highest bit for cleared ones. */
const recordBytes = 12;
const clearedBit = 0x8000_0000;
/** A layer this young may belong to something that is just being made, and is not collected. */
const freshMs = 60_000;
const zeros = Buffer.alloc(groupBytes);

interface PageLayer extends Document {
  readonly sizeBytes: number;
  readonly parent?: string;
  readonly createdAt: number;
}

interface OpenLayer {
  readonly map: PageMap;
  data: FileHandle | undefined;
  log: FileHandle | undefined;
  opening: Promise<void> | undefined;
}

/**
 * Bytes that are written page by page, in layers: a snapshot is a layer that nobody writes any more, and what is written
 * later goes to one above it. A log names the pages of each layer; its records follow their bytes.
 */
export class PageStore {
  readonly #dir: string;
  readonly #layers: Table<PageLayer>;
  readonly #open = new Map<string, OpenLayer>();

  constructor(dir: string, documents: Documents) {
    this.#dir = makeToolDir(dir, 0o755);
    this.#layers = documents.table<PageLayer>("page-layer");
    for (const name of readdirSync(this.#dir))
      if (!this.#layers.has(name.replace(/\.[a-z]+$/, ""))) rmSync(join(this.#dir, name), { force: true });
  }

  create(layerId: string, sizeBytes: number, parent?: string): void {
    this.#layers.put({ id: layerId, sizeBytes, createdAt: Date.now(), ...(parent ? { parent } : {}) });
  }

  sizeBytes(layerId: string): number {
    return this.#layer(layerId).sizeBytes;
  }

  /** What lies beyond a smaller size is gone for good. */
  async resize(layerId: string, sizeBytes: number): Promise<void> {
    const before = this.sizeBytes(layerId);
    if (sizeBytes < before) await this.clear(layerId, sizeBytes, before - sizeBytes);
    this.#layers.put({ ...this.#layer(layerId), sizeBytes });
  }

  /** Offset and length are whole pages inside the size. */
  async write(layerId: string, offset: number, data: Buffer): Promise<void> {
    const layer = await this.#writable(layerId);
    await layer.data?.write(data, 0, data.length, offset);
    await this.#note(layer, offset, data.length, false);
  }

  async clear(layerId: string, offset: number, length: number): Promise<void> {
    await this.#note(await this.#writable(layerId), offset, length, true);
  }

  /** Offset and length are any bytes inside the size. */
  async read(layerId: string, offset: number, length: number): Promise<Buffer> {
    const chain = this.#chain(layerId);
    const result = Buffer.alloc(length);
    const maps = chain.map((id) => this.#load(id).map);
    for (const { start, end, cleared, layer } of runsOf(maps, offset, offset + length)) {
      if (cleared) continue;
      const [from, to] = [Math.max(start, offset), Math.min(end, offset + length)];
      const file = (await this.#writable(chain[layer] as string)).data as FileHandle;
      await file.read(result, from - offset, to - from, from);
    }
    return result;
  }

  /** Pages that were written and not cleared since, as few runs as possible. */
  ranges(layerId: string, from: number, to: number): PageRun[] {
    const maps = this.#chain(layerId).map((id) => this.#load(id).map);
    return merged([...runsOf(maps, from, to)].filter(({ cleared }) => !cleared));
  }

  /** Pages that were written or cleared above `older`; undefined when that is none of its layers. */
  changes(layerId: string, older: string, from: number, to: number): PageRun[] | undefined {
    const chain = this.#chain(layerId);
    const above = chain.indexOf(older);
    if (above < 0) return undefined;
    const maps = chain.slice(0, above).map((id) => this.#load(id).map);
    return merged([...runsOf(maps, from, to)]);
  }

  /** Makes a sealed layer of a disk of its first `sizeBytes`; groups of zeros are left out. */
  async toDisk(disks: DiskStore, from: string, layerId: string, sizeBytes: number): Promise<void> {
    await disks.createBlocks(layerId, sizeBytes);
    const groups = new Set(this.#chain(from).flatMap((id) => [...this.#load(id).map.groups()]));
    for (const group of [...groups].sort((a, b) => a - b)) {
      const length = Math.min(groupBytes, sizeBytes - group * groupBytes);
      if (length <= 0) continue;
      const read = await this.read(from, group * groupBytes, length);
      const block = length === groupBytes ? read : Buffer.concat([read], groupBytes);
      if (block.equals(zeros)) continue;
      await disks.putBlock(layerId, group, block, createHash("sha256").update(block).digest());
    }
    await disks.seal(layerId);
  }

  /** Removes every layer that none of the tops is built on. */
  async collect(tops: () => Iterable<string>): Promise<void> {
    const fresh = this.#layers.where(({ createdAt }) => Date.now() - createdAt < freshMs).map(({ id }) => id);
    const kept = new Set([...tops(), ...fresh].flatMap((top) => this.#chain(top)));
    for (const { id } of this.#layers.where((layer) => !kept.has(layer.id))) {
      const known = this.#open.get(id);
      this.#open.delete(id);
      this.#layers.delete(id);
      await closeLayer(known);
      for (const path of [this.#dataPath(id), this.#logPath(id)]) rmSync(path, { force: true });
    }
  }

  async close(): Promise<void> {
    for (const layer of this.#open.values()) await closeLayer(layer);
    this.#open.clear();
  }

  #layer(layerId: string): PageLayer {
    const layer = this.#layers.get(layerId);
    if (!layer) throw new Error(`there is no page layer ${layerId}`);
    return layer;
  }

  #chain(top: string): string[] {
    const chain: string[] = [];
    for (let layer = this.#layers.get(top); layer; layer = layer.parent ? this.#layers.get(layer.parent) : undefined)
      chain.push(layer.id);
    return chain;
  }

  #load(layerId: string): OpenLayer {
    const known = this.#open.get(layerId);
    if (known) return known;
    const map = new PageMap();
    const log = this.#logPath(layerId);
    const bytes = existsSync(log) ? readFileSync(log) : Buffer.alloc(0);
    for (let at = 0; at + recordBytes <= bytes.length; at += recordBytes) {
      const count = bytes.readUInt32LE(at + 8);
      const offset = Number(bytes.readBigUInt64LE(at)) * pageBytes;
      map.set(offset, (count % clearedBit) * pageBytes, count >= clearedBit);
    }
    const layer: OpenLayer = { map, data: undefined, log: undefined, opening: undefined };
    this.#open.set(layerId, layer);
    return layer;
  }

  async #writable(layerId: string): Promise<OpenLayer> {
    const layer = this.#load(layerId);
    layer.opening ??= (async () => {
      layer.log = await open(this.#logPath(layerId), "a", 0o644);
      const path = this.#dataPath(layerId);
      layer.data = await open(path, existsSync(path) ? "r+" : "w+", 0o644);
    })();
    await layer.opening;
    return layer;
  }

  async #note(layer: OpenLayer, offset: number, length: number, cleared: boolean): Promise<void> {
    const record = Buffer.alloc(recordBytes);
    record.writeBigUInt64LE(BigInt(offset / pageBytes), 0);
    record.writeUInt32LE(length / pageBytes + (cleared ? clearedBit : 0), 8);
    await layer.log?.write(record);
    layer.map.set(offset, length, cleared);
  }

  #dataPath(layerId: string): string {
    return join(this.#dir, `${layerId}.data`);
  }

  #logPath(layerId: string): string {
    return join(this.#dir, `${layerId}.log`);
  }
}

async function closeLayer(layer: OpenLayer | undefined): Promise<void> {
  await layer?.opening;
  await layer?.data?.close();
  await layer?.log?.close();
}

/** Joins runs that touch and are alike, whichever layers they are from. */
function merged(runs: readonly PageRun[]): PageRun[] {
  const result: PageRun[] = [];
  for (const run of runs) {
    const last = result.at(-1);
    if (last && last.end === run.start && last.cleared === run.cleared)
      result[result.length - 1] = { ...last, end: run.end };
    else result.push(run);
  }
  return result;
}
