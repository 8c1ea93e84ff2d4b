import { randomUUID } from "node:crypto";
import { statfs } from "node:fs/promises";
import { basename, join } from "node:path";
import type { BlockSink, BlockSource } from "../../transfer/ports.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import type {
  DisksFacet,
  ListedPoint,
  ListedVolume,
  RecoveryPoint,
  ReplicaSpec,
  SourcePoint,
  SourcePointDisk,
  Volume,
} from "../provider.ts";
import { canClone } from "./copy-view.ts";
import type { Folder } from "./folder.ts";
import type { Generations } from "./generations.ts";
import type { Points } from "./points.ts";
import { BlockLog, diskState, wholeSectors } from "./raw-disk.ts";
import type { Retention } from "./retention.ts";
import type { SourcePoints } from "./source-points.ts";
import { rawView, ViewSource } from "./view.ts";
import type { VmRecords } from "./vm-records.ts";
import { toVolume, type Volumes } from "./volumes.ts";

export interface FolderParts {
  readonly folder: Folder;
  readonly vms: VmRecords;
  readonly volumes: Volumes;
  readonly points: Points;
  readonly generations: Generations;
  readonly sourcePoints: SourcePoints;
  readonly retention: Retention;
}

export class FolderDisks implements DisksFacet {
  readonly #parts: FolderParts;
  #clones: boolean | undefined;

  constructor(parts: FolderParts) {
    this.#parts = parts;
  }

  async *listVolumes(signal: AbortSignal): AsyncGenerator<ListedVolume> {
    const { folder, vms, volumes } = this.#parts;
    await folder.begin(signal);
    const used = await vms.usedPaths();
    const user = (path: string) => {
      const vmId = used.get(path)?.vmId;
      return { type: "raw", encrypted: false, ...(vmId === undefined ? {} : { vmId }) };
    };
    for (const { state, createdAt, ...volume } of await volumes.list()) {
      if (state !== "ready") continue;
      yield { ...toVolume(volume), createdAt, ...user(volumes.diskPath(volume.volumeId)) };
    }
    for (const path of used.keys()) {
      if (volumes.idOfPath(path) !== undefined) continue;
      const subject = folder.subject("list volumes", "volume", path);
      const { sizeBytes = 0 } = (await diskState(path, subject).catch(() => undefined)) ?? {};
      yield { volumeId: path, name: basename(path), sizeBytes, tags: {}, ...user(path) };
    }
  }

  async *listPoints(signal: AbortSignal): AsyncGenerator<ListedPoint> {
    await this.#parts.folder.begin(signal);
    yield* await this.#parts.points.list();
  }

  volumeSize(sizeBytes: number): number {
    return wholeSectors(sizeBytes);
  }

  async inspectSource(vmId: string, signal: AbortSignal): Promise<readonly SourcePointDisk[]> {
    await this.#parts.folder.begin(signal);
    return this.#parts.sourcePoints.inspect(vmId, signal);
  }

  async peek(vmId: string, diskId: string, signal: AbortSignal): Promise<BlockSource> {
    const { folder, vms } = this.#parts;
    await folder.begin(signal);
    const disk = (await vms.get(vmId)).disks.find(({ id }) => id === diskId);
    const subject = folder.subject("look into the disk", "vm", `${vmId}/${diskId}`);
    if (!disk) throw notFound(subject, "the VM has no such disk");
    return openFile(folder.absolute(disk.file), subject);
  }

  async createSourcePoint(
    input: Parameters<DisksFacet["createSourcePoint"]>[0],
    signal: AbortSignal,
  ): Promise<SourcePoint> {
    await this.#parts.folder.begin(signal);
    return this.#parts.sourcePoints.create(input, signal);
  }

  async openSource(
    input: { sourcePointId: string; diskId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSource> {
    await this.#parts.folder.begin(signal);
    return this.#parts.sourcePoints.open(input);
  }

  async releaseSourcePoint(sourcePointId: string, signal: AbortSignal): Promise<void> {
    await this.#parts.folder.begin(signal);
    await this.#parts.sourcePoints.release(sourcePointId);
  }

  async openGeneration(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSink> {
    await this.#parts.folder.begin(signal);
    return this.#parts.generations.open(input, signal);
  }

  async sealGeneration(
    input: { replicaId: string; generationId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<RecoveryPoint> {
    await this.#parts.folder.begin(signal);
    return this.#parts.generations.seal(input);
  }

  async discardGeneration(input: { replicaId: string; generationId: string }, signal: AbortSignal): Promise<void> {
    await this.#parts.folder.begin(signal);
    await this.#parts.generations.discard(input.generationId);
    await this.#parts.retention.sweep();
  }

  async adoptPoint(input: { sourcePointId: string; diskId: string }, signal: AbortSignal): Promise<RecoveryPoint> {
    await this.#parts.folder.begin(signal);
    const record = await this.#parts.sourcePoints.adoptable(input);
    await this.#parts.points.adopt(record);
    return this.#parts.points.get(record.pointId);
  }

  async getPoint(pointId: string, signal: AbortSignal): Promise<RecoveryPoint> {
    await this.#parts.folder.begin(signal);
    return this.#parts.points.get(pointId);
  }

  async openPoint(pointId: string, signal: AbortSignal): Promise<BlockSource> {
    await this.#parts.folder.begin(signal);
    const subject = this.#parts.folder.subject("read recovery point", "recovery-point", pointId);
    return new ViewSource(await this.#parts.points.view(pointId), subject);
  }

  async deletePoint(pointId: string, signal: AbortSignal): Promise<void> {
    await this.#parts.folder.begin(signal);
    await this.#parts.points.delete(pointId);
    await this.#parts.retention.sweep();
  }

  async materialise(
    input: { pointId: string; key: string; tags: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<Volume> {
    await this.#parts.folder.begin(signal);
    return this.#parts.volumes.materialise(input, signal);
  }

  async createVolume(
    input: { sizeBytes: number; key: string; tags: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<Volume> {
    await this.#parts.folder.begin(signal);
    return this.#parts.volumes.create(input, signal);
  }

  async deleteVolume(volumeId: string, signal: AbortSignal): Promise<void> {
    const { folder, vms, volumes, retention } = this.#parts;
    await folder.begin(signal);
    const external = volumeId.startsWith("/");
    const path = external ? volumeId : volumes.diskPath(volumeId);
    const user = (await vms.usedPaths()).get(path);
    if (user) {
      const subject = folder.subject("delete volume", "volume", volumeId);
      throw conflict(subject, `VM ${user.record.name} (${user.vmId}) uses it`, "Delete the VM first.");
    }
    if (external) await retention.removeExternal(path);
    else await volumes.markDeleted(volumeId);
    await retention.sweep();
  }

  async openVolume(volumeId: string, signal: AbortSignal): Promise<BlockSource> {
    const { folder, volumes } = this.#parts;
    await folder.begin(signal);
    const subject = folder.subject("read volume", "volume", volumeId);
    const external = volumeId.startsWith("/");
    if (!external && (await volumes.get(volumeId))?.state !== "ready") throw notFound(subject, "it does not exist");
    return openFile(external ? volumeId : volumes.diskPath(volumeId), subject);
  }

  /** Half of what is free where a point and the clone of it share no blocks: each takes its room. */
  async freeBytes(signal: AbortSignal): Promise<number> {
    await this.#parts.folder.begin(signal);
    const { bavail, bsize } = await statfs(this.#parts.folder.root);
    return (await this.clones()) ? bavail * bsize : Math.floor((bavail * bsize) / 2);
  }

  async clones(): Promise<boolean> {
    const { folder } = this.#parts;
    this.#clones ??= await canClone(join(folder.root, "site.json"), join(folder.root, `.clone-${randomUUID()}`));
    return this.#clones;
  }
}

async function openFile(path: string, subject: Subject): Promise<BlockSource> {
  const state = await diskState(path, subject);
  return new ViewSource(rawView(path, state, (await BlockLog.read(path)).allocation(state.stamp)), subject);
}
