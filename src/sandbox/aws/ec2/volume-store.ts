import { type DiskParts, reconcilePoints, takePoint } from "../../cloud/disks/points.ts";
import type { AwsCloud } from "../cloud.ts";
import { AwsError, incorrectState } from "../errors.ts";
import { accountId } from "../identity.ts";
import { newId } from "../ids.ts";
import type { Keys } from "../kms/keys.ts";
import type { Snapshot, Tags, Volume } from "../state.ts";
import { resource } from "./default-network.ts";
import { volumeShape } from "./volume-types.ts";

export const GiB = 2 ** 30;

export interface VolumeWish {
  readonly region: string;
  readonly zone: string;
  readonly snapshot?: Snapshot;
  readonly sizeGib?: number;
  readonly type?: string;
  readonly iops?: number;
  readonly throughput?: number;
  readonly encrypted?: boolean;
  readonly kmsKeyId?: string;
  readonly multiAttach?: boolean;
  readonly tags?: Tags;
}

/** Volumes and snapshots on the disk store: what EC2's and EBS's calls have in common. */
export class VolumeStore {
  readonly #cloud: AwsCloud;
  readonly #keys: Keys;
  /** Writes before it are forgotten. */
  readonly #startedAt = Date.now();

  constructor(cloud: AwsCloud, keys: Keys) {
    this.#cloud = cloud;
    this.#keys = keys;
  }

  /** Checks a wish and says what it would become; nothing is made yet. @throws AwsError as for CreateVolume. */
  plan(wish: VolumeWish): Volume {
    const { snapshot, region } = wish;
    if (snapshot && this.stateOf(snapshot) !== "completed") {
      throw incorrectState("IncorrectState", `Snapshot is in invalid state - ${this.stateOf(snapshot)}`);
    }
    const sizeGib = wish.sizeGib ?? snapshot?.sizeGib;
    if (sizeGib === undefined)
      throw new AwsError("MissingParameter", "The request must contain the parameter size or snapshotId");
    if (snapshot && sizeGib < snapshot.sizeGib) {
      throw new AwsError(
        "InvalidParameterValue",
        `Volume of size ${sizeGib}GB is smaller than snapshot '${snapshot.id}', expect size >= ${snapshot.sizeGib}GB`,
      );
    }
    const { type, iops, throughput, encrypted, kmsKeyId } = wish;
    const shape = volumeShape({
      sizeGib,
      ...(type === undefined ? {} : { type }),
      ...(iops === undefined ? {} : { iops }),
      ...(throughput === undefined ? {} : { throughput }),
    });
    const keyWish = {
      ...(encrypted === undefined ? {} : { encrypted }),
      ...(kmsKeyId === undefined ? {} : { keyId: kmsKeyId }),
    };
    const encryption = this.#keys.encryption(region, keyWish, snapshot);
    const id = newId("vol");
    return {
      ...resource("vol", region, wish.tags),
      id,
      zone: wish.zone,
      ...shape,
      ...encryption,
      ...(snapshot ? { snapshotId: snapshot.id } : {}),
      multiAttach: wish.multiAttach ?? false,
      // Encrypting anew writes every block anew, and ends the lineage.
      lineage: snapshot && snapshot.kmsKeyArn === encryption.kmsKeyArn ? snapshot.lineage : newId("lineage"),
      layerId: newId("ly"),
    };
  }

  /** Makes a planned volume. */
  async create(volume: Volume): Promise<Volume> {
    const snapshot = volume.snapshotId === undefined ? undefined : this.#cloud.tables.snapshots.get(volume.snapshotId);
    await this.#cloud.disks.createOverlay(volume.layerId, volume.sizeGib * GiB, snapshot?.layerId);
    return this.#cloud.tables.volumes.put(volume);
  }

  /** Deletes it with its disk, attached or not. */
  delete(volumeId: string): void {
    this.#cloud.tables.volumes.delete(volumeId);
    this.#cloud.inBackground("drop a volume's disk", () => this.#cloud.collectDisks());
  }

  /**
   * Takes snapshots of several volumes at one moment. Of a running instance's volumes the moment is as that of a power
   * cut; the guest goes on at once in new layers.
   */
  async snapshot(
    volumes: readonly Volume[],
    fields: { description: string; tags: (volume: Volume) => Tags },
  ): Promise<Snapshot[]> {
    const at = Date.now();
    return takePoint(this.#diskParts(), volumes, (volume) =>
      this.#cloud.tables.snapshots.put({
        ...resource("snap", volume.region, fields.tags(volume)),
        ownerId: accountId,
        volumeId: volume.id,
        sizeGib: volume.sizeGib,
        description: fields.description,
        encrypted: volume.encrypted,
        ...(volume.kmsKeyArn ? { kmsKeyArn: volume.kmsKeyArn } : {}),
        lineage: volume.lineage,
        layerId: volume.layerId,
        phase: "sealed",
        sealedAt: at,
      }),
    );
  }

  /** Ends what a killed process had begun: a switch of layers that QEMU may or may not have made. */
  async reconcile(): Promise<void> {
    await reconcilePoints(this.#diskParts());
    await this.#cloud.collectDisks();
  }

  #diskParts(): DiskParts<Volume> {
    const { disks, guests, documents, tables } = this.#cloud;
    return { disks, guests, documents, table: tables.volumes, guestOf: ({ attachment }) => attachment?.instanceId };
  }

  stateOf(snapshot: Snapshot): "pending" | "completed" | "error" {
    if (snapshot.phase === "error") return "error";
    if (snapshot.phase === "writing") {
      const last = this.lastWrite.get(snapshot.id) ?? Math.max(snapshot.createdAt, this.#startedAt);
      return Date.now() - last > (snapshot.timeoutMinutes ?? 60) * 60_000 ? "error" : "pending";
    }
    return Date.now() - (snapshot.sealedAt ?? 0) >= this.#cloud.settings.snapshotPendingMs ? "completed" : "pending";
  }

  /** When a block of a snapshot was last put, of those this process saw. */
  readonly lastWrite = new Map<string, number>();

  progressOf(snapshot: Snapshot): string {
    const state = this.stateOf(snapshot);
    if (state !== "pending" || snapshot.phase === "writing") return state === "completed" ? "100%" : "0%";
    const share = (Date.now() - (snapshot.sealedAt ?? 0)) / Math.max(1, this.#cloud.settings.snapshotPendingMs);
    return `${Math.min(99, Math.floor(share * 100))}%`;
  }

  volumeState(volume: Volume): "creating" | "available" | "in-use" {
    if (volume.attachment) return "in-use";
    return Date.now() - volume.createdAt >= this.#cloud.settings.volumeCreatingMs ? "available" : "creating";
  }
}
