import type { Disk } from "@azure/arm-compute";
import type { Tags } from "../../domain/tags.ts";
import type { BlockSink, BlockSource } from "../../transfer/ports.ts";
import { conflict, type Subject } from "../failures.ts";
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
import type { Azure } from "./client.ts";
import { diskTypes } from "./disk-types.ts";
import type { Generations } from "./generations.ts";
import { asBlob, storageAccountId } from "./imports.ts";
import { nameFor } from "./names.ts";
import type { OwnImages } from "./own-images.ts";
import type { Snapshots } from "./points.ts";
import type { ReplicaBlobs } from "./replica-blobs.ts";
import { SourcePoints } from "./source-points.ts";
import { createdTags, fromWire, toWire } from "./tags.ts";
import type { View } from "./view.ts";
import { defaultDiskType, toVolume, type Volumes } from "./volumes.ts";

export class AzureDisks implements DisksFacet {
  readonly diskType = defaultDiskType;
  readonly diskTypes = diskTypes;
  readonly #azure: Azure;
  readonly #view: View;
  readonly #snapshots: Snapshots;
  readonly #blobs: ReplicaBlobs;
  readonly #generations: Generations;
  readonly #images: OwnImages;
  readonly #sourcePoints: SourcePoints;
  readonly #volumes: Volumes;

  constructor(
    azure: Azure,
    parts: {
      view: View;
      snapshots: Snapshots;
      blobs: ReplicaBlobs;
      generations: Generations;
      images: OwnImages;
      volumes: Volumes;
    },
  ) {
    this.#azure = azure;
    this.#view = parts.view;
    this.#snapshots = parts.snapshots;
    this.#blobs = parts.blobs;
    this.#generations = parts.generations;
    this.#images = parts.images;
    this.#volumes = parts.volumes;
    this.#sourcePoints = new SourcePoints(azure, parts);
  }

  listVolumes(signal: AbortSignal): AsyncGenerator<ListedVolume> {
    return this.#volumes.list(signal);
  }

  listPoints(signal: AbortSignal): AsyncGenerator<ListedPoint> {
    return this.#generations.list(signal);
  }

  volumeSize(sizeBytes: number): number {
    return this.#volumes.size(sizeBytes);
  }

  inspectSource(vmId: string, signal: AbortSignal): Promise<readonly SourcePointDisk[]> {
    return this.#sourcePoints.inspect(vmId, signal);
  }

  createSourcePoint(
    input: { vmId: string; mode: SourcePoint["mode"]; key: string },
    signal: AbortSignal,
  ): Promise<SourcePoint> {
    return this.#sourcePoints.create(input, signal);
  }

  openSource(
    input: { sourcePointId: string; diskId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSource> {
    return this.#sourcePoints.open(input, signal);
  }

  releaseSourcePoint(sourcePointId: string, signal: AbortSignal): Promise<void> {
    return this.#sourcePoints.release(sourcePointId, signal);
  }

  openGeneration(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSink> {
    return this.#generations.open(input, signal);
  }

  sealGeneration(
    input: { replicaId: string; generationId: string; attempt: number; leavesWritten: number },
    signal: AbortSignal,
  ): Promise<RecoveryPoint> {
    return this.#generations.seal(input, signal);
  }

  discardGeneration(input: { replicaId: string; generationId: string }, signal: AbortSignal): Promise<void> {
    return this.#generations.discard(input.generationId, signal);
  }

  adoptPoint(input: { sourcePointId: string; diskId: string }, signal: AbortSignal): Promise<RecoveryPoint> {
    return this.#sourcePoints.adopt(input, signal);
  }

  getPoint(pointId: string, signal: AbortSignal): Promise<RecoveryPoint> {
    return this.#generations.get(pointId, signal);
  }

  openPoint(pointId: string, signal: AbortSignal): Promise<BlockSource> {
    return this.#generations.openPoint(pointId, signal);
  }

  async deletePoint(pointId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete recovery point", pointId);
    const image = await this.#images.ofPoint(pointId, subject, signal);
    if (image !== undefined) throw conflict(subject, `image ${image} was made of it`, "Delete the image first.");
    await this.#generations.deletePoint(pointId, signal);
  }

  /**
   * A managed disk with the point's content. A sealed point is a blob's snapshot: it is copied to a blob for the import, as a
   * disk is imported from blobs only. What the disk was is kept as a snapshot of it, so that its changes can be told later.
   */
  async materialise(
    input: { pointId: string; key: string; tags: Tags; type?: string },
    signal: AbortSignal,
  ): Promise<Volume> {
    const { pointId, key, tags, type } = input;
    const subject = this.#subject("materialise", pointId);
    const name = nameFor("disk", this.#azure.site, key);
    const known = (await this.#view.disk(name, subject, signal)) ?? (await this.#copied(name, subject, signal));
    const disk = known ?? (await this.#make({ name, pointId, tags: createdTags(tags, key), type }, subject, signal));
    // The mark goes when the baseline is there: a disk that was used meanwhile must not become its own baseline.
    if (fromWire(disk.tags).notes.purpose === pendingBaseline) {
      await this.#snapshots.takeBaseline(disk, pointId, subject, signal);
      await this.#volumes.setTags(disk.name ?? name, toWire(fromWire(disk.tags).tags), subject, signal);
    }
    return toVolume(disk);
  }

  createVolume(
    input: NewDisk & { sizeBytes: number; zone?: string; key: string; tags: Tags },
    signal: AbortSignal,
  ): Promise<Volume> {
    return this.#volumes.create(input, signal);
  }

  deleteVolume(volumeId: string, signal: AbortSignal): Promise<void> {
    return this.#volumes.delete(volumeId, signal);
  }

  openVolume(volumeId: string, signal: AbortSignal): Promise<BlockSource> {
    return this.#volumes.open(volumeId, signal);
  }

  /** A storage account has no bound that replicas would reach. */
  async freeBytes(): Promise<undefined> {
    return undefined;
  }

  /** What a VM of the other firmware made of it. */
  #copied(name: string, subject: Subject, signal: AbortSignal): Promise<Disk | undefined> {
    return this.#view.disk(this.#volumes.copyName(name, "uefi"), subject, signal);
  }

  async #make(
    { name, pointId, tags, type }: { name: string; pointId: string; tags: Tags; type: string | undefined },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Disk> {
    const found = await this.#generations.find(pointId, subject, signal);
    const notes = { purpose: pendingBaseline };
    const wanted = { name, tags, notes, ...(type !== undefined && { type }) };
    if (found.kind === "adopted") {
      const creationData = { createOption: "Copy", sourceResourceId: found.snapshot.resourceId };
      return this.#volumes.make({ ...wanted, creationData }, subject, signal);
    }
    const { encryptionKey } = found.record;
    const at = { azure: this.#azure, blobs: this.#blobs };
    return asBlob(at, found, subject, signal, (sourceUri) =>
      this.#volumes.make(
        {
          ...wanted,
          creationData: { createOption: "Import", sourceUri, storageAccountId: storageAccountId(this.#azure) },
          ...(encryptionKey !== undefined && { encryptionKey }),
        },
        subject,
        signal,
      ),
    );
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#azure.resource("recovery-point", id) };
  }
}

const pendingBaseline = "materialised";
