import { randomBytes } from "node:crypto";
import { isProviderError } from "../../domain/errors.ts";
import type { BlockSink, BlockSource } from "../../transfer/ports.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import type { Helpers } from "../helpers.ts";
import type { ListedPoint, RecoveryPoint, ReplicaSpec } from "../provider.ts";
import type { Gcp } from "./client.ts";
import { helperDevice, ofDisk, ofSnapshot } from "./helper-instances.ts";
import { createdTags, describe, managedOnly, noteLabels, seenOf, toLabels } from "./labels.ts";
import { digest, nameOf, requestIdOf } from "./names.ts";
import {
  type GcpSnapshot,
  isPoint,
  pointSnapshot,
  type Snapshots,
  sealedAlready,
  toRecoveryPoint,
} from "./snapshots.ts";
import type { Disk, Volumes } from "./volumes.ts";

const attemptRounds = 20;
/** Whoever opens it at the same moment may take its disk once more. */
const dropRounds = 3;

/**
 * A generation is a disk that a helper instance writes; its seal is a snapshot of the disk, which then goes. One on top of a
 * parent begins as a disk made of the parent's snapshot.
 */
export class Generations {
  readonly #gcp: Gcp;
  readonly #snapshots: Snapshots;
  readonly #volumes: Volumes;
  readonly #helpers: Helpers;

  constructor(gcp: Gcp, parts: { snapshots: Snapshots; volumes: Volumes; helpers: Helpers }) {
    this.#gcp = gcp;
    this.#snapshots = parts.snapshots;
    this.#volumes = parts.volumes;
    this.#helpers = parts.helpers;
  }

  async open(
    input: { replica: ReplicaSpec; generationId: string; parentPointId?: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSink> {
    const { generationId, attempt } = input;
    const subject = this.#subject("open generation", generationId);
    if (await this.#snapshots.byName(pointSnapshot(generationId), subject, signal)) throw sealedAlready(subject);
    const name = diskName(generationId);
    if (!(await this.#volumes.find(name, subject, signal))) await this.#start(input, subject, signal);
    await this.#take(name, attempt, subject, signal);
    const wanted = { owner: ownerOf(generationId), diskId: ofDisk(name), device: helperDevice };
    const sink = await this.#helpers.openSink(wanted, signal);
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
    const name = diskName(generationId);
    const known = await this.#snapshots.byName(pointSnapshot(generationId), subject, signal);
    const disk = await this.#volumes.find(name, subject, signal);
    if (!known && !disk) throw notFound(subject, "there is no such generation");
    if (!known || known.state === "failed") await this.#refuseOld(name, attempt, subject, signal);
    await this.#helpers.removeAll(ownerOf(generationId), signal);
    const { tags, described } = seenOf(disk ?? {});
    const point = await this.#snapshots.take(
      {
        disk: name,
        name: pointSnapshot(generationId),
        description: describe(described),
        labels: toLabels(tags, { role: "point" }),
      },
      subject,
      signal,
    );
    await this.#drop(generationId, subject, signal);
    return toRecoveryPoint(this.#gcp.site, point);
  }

  async discard(generationId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("discard generation", generationId);
    const snapshot = await this.#snapshots.byName(pointSnapshot(generationId), subject, signal);
    if (snapshot?.state === "completed") throw sealedAlready(subject);
    // Of a seal that did not come to its end.
    if (snapshot) await this.#snapshots.delete(snapshot.name, subject, signal);
    await this.#drop(generationId, subject, signal);
  }

  async get(pointId: string, signal: AbortSignal): Promise<RecoveryPoint> {
    return toRecoveryPoint(this.#gcp.site, await this.find(pointId, this.#subject("look up point", pointId), signal));
  }

  async *list(signal: AbortSignal): AsyncGenerator<ListedPoint> {
    const subject = { operation: "list recovery points", resource: this.#gcp.site };
    for await (const snapshot of this.#snapshots.list(managedOnly, subject, signal)) {
      if (!isPoint(snapshot) || snapshot.state !== "completed") continue;
      yield { ...toRecoveryPoint(this.#gcp.site, snapshot), tags: snapshot.tags };
    }
  }

  /** @throws NotFound for what is gone or was never sealed. */
  async find(pointId: string, subject: Subject, signal: AbortSignal): Promise<GcpSnapshot> {
    const snapshot = await this.#snapshots.byName(pointSnapshot(pointId), subject, signal);
    if (snapshot?.state === "completed" && isPoint(snapshot)) return snapshot;
    throw notFound(subject, "there is no such recovery point");
  }

  async openPoint(pointId: string, signal: AbortSignal): Promise<BlockSource> {
    const subject = this.#subject("read recovery point", pointId);
    const snapshot = await this.find(pointId, subject, signal);
    // Any number may read it at once: nobody takes another's helper away.
    const owner = `read-${randomBytes(8).toString("hex")}`;
    return this.#helpers.openSource({ owner, diskId: ofSnapshot(snapshot), device: helperDevice }, signal);
  }

  /** An adopted point whose source point is still held only stops being one. */
  async deletePoint(pointId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete recovery point", pointId);
    const snapshot = await this.#snapshots.byName(pointSnapshot(pointId), subject, signal);
    if (!snapshot || !isPoint(snapshot)) return;
    await this.#refuseUsed(snapshot, subject, signal);
    const { name, notes } = snapshot;
    if (notes.sourcePoint !== undefined && notes.released === undefined) {
      return this.#snapshots.note(name, { adopted: undefined }, subject, signal);
    }
    await this.#snapshots.delete(name, subject, signal);
  }

  /** Google would let it go; the port's images hold their points. */
  async #refuseUsed({ name, number }: GcpSnapshot, subject: Subject, signal: AbortSignal): Promise<void> {
    const images = this.#gcp.list<{ name?: string; sourceSnapshotId?: string; sourceSnapshot?: string }>(
      "images",
      { filter: managedOnly },
      subject,
      signal,
    );
    for await (const image of images) {
      if (nameOf(image.sourceSnapshot) !== name || (image.sourceSnapshotId ?? number) !== number) continue;
      throw conflict(subject, `image ${image.name} was made of it`, "Delete the image first.");
    }
  }

  async #drop(generationId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    for (let round = 1; ; round++) {
      await this.#helpers.removeAll(ownerOf(generationId), signal);
      try {
        return await this.#volumes.drop(diskName(generationId), subject, signal);
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
    const parent = parentPointId === undefined ? undefined : await this.find(parentPointId, subject, signal);
    const described = { key: generationId, generation: generationId, replica: replica.replicaId };
    const name = diskName(generationId);
    const made = {
      name,
      sizeBytes: replica.sizeBytes,
      encryptionKey: replica.encryptionKey,
      labels: toLabels(createdTags(replica.tags, generationId), { role: "generation" }),
      described,
      ...(parent && { snapshot: parent.name }),
    };
    // The same request for every attempt: Google remembers it, and makes nothing twice.
    const requestId = requestIdOf("generation", this.#gcp.site, generationId);
    await this.#volumes.order(made, subject, signal, requestId).catch(async (error: unknown) => {
      if (!isProviderError(error) || (await this.#volumes.find(name, subject, signal))) throw error;
      // It remembers also that it failed.
      await this.#volumes.order(made, subject, signal);
    });
    try {
      await this.#volumes.ready(name, subject, signal);
    } catch (error) {
      if (!isProviderError(error, "NotFound")) throw error;
      throw conflict(subject, "it was discarded", "Begin a new generation.");
    }
  }

  /** Makes this attempt the newest; the label's fingerprint lets one of two win. */
  async #take(name: string, attempt: number, subject: Subject, signal: AbortSignal): Promise<void> {
    for (let round = 0; ; round++) {
      const disk = await this.#refuseOld(name, attempt, subject, signal);
      if (attemptOf(disk) === attempt) return;
      const labels = { ...disk.labels, ...noteLabels({ attempt: String(attempt) }) };
      const zoneSetLabelsRequestResource = { labels, labelFingerprint: disk.labelFingerprint };
      try {
        const request = { resource: name, zoneSetLabelsRequestResource };
        return await this.#gcp.change("disks", "setLabels", request, subject, signal);
      } catch (error) {
        if (!isProviderError(error, "Conflict") || round >= attemptRounds) throw error;
      }
    }
  }

  async #refuseOld(name: string, attempt: number, subject: Subject, signal: AbortSignal): Promise<Disk> {
    const disk = await this.#volumes.find(name, subject, signal);
    if (!disk) throw conflict(subject, "it was discarded or sealed", "Begin a new generation.");
    const newest = attemptOf(disk);
    if (attempt >= newest) return disk;
    const reason = `attempt ${newest} has taken over from attempt ${attempt}`;
    throw conflict(subject, reason, "Leave it to the newer attempt.");
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#gcp.resource("recovery-point", id) };
  }
}

export function diskName(generationId: string): string {
  return `novacron-g-${digest(24, generationId)}`;
}

function ownerOf(generationId: string): string {
  return `g-${digest(24, generationId)}`;
}

function attemptOf(disk: Disk): number {
  return Number(seenOf(disk).notes.attempt ?? 0);
}
