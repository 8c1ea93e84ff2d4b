import type * as Compute from "@google-cloud/compute";
import { isProviderError } from "../../domain/errors.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { RecoveryPoint } from "../provider.ts";
import type { Gcp } from "./client.ts";
import { codeFailure } from "./errors.ts";
import { type Notes, noteKeys, noteLabels, type Seen, seenOf } from "./labels.ts";
import { digest, keyOf, nameOf } from "./names.ts";

type Wire = Compute.protos.google.cloud.compute.v1.ISnapshot;
const GiB = 2 ** 30;
/** Others may label it at the same moment. */
const labelRounds = 10;

export interface GcpSnapshot extends Seen {
  readonly name: string;
  readonly state: "pending" | "completed" | "failed";
  readonly sizeBytes: number;
  readonly createdAt: string;
  /** The disk's number, which outlives its name. */
  readonly diskNumber: string;
  readonly diskName: string;
  readonly number: string;
  readonly encrypted: boolean;
  /** The customer's, where it has one: what is made of it has it too. */
  readonly encryptionKey?: string | undefined;
}

/** The name of the snapshot behind a recovery point's or a generation's id. */
export function pointSnapshot(pointId: string): string {
  const adopted = /^ad-([0-9a-f]{24})$/.exec(pointId)?.[1];
  return adopted === undefined ? `novacron-p-${digest(24, pointId)}` : `novacron-s-${adopted}`;
}

export function sourceSnapshot(sourcePointId: string, diskId: string): string {
  return `novacron-s-${digest(24, sourcePointId, diskId)}`;
}

export function adoptedPoint(sourcePointId: string, diskId: string): string {
  return `ad-${digest(24, sourcePointId, diskId)}`;
}

/** Recovery points and points of sources: snapshots, found by their names. */
export class Snapshots {
  readonly #gcp: Gcp;

  constructor(gcp: Gcp) {
    this.#gcp = gcp;
  }

  async *list(filter: string | undefined, subject: Subject, signal: AbortSignal): AsyncGenerator<GcpSnapshot> {
    const request = filter === undefined ? {} : { filter };
    for await (const wire of this.#gcp.list<Wire>("snapshots", request, subject, signal)) yield toSnapshot(wire);
  }

  async byName(snapshot: string, subject: Subject, signal: AbortSignal): Promise<GcpSnapshot | undefined> {
    const wire = await this.#gcp.find<Wire>("snapshots", { snapshot }, subject, signal);
    // What is being deleted is gone.
    return wire && wire.status !== "DELETING" ? toSnapshot(wire) : undefined;
  }

  /** One of that name; the one that is there, where there is one that did not fail. Returns when it can be used. */
  async take(
    input: { disk: string; name: string; description: string; labels: Record<string, string> },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<GcpSnapshot> {
    const { disk, ...snapshotResource } = input;
    const known = await this.byName(input.name, subject, signal);
    if (known?.state === "failed") await this.delete(input.name, subject, signal);
    if (!known || known.state === "failed") {
      await this.#gcp
        .change("disks", "createSnapshot", { disk, snapshotResource }, subject, signal)
        .catch(async (error: unknown) => {
          if (!isProviderError(error, "Conflict") || !(await this.byName(input.name, subject, signal))) throw error;
        });
    }
    return this.completed(input.name, subject, signal);
  }

  /** @throws what Google says of one that failed; NotFound when it is gone. */
  async completed(name: string, subject: Subject, signal: AbortSignal): Promise<GcpSnapshot> {
    return poll(
      async () => {
        const seen = await this.byName(name, subject, signal);
        if (!seen) throw notFound(subject, `snapshot ${name} is gone`);
        if (seen.state === "failed") throw codeFailure("SnapshotFailed", `snapshot ${name} failed`, subject);
        return seen.state === "completed" ? seen : undefined;
      },
      this.#gcp.patience,
      signal,
    );
  }

  /** One that is gone is fine. */
  async delete(snapshot: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.#gcp.drop("snapshots", { snapshot }, subject, signal);
  }

  /** Sets notes; `undefined` removes one. */
  async note(name: string, notes: Notes, subject: Subject, signal: AbortSignal): Promise<void> {
    for (let round = 0; ; round++) {
      const wire = await this.#gcp.find<Wire>("snapshots", { snapshot: name }, subject, signal);
      if (!wire) throw notFound(subject, `snapshot ${name} is gone`);
      const labels: Record<string, string> = { ...wire.labels, ...noteLabels(notes) };
      for (const [note, value] of Object.entries(notes)) {
        if (value === undefined) delete labels[noteKeys[note as keyof Notes]];
      }
      const globalSetLabelsRequestResource = { labels, labelFingerprint: wire.labelFingerprint };
      try {
        const request = { resource: name, globalSetLabelsRequestResource };
        return await this.#gcp.change("snapshots", "setLabels", request, subject, signal);
      } catch (error) {
        if (!isProviderError(error, "Conflict") || round >= labelRounds) throw error;
      }
    }
  }
}

/** The port's id of a recovery point. */
export function pointIdOf({ described, notes }: GcpSnapshot): string {
  if (described.generation !== undefined) return described.generation;
  return adoptedPoint(notes.sourcePoint ?? "", described.disk ?? "");
}

export function isPoint({ notes }: GcpSnapshot): boolean {
  return notes.role === "point" || notes.adopted === "true";
}

export function toRecoveryPoint(site: string, snapshot: GcpSnapshot): RecoveryPoint {
  const kind = snapshot.notes.role === "point" ? "sealed" : "adopted";
  return {
    pointId: pointIdOf(snapshot),
    site,
    sizeBytes: snapshot.sizeBytes,
    createdAt: snapshot.createdAt,
    kind,
  };
}

export function sealedAlready(subject: Subject) {
  return conflict(subject, "it is sealed", "Begin a new generation on top of it.");
}

function toSnapshot(wire: Wire): GcpSnapshot {
  const { status } = wire;
  return {
    ...seenOf(wire),
    name: wire.name ?? "",
    number: String(wire.id ?? ""),
    state: status === "READY" ? "completed" : status === "FAILED" ? "failed" : "pending",
    sizeBytes: Number(wire.diskSizeGb ?? 0) * GiB,
    createdAt: new Date(wire.creationTimestamp ?? 0).toISOString(),
    diskNumber: wire.sourceDiskId ?? "",
    diskName: nameOf(wire.sourceDisk),
    // "All data is encrypted at rest": with Google's key where none of ours is named.
    encrypted: true,
    encryptionKey: keyOf(wire.snapshotEncryptionKey),
  };
}
