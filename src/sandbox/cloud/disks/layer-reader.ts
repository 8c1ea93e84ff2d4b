import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { BufferPool } from "../buffer-pool.ts";
import type { BlockLog } from "./block-log.ts";
import { type ImageMap, readImageMap } from "./qcow2.ts";

/** The unit in which disks are read, written and compared from outside: EBS's block. */
export const blockBytes = 512 * 1024;
/** Blocks in flight; whoever is done with one gives it back. */
export const blockBuffers = new BufferPool(blockBytes, 64);
const openFilesAtMost = 64;
const closeAfterMs = 1_000;

/** An immutable layer: a log of blocks with the file they are in, or an overlay's image. */
export type SealedLayer = { readonly path: string } & (
  | { readonly kind: "blocks"; readonly log: BlockLog }
  | { readonly kind: "overlay" }
);

/** What one layer holds of its own. */
interface Content {
  readonly touched: Uint32Array;
  readonly map?: ImageMap;
}

type Part = [start: number, end: number];

/** Reads disks out of chains of immutable layers. A chain is given top first. */
export class LayerReader {
  readonly #contents = new Map<string, Promise<Content>>();
  readonly #files = new Map<string, Promise<FileHandle>>();

  /** Blocks that any of the layers holds something of, ascending. */
  async union(layers: readonly SealedLayer[]): Promise<Uint32Array> {
    const contents = await Promise.all(layers.map((layer) => this.#content(layer)));
    if (contents.length === 1) return contents[0]?.touched ?? new Uint32Array();
    const all = new Set<number>();
    for (const { touched } of contents) for (const index of touched) all.add(index);
    return Uint32Array.from(all).sort();
  }

  /** One block, in a buffer of {@link blockBuffers}. */
  async read(chain: readonly SealedLayer[], index: number): Promise<{ data: Buffer; sha256: Buffer }> {
    const data = blockBuffers.take();
    let pending: Part[] = [[0, blockBytes]];
    for (const layer of chain) {
      if (layer.kind === "blocks" && layer.log.has(index)) {
        const file = await this.#file(layer.path);
        for (const [start, end] of pending) await fill(file, data, start, end, index * blockBytes + start);
        const whole = pending.length === 1 && pending[0]?.[0] === 0 && pending[0][1] === blockBytes;
        const known = whole ? layer.log.sha256(index) : undefined;
        return { data, sha256: known ?? digest(data) };
      }
      const { map } = await this.#content(layer);
      if (map) pending = await this.#readOverlay(layer.path, map, index, data, pending);
      if (pending.length === 0) break;
    }
    for (const [start, end] of pending) data.fill(0, start, end);
    return { data, sha256: digest(data) };
  }

  /** Forgets a layer that is about to be removed. */
  async forget({ path }: SealedLayer): Promise<void> {
    this.#contents.delete(path);
    const file = this.#files.get(path);
    this.#files.delete(path);
    await (await file)?.close();
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await (await file).close();
    this.#files.clear();
  }

  /** Reads what the overlay holds of the pending parts; returns what is left for the layers below. */
  async #readOverlay(
    path: string,
    map: ImageMap,
    index: number,
    data: Buffer,
    pending: readonly Part[],
  ): Promise<Part[]> {
    const left: Part[] = [];
    const first = (index * blockBytes) / map.clusterBytes;
    for (const [start, end] of pending) {
      for (let at = start; at < end; at += map.clusterBytes) {
        const cluster = first + at / map.clusterBytes;
        const stop = at + map.clusterBytes;
        const offset = map.clusters.get(cluster);
        const last = left.at(-1);
        if (offset !== undefined) await fill(await this.#file(path), data, at, stop, offset);
        else if (map.clusters.has(cluster)) data.fill(0, at, stop);
        else if (last?.[1] === at) last[1] = stop;
        else left.push([at, stop]);
      }
    }
    return left;
  }

  #content(layer: SealedLayer): Promise<Content> {
    let content = this.#contents.get(layer.path);
    if (!content) {
      content = this.#load(layer);
      this.#contents.set(layer.path, content);
      content.catch(() => this.#contents.delete(layer.path));
    }
    return content;
  }

  async #load(layer: SealedLayer): Promise<Content> {
    if (layer.kind === "blocks") return { touched: layer.log.indexes() };
    const map = await readImageMap(await this.#file(layer.path));
    const perBlock = blockBytes / map.clusterBytes;
    const touched = new Set<number>();
    for (const cluster of map.clusters.keys()) touched.add(Math.floor(cluster / perBlock));
    return { touched: Uint32Array.from(touched).sort(), map };
  }

  #file(path: string): Promise<FileHandle> {
    const known = this.#files.get(path);
    if (known) return known;
    const [oldest] = this.#files;
    if (oldest && this.#files.size >= openFilesAtMost) {
      this.#files.delete(oldest[0]);
      // A read that still uses it ends first.
      setTimeout(() => void oldest[1].then((handle) => handle.close()), closeAfterMs).unref();
    }
    const file = open(path, "r");
    this.#files.set(path, file);
    file.catch(() => this.#files.delete(path));
    return file;
  }
}

async function fill(file: FileHandle, data: Buffer, start: number, end: number, offset: number): Promise<void> {
  for (let at = start; at < end; ) {
    const { bytesRead } = await file.read(data, at, end - at, offset + at - start);
    // A disk's last cluster may end beyond its file.
    if (bytesRead === 0) {
      data.fill(0, at, end);
      return;
    }
    at += bytesRead;
  }
}

function digest(data: Buffer): Buffer {
  return createHash("sha256").update(data).digest();
}
