import type { Tags } from "../../domain/tags.ts";
import type { BlockSink, BlockSource } from "../../transfer/ports.ts";
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
import type { DigitalOcean } from "./client.ts";
import type { Generations } from "./generations.ts";
import type { SourcePoints } from "./source-points.ts";
import type { Volumes } from "./volumes.ts";

export class DigitalOceanDisks implements DisksFacet {
  readonly #cloud: DigitalOcean;
  readonly #generations: Generations;
  readonly #sourcePoints: SourcePoints;
  readonly #volumes: Volumes;

  constructor(cloud: DigitalOcean, parts: { generations: Generations; sourcePoints: SourcePoints; volumes: Volumes }) {
    this.#cloud = cloud;
    this.#generations = parts.generations;
    this.#sourcePoints = parts.sourcePoints;
    this.#volumes = parts.volumes;
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

  deletePoint(pointId: string, signal: AbortSignal): Promise<void> {
    return this.#generations.deletePoint(pointId, signal);
  }

  async materialise(
    input: { pointId: string; key: string; tags: Tags; type?: string },
    signal: AbortSignal,
  ): Promise<Volume> {
    const subject = { operation: "materialise", resource: this.#cloud.resource("recovery-point", input.pointId) };
    const snapshot = await this.#generations.find(input.pointId, subject, signal);
    return this.#volumes.clone({ ...input, snapshot }, signal);
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

  /** Volumes have no such bound; how many there may be is the team's. */
  async freeBytes(): Promise<undefined> {
    return undefined;
  }
}
