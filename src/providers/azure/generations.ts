import type { BlockSink, BlockSource } from "../../transfer/ports.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import type { ListedPoint, RecoveryPoint, ReplicaSpec } from "../provider.ts";
import { PageBlobSink } from "./block-sink.ts";
import { SnapshotSource } from "./block-source.ts";
import type { Azure } from "./client.ts";
import { isLeaseFailure } from "./errors.ts";
import { fixedFooter } from "./footer.ts";
import { Leases, leaseOf, takenOver } from "./leases.ts";
import { type OurSnapshot, type Snapshots, toRecoveryPoint } from "./points.ts";
import { blobOf, Preparation } from "./preparation.ts";
import { type GenerationRecord, Records, type SeenRecord } from "./records.ts";
import type { ReplicaBlobs } from "./replica-blobs.ts";
import { headOf } from "./replica-blobs.ts";
import { ReplicaSource } from "./replica-source.ts";
import { createdTags } from "./tags.ts";

interface OpenInput {
  readonly replica: ReplicaSpec;
  readonly generationId: string;
  readonly parentPointId?: string;
  readonly attempt: number;
}

/** What a recovery point is made of: a generation of ours, or a snapshot of a managed disk that was adopted. */
export type FoundPoint =
  | { readonly kind: "sealed"; readonly record: GenerationRecord; readonly snapshot: string }
  | { readonly kind: "adopted"; readonly snapshot: OurSnapshot };

/**
 * Replicas are page blobs of ours: a revoked managed disk takes no delta. A generation is what is written between two of a
 * blob's snapshots, under a lease of its attempt; a child goes on in its parent's blob where that still ends with the parent,
 * and otherwise in a copy, which Azure makes. What is known of each lies in a small record beside them.
 */
export class Generations {
  readonly #azure: Azure;
  readonly #blobs: ReplicaBlobs;
  readonly #snapshots: Snapshots;
  readonly #records: Records;
  readonly #leases: Leases;
  readonly #preparation: Preparation;

  constructor(azure: Azure, parts: { blobs: ReplicaBlobs; snapshots: Snapshots }) {
    this.#azure = azure;
    this.#blobs = parts.blobs;
    this.#snapshots = parts.snapshots;
    this.#records = new Records(azure);
    this.#leases = new Leases({ blobs: parts.blobs, records: this.#records });
    this.#preparation = new Preparation({ ...parts, records: this.#records, leases: this.#leases });
  }

  async open(input: OpenInput, signal: AbortSignal): Promise<BlockSink> {
    const { generationId, attempt } = input;
    const subject = this.#subject("open generation", generationId);
    const { record } = await this.#ready(input, subject, signal).catch((error: unknown) => {
      // Another attempt, or another child of the parent, took the lease meanwhile: the records say whose it is.
      if (!isLeaseFailure(error)) throw error;
      return this.#ready(input, subject, signal);
    });
    return new PageBlobSink({
      blobs: this.#blobs,
      blob: record.blob,
      sizeBytes: record.sizeBytes,
      leaseId: leaseOf(generationId, attempt),
      retake: (current) => this.#leases.take(record, attempt, subject, current),
      subject,
    });
  }

  async seal(
    input: { generationId: string; attempt: number; leavesWritten: number },
    signal: AbortSignal,
  ): Promise<RecoveryPoint> {
    const { generationId, attempt } = input;
    const subject = this.#subject("seal generation", generationId);
    const seen = await this.#records.find(generationId, subject, signal);
    if (!seen || seen.record.state === "discarded") throw notFound(subject, "there is no such generation");
    if (seen.record.state === "sealed") return this.#toPoint(seen.record);
    if (seen.record.attempt !== attempt || !seen.record.prepared) throw takenOver(seen.record, attempt, subject);
    const { blob, sizeBytes } = seen.record;
    const leaseId = leaseOf(generationId, attempt);
    const footer = fixedFooter(sizeBytes, generationId);
    const end = async () => {
      await this.#blobs.use(blob, subject, signal, (client) =>
        client.uploadPages(footer, sizeBytes, footer.length, { conditions: { leaseId }, abortSignal: signal }),
      );
      return this.#blobs.snapshot(blob, generationId, leaseId, subject, signal);
    };
    const snapshot = await this.#leases.holding(seen.record, attempt, end, subject, signal);
    const changes = { state: "sealed", snapshot, createdAt: new Date().toISOString() } as const;
    const sealed = await this.#records.change(seen, changes, subject, signal);
    if (!sealed) throw takenOver((await this.#records.find(generationId, subject, signal))?.record, attempt, subject);
    await this.#blobs.release(blob, leaseId, subject, signal);
    return this.#toPoint(sealed.record);
  }

  /** Leaves a record, so that nobody brings it back. */
  async discard(generationId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("discard generation", generationId);
    for (;;) {
      const seen = await this.#records.find(generationId, subject, signal);
      if (!seen) return;
      if (seen.record.state === "sealed") throw sealedAlready(subject);
      const ended = seen.record.state === "discarded";
      if (!ended && !(await this.#records.change(seen, { state: "discarded" }, subject, signal))) continue;
      await this.#blobs.breakLease(seen.record.blob, subject, signal);
      await this.#removeBytes(seen.record, subject, signal);
      return;
    }
  }

  async get(pointId: string, signal: AbortSignal): Promise<RecoveryPoint> {
    const found = await this.find(pointId, this.#subject("look up point", pointId), signal);
    return found.kind === "sealed" ? this.#toPoint(found.record) : toRecoveryPoint(this.#azure.site, found.snapshot);
  }

  async *list(signal: AbortSignal): AsyncGenerator<ListedPoint> {
    const subject = { operation: "list recovery points", resource: this.#azure.site };
    for await (const record of this.#records.list(subject, signal)) {
      if (record.state === "sealed") yield { ...this.#toPoint(record), tags: tagsOf(record) };
    }
    for await (const snapshot of this.#snapshots.list(subject, signal)) {
      if (snapshot.notes.point === undefined || snapshot.state !== "completed") continue;
      yield { ...toRecoveryPoint(this.#azure.site, snapshot), tags: snapshot.tags };
    }
  }

  /** For the census: generations that are open and points that are sealed. */
  async *records(subject: Subject, signal: AbortSignal): AsyncGenerator<GenerationRecord> {
    for await (const record of this.#records.list(subject, signal)) if (record.state !== "discarded") yield record;
  }

  /** @throws NotFound for what is gone or was never sealed. */
  async find(pointId: string, subject: Subject, signal: AbortSignal): Promise<FoundPoint> {
    const seen = await this.#records.find(pointId, subject, signal);
    if (seen?.record.state === "sealed" && seen.record.snapshot !== undefined) {
      return { kind: "sealed", record: seen.record, snapshot: seen.record.snapshot };
    }
    if (seen) throw notFound(subject, seen.record.state === "open" ? "it is not sealed" : "it was discarded");
    const snapshot = await this.adopted(pointId, subject, signal);
    if (snapshot?.state === "completed") return { kind: "adopted", snapshot };
    throw notFound(subject, "there is no such recovery point");
  }

  async adopted(pointId: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot | undefined> {
    for await (const snapshot of this.#snapshots.list(subject, signal)) {
      if (snapshot.notes.point === pointId) return snapshot;
    }
    return undefined;
  }

  async openPoint(pointId: string, signal: AbortSignal): Promise<BlockSource> {
    const subject = this.#subject("read recovery point", pointId);
    const found = await this.find(pointId, subject, signal);
    if (found.kind === "adopted") {
      const { snapshot } = found;
      return new SnapshotSource(this.#azure, { snapshot, snapshots: this.#snapshots, subject });
    }
    const { blob, sizeBytes } = found.record;
    return new ReplicaSource(this.#azure, { blobs: this.#blobs, blob, snapshot: found.snapshot, sizeBytes, subject });
  }

  /** An adopted point whose source point is still held only stops being one. */
  async deletePoint(pointId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete recovery point", pointId);
    const seen = await this.#records.find(pointId, subject, signal);
    if (seen) {
      // A generation that was never sealed is no point: it is discarded.
      if (seen.record.state !== "sealed") return;
      await this.#removeBytes(seen.record, subject, signal);
      await this.#records.remove(pointId, subject, signal);
      return;
    }
    const snapshot = await this.adopted(pointId, subject, signal);
    if (!snapshot) return;
    if (snapshot.notes.released === undefined) {
      await this.#snapshots.note(snapshot, { point: undefined }, subject, signal);
    } else await this.#snapshots.delete(snapshot.snapshotId, subject, signal);
  }

  /** The generation as this attempt's, to be written under its lease. */
  async #ready(input: OpenInput, subject: Subject, signal: AbortSignal): Promise<SeenRecord> {
    const seen = await this.#claim(input, subject, signal);
    if (!seen.record.prepared) return this.#preparation.prepare(seen, input.attempt, subject, signal);
    await this.#leases.take(seen.record, input.attempt, subject, signal);
    return seen;
  }

  /** Says that this attempt is the one, in a record that only one of several can change. */
  async #claim(input: OpenInput, subject: Subject, signal: AbortSignal): Promise<SeenRecord> {
    const { generationId, attempt } = input;
    for (;;) {
      const seen = await this.#records.find(generationId, subject, signal);
      if (!seen) {
        const made = await this.#records.add(await this.#newRecord(input, subject, signal), subject, signal);
        if (made) return made;
        continue;
      }
      const { state, attempt: newest } = seen.record;
      if (state === "sealed") throw sealedAlready(subject);
      if (state === "discarded") throw conflict(subject, "it was discarded", "Begin a new generation.");
      if (attempt < newest) throw takenOver(seen.record, attempt, subject);
      if (attempt === newest) return seen;
      const changed = await this.#records.change(seen, { attempt }, subject, signal);
      if (changed) return changed;
    }
  }

  async #newRecord(input: OpenInput, subject: Subject, signal: AbortSignal): Promise<GenerationRecord> {
    const { replica, generationId, parentPointId, attempt } = input;
    const parent = parentPointId === undefined ? undefined : await this.#parent(parentPointId, subject, signal);
    return {
      generationId,
      replicaId: replica.replicaId,
      sizeBytes: replica.sizeBytes,
      tags: replica.tags,
      ...(replica.encryptionKey !== undefined && { encryptionKey: replica.encryptionKey }),
      state: "open",
      attempt,
      blob: await this.#blobFor(generationId, parent, subject, signal),
      ...(parent && { parent }),
      prepared: false,
      createdAt: new Date().toISOString(),
    };
  }

  async #parent(
    pointId: string,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<NonNullable<GenerationRecord["parent"]>> {
    const found = await this.find(pointId, subject, signal);
    if (found.kind === "adopted") {
      return { kind: "adopted", snapshotId: found.snapshot.snapshotId, sizeBytes: found.snapshot.sizeBytes };
    }
    const { blob, sizeBytes } = found.record;
    return { kind: "sealed", pointId, blob, snapshot: found.snapshot, sizeBytes };
  }

  /** The parent's own blob while it still ends with the parent. */
  async #blobFor(
    generationId: string,
    parent: GenerationRecord["parent"],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string> {
    if (parent?.kind === "sealed") {
      const seen = await this.#blobs.find(parent.blob, subject, signal);
      if (seen?.head === headOf(parent.pointId)) return parent.blob;
    }
    return blobOf(generationId);
  }

  async #removeBytes(record: GenerationRecord, subject: Subject, signal: AbortSignal): Promise<void> {
    const { blob, generationId } = record;
    const open = async (head: string): Promise<boolean> => {
      if (head === headOf(generationId) || head === "") return false;
      for await (const other of this.#records.list(subject, signal)) {
        if (headOf(other.generationId) === head) return other.state === "open";
      }
      return false;
    };
    await this.#blobs.remove(blob, generationId, open, subject, signal);
  }

  #toPoint({ generationId, sizeBytes, createdAt }: GenerationRecord): RecoveryPoint {
    return { pointId: generationId, site: this.#azure.site, sizeBytes, createdAt, kind: "sealed" };
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#azure.resource("recovery-point", id) };
  }
}

export function tagsOf({ tags, generationId }: GenerationRecord): Readonly<Record<string, string>> {
  return createdTags(tags, generationId);
}

function sealedAlready(subject: Subject) {
  return conflict(subject, "it is sealed", "Begin a new generation on top of it.");
}
