import { lstat, statfs } from "node:fs/promises";
import type { Consistency } from "../../domain/consistency.ts";
import { tagKeys } from "../../domain/vm.ts";
import type { BlockSink, BlockSource } from "../../transfer/ports.ts";
import { conflict, invalid, notFound, unsupported } from "../failures.ts";
import type {
  BaseImage,
  DiskSince,
  DisksFacet,
  ListedPoint,
  ListedVolume,
  RecoveryPoint,
  ReplicaSpec,
  SourcePoint,
  SourcePointDisk,
  Volume,
} from "../provider.ts";
import { Generations, openLayer, roundUp, toVolume } from "./generations.ts";
import { expectedConsistency } from "./guest-agent.ts";
import type { Host } from "./host.ts";
import { idOfKey, type Layer, type LayerSpec } from "./layers.ts";
import { SourcePoints } from "./source-points.ts";
import { HostStorage } from "./storage.ts";

/** Images below a clone beyond which it is flattened: every one costs each read a look-up. */
const maxDepth = 8;

export class LibvirtDisks implements DisksFacet {
  readonly sourcePoints: SourcePoints;
  readonly #host: Host;
  readonly #generations: Generations;
  readonly #storage: HostStorage;

  constructor(host: Host) {
    this.#host = host;
    this.sourcePoints = new SourcePoints(host);
    this.#generations = new Generations(host);
    this.#storage = new HostStorage(host);
  }

  listVolumes(signal: AbortSignal): AsyncIterable<ListedVolume> {
    return this.#storage.volumes(signal);
  }

  listPoints(): AsyncIterable<ListedPoint> {
    return this.#generations.list();
  }

  listBaseImages(signal: AbortSignal): AsyncIterable<BaseImage> {
    return this.#storage.baseImages(signal);
  }

  volumeSize(sizeBytes: number): number {
    return roundUp(sizeBytes);
  }

  inspectSource(vmId: string, signal: AbortSignal): Promise<readonly SourcePointDisk[]> {
    return this.sourcePoints.inspect(vmId, signal);
  }

  async peek(vmId: string, diskId: string, signal: AbortSignal): Promise<BlockSource> {
    const { domains, site } = this.#host;
    const disk = (await domains.get(vmId, signal)).disks.find((candidate) => candidate.diskId === diskId);
    const subject = { operation: "look into the disk", resource: `${site}/vm/${vmId}/${diskId}` };
    if (!disk) throw notFound(subject, "the VM has no such disk");
    const { path, format } = disk;
    return openLayer(this.#host, "peek", { id: `${vmId}/${diskId}`, path, format }, signal);
  }

  expectConsistency(vmId: string, signal: AbortSignal): Promise<Consistency> {
    return expectedConsistency(this.#host, vmId, signal);
  }

  createSourcePoint(input: Parameters<DisksFacet["createSourcePoint"]>[0], signal: AbortSignal): Promise<SourcePoint> {
    return this.sourcePoints.create(input, signal);
  }

  openSource(
    input: { sourcePointId: string; diskId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSource> {
    return this.sourcePoints.open(input, signal);
  }

  /** One after the other: each is a connection of its own to what serves the point. */
  async unchangedSince(disks: readonly DiskSince[], signal: AbortSignal): Promise<readonly boolean[]> {
    const answers: boolean[] = [];
    for (const { sourcePointId, diskId, baselineId } of disks) {
      const source = await this.sourcePoints.open({ sourcePointId, diskId, attempt: 0 }, signal);
      try {
        const first = await source.extents({ sinceBaseline: baselineId, signal })[Symbol.asyncIterator]().next();
        answers.push(first.done === true);
      } finally {
        await source.close();
      }
    }
    return answers;
  }

  releaseSourcePoint(sourcePointId: string, signal: AbortSignal): Promise<void> {
    return this.sourcePoints.release(sourcePointId, signal);
  }

  openGeneration(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSink> {
    return this.#generations.open(input, signal);
  }

  sealGeneration(
    input: { replicaId: string; generationId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<RecoveryPoint> {
    return this.#generations.seal(input, signal);
  }

  discardGeneration(input: { replicaId: string; generationId: string }, signal: AbortSignal): Promise<void> {
    return this.#generations.discard(input.generationId, signal);
  }

  async adoptPoint(input: { sourcePointId: string; diskId: string }, signal: AbortSignal): Promise<RecoveryPoint> {
    const layer = await this.#host.layers.put(await this.sourcePoints.adoptable(input, signal));
    return this.#generations.get(layer.id);
  }

  getPoint(pointId: string): Promise<RecoveryPoint> {
    return this.#generations.get(pointId);
  }

  openPoint(pointId: string, signal: AbortSignal): Promise<BlockSource> {
    return this.#generations.openPoint(pointId, signal);
  }

  deletePoint(pointId: string, signal: AbortSignal): Promise<void> {
    return this.#generations.deletePoint(pointId, signal);
  }

  async materialise(
    input: { pointId: string; key: string; tags: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<Volume> {
    const { pointId, key, tags } = input;
    const known = await this.#volumeOfKey(key);
    const point = known?.made ? undefined : await this.#generations.find(pointId);
    if (known && point === undefined) return toVolume(known);
    const flat = (point?.depth ?? 0) + 1 > maxDepth;
    const layer = await this.#place(key, {
      sizeBytes: point?.sizeBytes ?? 0,
      tags,
      backing: point && !flat ? { pointId, path: point.path, format: point.format } : undefined,
      depth: flat ? 0 : (point?.depth ?? 0) + 1,
      baselineId: pointId,
    });
    const { images } = this.#host;
    await this.#host.layers.make(layer, async (partial) => {
      if (layer.backing || !point) {
        await images.create(partial, { sizeBytes: layer.sizeBytes, backing: layer.backing }, signal);
      } else {
        await images.flatten(point, partial, signal);
      }
      // From its first write on, the clone knows what differs from the point.
      await images.addBitmap(partial, pointId, signal);
    });
    return toVolume(layer);
  }

  async createVolume(
    input: { sizeBytes: number; key: string; tags: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<Volume> {
    const known = await this.#volumeOfKey(input.key);
    if (known?.made) return toVolume(known);
    const sizeBytes = roundUp(input.sizeBytes);
    const subject = { operation: "create volume", resource: `${this.#host.site}/volume` };
    if (!(sizeBytes > 0)) throw invalid(subject, "its size is 0", "Give a size in bytes.");
    const layer = await this.#place(input.key, { sizeBytes, tags: input.tags, depth: 0 });
    await this.#host.layers.make(layer, (partial) => this.#host.images.create(partial, { sizeBytes }, signal));
    return toVolume(layer);
  }

  async deleteVolume(volumeId: string, signal: AbortSignal): Promise<void> {
    const { layers, domains, site } = this.#host;
    const subject = { operation: "delete volume", resource: `${site}/volume/${volumeId}` };
    const external = volumeId.startsWith("/");
    const layer = external ? undefined : await layers.get(volumeId);
    const path = external ? volumeId : layer?.path;
    if (path === undefined) return;
    if (layer && layer.kind !== "volume")
      throw conflict(subject, "it is no volume", "Delete the recovery point instead.");
    const user = (await domains.usedPaths(signal)).get(path);
    if (user) {
      throw conflict(subject, `VM ${user.metadata.name ?? user.name} (${user.uuid}) uses it`, "Delete the VM first.");
    }
    await this.#host.exports.endAll(({ kind, id }) => kind === "volume" && id === volumeId, "revoke");
    if (layer) await layers.markDeleted(layer.id);
    else await this.#forgetExternal(path, signal);
    await this.#host.sweep(signal);
  }

  async openVolume(volumeId: string, signal: AbortSignal): Promise<BlockSource> {
    const subject = { operation: "read volume", resource: `${this.#host.site}/volume/${volumeId}` };
    if (volumeId.startsWith("/")) {
      const { format } = await this.#host.images.info(volumeId, signal);
      return openLayer(this.#host, "volume", { id: volumeId, path: volumeId, format }, signal);
    }
    const layer = await this.#host.layers.get(volumeId);
    if (!layer || layer.deleted || !layer.made) throw notFound(subject, "it does not exist");
    return openLayer(this.#host, "volume", layer, signal);
  }

  async freeBytes(): Promise<number> {
    await this.#host.layers.id();
    const { bavail, bsize } = await statfs(this.#host.layers.root);
    return bavail * bsize;
  }

  async #volumeOfKey(key: string): Promise<Layer | undefined> {
    const layers = await this.#host.layers.list();
    return layers.find((layer) => layer.kind === "volume" && layer.key === key && !layer.deleted);
  }

  /** A key that was used and whose volume is only kept for what is built on it gets another id. */
  async #place(
    key: string,
    spec: Pick<LayerSpec, "sizeBytes" | "tags" | "backing" | "depth" | "baselineId">,
  ): Promise<Layer> {
    const { layers } = this.#host;
    for (let round = 0; ; round++) {
      const id = idOfKey("vol", key, String(round));
      if ((await layers.get(id))?.deleted) continue;
      return layers.put({
        ...spec,
        id,
        kind: "volume",
        path: layers.imagePath(id),
        format: "qcow2",
        createdAt: new Date().toISOString(),
        tags: { ...spec.tags, [tagKeys.managed]: "true", [tagKeys.key]: key },
        key,
      });
    }
  }

  /** A disk from outside of the store goes like one of ours: when nothing is built on it any more. */
  async #forgetExternal(path: string, signal: AbortSignal): Promise<void> {
    const stats = await lstat(path).catch(() => undefined);
    if (!stats) return;
    if (!stats.isFile()) {
      throw unsupported(
        { operation: "delete volume", resource: path },
        "it is a block device, not a file",
        "Remove it with the host's own storage tools.",
      );
    }
    const { format, sizeBytes } = await this.#host.images.info(path, signal);
    const id = idOfKey("ext", path);
    const createdAt = new Date().toISOString();
    const tags = { [tagKeys.managed]: "true" };
    await this.#host.layers.put({ id, kind: "external", path, format, sizeBytes, createdAt, tags, depth: 0 });
    await this.#host.layers.markDeleted(id);
  }
}
