import { randomBytes } from "node:crypto";
import { isProviderError } from "../../domain/errors.ts";
import type { BlockSink, BlockSource } from "../../transfer/ports.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import type { Helpers } from "../helpers.ts";
import type { ListedPoint, RecoveryPoint, ReplicaSpec } from "../provider.ts";
import type { DigitalOcean } from "./client.ts";
import { described } from "./described.ts";
import { ofSnapshot, ofVolume } from "./helper-droplets.ts";
import { createdTags, factWord, seenOf, toWords } from "./labels.ts";
import { digest } from "./names.ts";
import {
  isPoint,
  type PointSnapshot,
  pointSnapshot,
  type Snapshots,
  sealedAlready,
  toRecoveryPoint,
} from "./snapshots.ts";
import type { Tagging } from "./tagging.ts";
import { Tombstones } from "./tombstones.ts";
import { refuseKey, type Volumes } from "./volumes.ts";
import type { WireVolume } from "./wire.ts";

/** Whoever opens it at the same moment may take its volume once more. */
const dropRounds = 3;

/**
 * A generation is a volume that a helper droplet writes; its seal is a snapshot of the volume, which then goes. One on top of a
 * parent begins as a volume made of the parent's snapshot.
 */
export class Generations {
  readonly #cloud: DigitalOcean;
  readonly #snapshots: Snapshots;
  readonly #volumes: Volumes;
  readonly #helpers: Helpers;
  readonly #tagging: Tagging;
  readonly #tombstones: Tombstones;

  constructor(
    cloud: DigitalOcean,
    parts: { snapshots: Snapshots; volumes: Volumes; helpers: Helpers; tagging: Tagging },
  ) {
    this.#cloud = cloud;
    this.#snapshots = parts.snapshots;
    this.#volumes = parts.volumes;
    this.#helpers = parts.helpers;
    this.#tagging = parts.tagging;
    this.#tombstones = new Tombstones(parts.tagging);
  }

  async open(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSink> {
    const { generationId, attempt } = input;
    const subject = this.#subject("open generation", generationId);
    refuseKey(input.replica.encryptionKey, subject);
    if (await this.#snapshots.byName(pointSnapshot(generationId), subject, signal)) throw sealedAlready(subject);
    const name = volumeOf(generationId);
    if (!(await this.#volumes.byName(name, subject, signal))) await this.#start(input, subject, signal);
    await this.#take(name, attempt, subject, signal);
    const sink = await this.#helpers.openSink(
      { owner: ownerOf(generationId), diskId: ofVolume(name), device: "volume" },
      signal,
    );
    try {
      // One that came meanwhile removed what it found, and ours came after that.
      await this.#refuseOld(name, attempt, subject, signal);
      return sink;
    } catch (error) {
      await sink.close();
      throw error;
    }
  }

  async seal(input: { generationId: string; attempt: number }, signal: AbortSignal): Promise<RecoveryPoint> {
    const { generationId, attempt } = input;
    const subject = this.#subject("seal generation", generationId);
    const name = volumeOf(generationId);
    const known = await this.#snapshots.byName(pointSnapshot(generationId), subject, signal);
    if (!known) await this.#refuseMissing(name, subject, signal);
    const volume = known ? undefined : await this.#refuseOld(name, attempt, subject, signal);
    await this.#helpers.removeAll(ownerOf(generationId), signal);
    const point = known ?? (await this.#snapshot(volume as WireVolume, generationId, subject, signal));
    await this.#drop(generationId, subject, signal);
    return toRecoveryPoint(this.#cloud.site, point);
  }

  async discard(generationId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("discard generation", generationId);
    if (await this.#snapshots.byName(pointSnapshot(generationId), subject, signal)) throw sealedAlready(subject);
    // First: whoever makes its volume at this moment looks for this afterwards.
    await this.#tombstones.put(generationId, subject, signal);
    await this.#drop(generationId, subject, signal);
  }

  async get(pointId: string, signal: AbortSignal): Promise<RecoveryPoint> {
    return toRecoveryPoint(this.#cloud.site, await this.find(pointId, this.#subject("look up point", pointId), signal));
  }

  async *list(signal: AbortSignal): AsyncGenerator<ListedPoint> {
    const subject = { operation: "list recovery points", resource: this.#cloud.site };
    for (const snapshot of await this.#snapshots.list(subject, signal)) {
      if (isPoint(snapshot)) yield { ...toRecoveryPoint(this.#cloud.site, snapshot), tags: snapshot.tags };
    }
  }

  /** @throws NotFound for what is gone or was never sealed. */
  async find(pointId: string, subject: Subject, signal: AbortSignal): Promise<PointSnapshot> {
    const snapshot = await this.#snapshots.byName(pointSnapshot(pointId), subject, signal);
    if (snapshot && isPoint(snapshot)) return snapshot;
    throw notFound(subject, "there is no such recovery point");
  }

  async openPoint(pointId: string, signal: AbortSignal): Promise<BlockSource> {
    const subject = this.#subject("read recovery point", pointId);
    const snapshot = await this.find(pointId, subject, signal);
    // Any number may read it at once: nobody takes another's helper away.
    const owner = `read-${randomBytes(8).toString("hex")}`;
    return this.#helpers.openSource({ owner, diskId: ofSnapshot(snapshot), device: "volume" }, signal);
  }

  /** An adopted point whose source point is still held only stops being one. */
  async deletePoint(pointId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete recovery point", pointId);
    const snapshot = await this.#snapshots.byName(pointSnapshot(pointId), subject, signal);
    if (!snapshot || !isPoint(snapshot)) return;
    const { sourcePoint, released } = snapshot.facts;
    if (sourcePoint !== undefined && released === undefined) {
      return this.#snapshots.unnote(snapshot, "adopted", subject, signal);
    }
    await this.#snapshots.delete(snapshot, subject, signal);
  }

  async #snapshot(volume: WireVolume, generationId: string, subject: Subject, signal: AbortSignal) {
    const tags = described(volume.description)?.tags ?? {};
    const words = toWords(createdTags(tags, generationId), { role: "point", generation: generationId });
    return this.#snapshots.take({ volumeId: volume.id, name: pointSnapshot(generationId), words }, subject, signal);
  }

  async #drop(generationId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    for (let round = 1; ; round++) {
      await this.#helpers.removeAll(ownerOf(generationId), signal);
      const volume = await this.#volumes.byName(volumeOf(generationId), subject, signal);
      if (!volume) return;
      try {
        return await this.#volumes.drop(volume.id, subject, signal);
      } catch (error) {
        if (!isProviderError(error, "Conflict") || round >= dropRounds) throw error;
      }
    }
  }

  async #start(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    const { replica, generationId, parentPointId } = input;
    await this.#refuseDiscarded(generationId, subject, signal);
    const parent = parentPointId === undefined ? undefined : await this.find(parentPointId, subject, signal);
    const made = {
      name: volumeOf(generationId),
      sizeBytes: replica.sizeBytes,
      described: { key: generationId, generation: generationId, tags: replica.tags },
      ...(parent && { snapshot: parent.id }),
    };
    await this.#volumes.make(made, subject, signal);
    try {
      await this.#refuseDiscarded(generationId, subject, signal);
    } catch (error) {
      if (isProviderError(error, "Conflict")) await this.#drop(generationId, subject, signal);
      throw error;
    }
  }

  async #refuseDiscarded(generationId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    if (!(await this.#tombstones.has(generationId, subject, signal))) return;
    throw conflict(subject, "it was discarded", "Begin a new generation.");
  }

  /** Makes this attempt the newest. Tags are only ever added, so that of two the higher one wins whatever their order. */
  async #take(name: string, attempt: number, subject: Subject, signal: AbortSignal): Promise<void> {
    const { id, tags } = await this.#refuseOld(name, attempt, subject, signal);
    if (seenOf(tags).attempt === attempt) return;
    await this.#tagging.add(factWord("attempt", String(attempt)), "volume", id, subject, signal);
    await this.#refuseOld(name, attempt, subject, signal);
  }

  async #refuseMissing(name: string, subject: Subject, signal: AbortSignal): Promise<void> {
    if (!(await this.#volumes.byName(name, subject, signal))) throw notFound(subject, "there is no such generation");
  }

  async #refuseOld(name: string, attempt: number, subject: Subject, signal: AbortSignal): Promise<WireVolume> {
    const volume = await this.#volumes.byName(name, subject, signal);
    if (!volume) throw conflict(subject, "it was discarded or sealed", "Begin a new generation.");
    const newest = seenOf(volume.tags).attempt;
    if (attempt >= newest) return volume;
    const reason = `attempt ${newest} has taken over from attempt ${attempt}`;
    throw conflict(subject, reason, "Leave it to the newer attempt.");
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#cloud.resource("recovery-point", id) };
  }
}

function volumeOf(generationId: string): string {
  return `novacron-${ownerOf(generationId)}`;
}

function ownerOf(generationId: string): string {
  return `g-${digest(24, generationId)}`;
}
