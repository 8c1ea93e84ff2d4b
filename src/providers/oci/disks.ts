import { randomBytes } from "node:crypto";
import type { Tags } from "../../domain/tags.ts";
import type { BlockSink, BlockSource } from "../../transfer/ports.ts";
import { conflict, invalid, notFound, type Subject } from "../failures.ts";
import type {
  DisksFacet,
  ListedPoint,
  ListedVolume,
  NewDisk,
  RecoveryPoint,
  ReplicaSpec,
  SourcePoint,
  SourcePointDisk,
  Volume,
} from "../provider.ts";
import type { Blank } from "./blank.ts";
import type { Oci } from "./client.ts";
import { diskTypes } from "./disk-types.ts";
import type { Generations } from "./generations.ts";
import { stateOf } from "./models.ts";
import type { Placements } from "./placements.ts";
import type { Points } from "./points.ts";
import { ownerOf, type Readings } from "./readings.ts";
import type { SourcePoints } from "./source-points.ts";
import { isId, type OciView } from "./view.ts";
import { usualType, type VolumeView } from "./volume-view.ts";
import { toVolume, type Volumes } from "./volumes.ts";

interface Parts {
  readonly view: OciView;
  readonly placements: Placements;
  readonly volumeView: VolumeView;
  readonly volumes: Volumes;
  readonly points: Points;
  readonly sourcePoints: SourcePoints;
  readonly generations: Generations;
  readonly readings: Readings;
  readonly blank: Blank;
}

export class OciDisks implements DisksFacet {
  readonly diskType = usualType;
  readonly diskTypes = diskTypes;
  readonly #oci: Oci;
  readonly #parts: Parts;

  constructor(oci: Oci, parts: Parts) {
    this.#oci = oci;
    this.#parts = parts;
  }

  listVolumes(signal: AbortSignal): AsyncGenerator<ListedVolume> {
    return this.#parts.volumes.list(signal);
  }

  listPoints(signal: AbortSignal): AsyncGenerator<ListedPoint> {
    return this.#parts.points.list(signal);
  }

  volumeSize(sizeBytes: number): number {
    return this.#parts.volumes.size(sizeBytes);
  }

  inspectSource(vmId: string, signal: AbortSignal): Promise<readonly SourcePointDisk[]> {
    return this.#parts.sourcePoints.inspect(vmId, signal);
  }

  createSourcePoint(
    input: { vmId: string; mode: SourcePoint["mode"]; key: string },
    signal: AbortSignal,
  ): Promise<SourcePoint> {
    return this.#parts.sourcePoints.create(input, signal);
  }

  openSource(
    input: { sourcePointId: string; diskId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSource> {
    return this.#parts.sourcePoints.open(input, signal);
  }

  releaseSourcePoint(sourcePointId: string, signal: AbortSignal): Promise<void> {
    return this.#parts.sourcePoints.release(sourcePointId, signal);
  }

  openGeneration(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSink> {
    return this.#parts.generations.open(input, signal);
  }

  sealGeneration(
    input: { replicaId: string; generationId: string; attempt: number; leavesWritten: number },
    signal: AbortSignal,
  ): Promise<RecoveryPoint> {
    return this.#parts.generations.seal(input, signal);
  }

  discardGeneration(input: { replicaId: string; generationId: string }, signal: AbortSignal): Promise<void> {
    return this.#parts.generations.discard(input.generationId, signal);
  }

  adoptPoint(input: { sourcePointId: string; diskId: string }, signal: AbortSignal): Promise<RecoveryPoint> {
    return this.#parts.sourcePoints.adopt(input, signal);
  }

  getPoint(pointId: string, signal: AbortSignal): Promise<RecoveryPoint> {
    return this.#parts.points.get(pointId, signal);
  }

  async openPoint(pointId: string, signal: AbortSignal): Promise<BlockSource> {
    const subject = this.#subject("read recovery point", pointId);
    const backup = await this.#parts.points.find(pointId, subject, signal);
    const owner = `${ownerOf(pointId)}-${randomBytes(3).toString("hex")}`;
    return this.#parts.readings.open({ backup }, owner, subject, signal);
  }

  deletePoint(pointId: string, signal: AbortSignal): Promise<void> {
    return this.#parts.points.delete(pointId, signal);
  }

  async materialise(
    input: { pointId: string; key: string; tags: Tags; type?: string },
    signal: AbortSignal,
  ): Promise<Volume> {
    const { pointId, ...wanted } = input;
    const subject = this.#subject("materialise", pointId);
    const backup = await this.#parts.points.find(pointId, subject, signal);
    return this.#restored(backup, { ...wanted, sizeBytes: backup.sizeBytes }, subject, signal);
  }

  /** A boot volume, as all disks that are made here: what becomes of it is not known yet, and nothing boots from the other kind. */
  async createVolume(
    input: NewDisk & { sizeBytes: number; zone?: string; key: string; tags: Tags },
    signal: AbortSignal,
  ): Promise<Volume> {
    const subject = this.#subject("create volume", input.key);
    if (!(input.sizeBytes > 0)) throw invalid(subject, "its size is 0", "Give a size in bytes.");
    const sizeBytes = this.#parts.volumes.size(input.sizeBytes);
    const known = await this.#parts.volumes.ofKey(input.key, subject, signal);
    if (known) return toVolume(await this.#parts.volumes.ready(known.volumeId, subject, signal));
    const backup = await this.#parts.blank.backup(signal);
    return this.#restored(backup, { ...input, sizeBytes }, subject, signal);
  }

  deleteVolume(volumeId: string, signal: AbortSignal): Promise<void> {
    return this.#parts.volumes.delete(volumeId, signal);
  }

  /** Reads a clone of it, which goes with the reader. */
  async openVolume(volumeId: string, signal: AbortSignal): Promise<BlockSource> {
    const subject = this.#subject("read volume", volumeId);
    const volume = await this.#parts.volumeView.byId(volumeId, subject, signal);
    if (!volume) throw notFound(subject, "it does not exist");
    const user = await this.#parts.volumes.userOf(volume, subject, signal);
    const instance = user === undefined ? undefined : await this.#parts.view.findInstance(user, subject, signal);
    if (instance && stateOf(instance) !== "STOPPED") {
      const state = stateOf(instance).toLowerCase();
      throw conflict(subject, `VM ${user}, which uses it, is ${state}`, "Stop the VM first.");
    }
    const owner = `${ownerOf(volumeId)}-${randomBytes(3).toString("hex")}`;
    return this.#parts.readings.open({ volume }, owner, subject, signal);
  }

  async freeBytes(): Promise<number | undefined> {
    return undefined;
  }

  async #restored(
    backup: { readonly backupId: string },
    input: NewDisk & { sizeBytes: number; zone?: string; key: string; tags: Tags },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Volume> {
    const { sizeBytes, zone, key, tags, type, encryptionKey } = input;
    const { placements, volumes } = this.#parts;
    const volume = await volumes.restore(
      {
        backupId: backup.backupId,
        sizeBytes,
        availabilityDomain: zone ?? (await placements.availabilityDomain(subject, signal)),
        key,
        name: `novacron ${key}`.slice(0, 255),
        tags,
        ...(type !== undefined && { type }),
        ...(encryptionKey !== undefined && { encryptionKey }),
      },
      subject,
      signal,
    );
    return toVolume(volume);
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#oci.resource(isId(id, "bootvolume") ? "volume" : "disk", id) };
  }
}
