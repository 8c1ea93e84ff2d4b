import type { Tags } from "../../domain/tags.ts";
import { tagKeys } from "../../domain/vm.ts";
import type { BlockSink, BlockSource } from "../../transfer/ports.ts";
import type {
  DiskSince,
  DisksFacet,
  ListedPoint,
  ListedVolume,
  NewDisk,
  PointToTake,
  RecoveryPoint,
  ReplicaSpec,
  SourcePoint,
  SourcePointDisk,
  Volume,
} from "../provider.ts";
import type { Aws } from "./client.ts";
import { toReference } from "./clone-reference.ts";
import type { Ec2View } from "./describe.ts";
import { diskTypes } from "./disk-types.ts";
import type { Generations } from "./generations.ts";
import type { Placements } from "./placements.ts";
import type { Snapshots } from "./points.ts";
import { SourcePoints } from "./source-points.ts";
import { defaultVolumeType, Volumes } from "./volumes.ts";

export class AwsDisks implements DisksFacet {
  readonly diskType = defaultVolumeType;
  readonly diskTypes = diskTypes;
  readonly #aws: Aws;
  readonly #generations: Generations;
  readonly #sourcePoints: SourcePoints;
  readonly #volumes: Volumes;

  constructor(
    aws: Aws,
    parts: { view: Ec2View; snapshots: Snapshots; placements: Placements; generations: Generations },
  ) {
    this.#aws = aws;
    this.#generations = parts.generations;
    this.#sourcePoints = new SourcePoints(aws, parts);
    this.#volumes = new Volumes(aws, parts);
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

  createSourcePoint(input: PointToTake, signal: AbortSignal): Promise<SourcePoint> {
    return this.#sourcePoints.create(input, signal);
  }

  createSourcePoints(
    inputs: readonly PointToTake[],
    signal: AbortSignal,
  ): Promise<PromiseSettledResult<SourcePoint>[]> {
    return this.#sourcePoints.createAll(inputs, signal);
  }

  unchangedSince(disks: readonly DiskSince[], signal: AbortSignal): Promise<readonly boolean[]> {
    return this.#sourcePoints.unchanged(disks, signal);
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

  releaseSourcePoints(sourcePointIds: readonly string[], signal: AbortSignal): Promise<void> {
    return this.#sourcePoints.releaseAll(sourcePointIds, signal);
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

  /** EBS makes a boot volume with its instance, so this only says of which snapshot it will be made. */
  async materialise(input: { pointId: string; key: string; tags: Tags }, signal: AbortSignal): Promise<Volume> {
    const { pointId, key, tags } = input;
    const subject = { operation: "materialise", resource: this.#aws.resource("recovery-point", pointId) };
    const { snapshotId, sizeBytes } = await this.#generations.find(pointId, subject, signal);
    const created = { ...tags, [tagKeys.managed]: "true", [tagKeys.key]: key };
    return { volumeId: toReference({ snapshotId, pointId, key, tags }), sizeBytes, tags: created };
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

  /** EBS has no such bound; its quota is one of `quotas`. */
  async freeBytes(): Promise<undefined> {
    return undefined;
  }
}
