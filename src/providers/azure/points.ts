import type { Disk, Snapshot } from "@azure/arm-compute";
import { isProviderError } from "../../domain/errors.ts";
import type { Tags } from "../../domain/tags.ts";
import { conflict, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { RecoveryPoint } from "../provider.ts";
import type { Azure } from "./client.ts";
import { goneIsUndefined } from "./errors.ts";
import { nameFor, parseId } from "./names.ts";
import { createdTags, fromWire, type Notes, toWire } from "./tags.ts";
import type { View } from "./view.ts";
import { sizeOf } from "./vm.ts";

/** A snapshot of a managed disk of ours, with what its tags say. */
export interface OurSnapshot {
  readonly snapshotId: string;
  readonly resourceId: string;
  readonly state: "pending" | "completed" | "failed";
  readonly sizeBytes: number;
  readonly startedAt: string;
  /** Of its disk: a disk's name may be used again, its unique id never. */
  readonly diskName: string;
  readonly diskUniqueId: string | undefined;
  readonly tags: Tags;
  readonly notes: Notes;
}

/** Snapshots of managed disks: points of sources, adopted ones, and what later ones are compared with. All are incremental:
 *  only those can be compared. */
export class Snapshots {
  readonly #azure: Azure;
  readonly #view: View;

  constructor(azure: Azure, view: View) {
    this.#azure = azure;
    this.#view = view;
  }

  async *list(subject: Subject, signal: AbortSignal): AsyncGenerator<OurSnapshot> {
    for await (const snapshot of this.#view.snapshots(subject, signal)) yield toOurs(snapshot);
  }

  async find(name: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot | undefined> {
    const seen = await this.#view.snapshot(name, subject, signal);
    return seen && toOurs(seen);
  }

  /** Takes one of that name, once, and returns when it can be read. */
  async take(
    input: { name: string; disk: Disk; tags: Tags; notes?: Notes },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<OurSnapshot> {
    const { name, disk, tags, notes } = input;
    const known = await this.find(name, subject, signal);
    if (!known) {
      const wanted: Snapshot = {
        location: this.#azure.entry.region,
        tags: toWire(tags, notes),
        incremental: true,
        creationData: { createOption: "Copy", sourceResourceId: disk.id ?? "" },
      };
      await this.#azure
        .compute(subject, signal, (client, { group, options }) =>
          client.snapshots.createOrUpdate(group, name, wanted, options),
        )
        .catch((error: unknown) => {
          // Another call with the same key may have been quicker.
          if (!isProviderError(error, "Conflict")) throw error;
        });
    }
    return this.completed(name, subject, signal);
  }

  /** Some disks' snapshots are copied in the background: they can be read when all of it is there. */
  async completed(name: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot> {
    return poll(
      async () => {
        const seen = await this.find(name, subject, signal);
        if (!seen || seen.state === "failed") {
          throw conflict(subject, `Azure could not take snapshot ${name}`, "Take another one.");
        }
        return seen.state === "completed" ? seen : undefined;
      },
      this.#azure.patience,
      signal,
    );
  }

  /** Azure keeps one that somebody may still read: its addresses are taken away first. */
  async delete(name: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const remove = () =>
      goneIsUndefined(
        this.#azure.compute(subject, signal, (client, { group, options }) =>
          client.snapshots.delete(group, name, options),
        ),
      );
    await remove().catch(async (error: unknown) => {
      if (!isProviderError(error, "Conflict")) throw error;
      await this.revoke(name, subject, signal);
      await remove();
    });
  }

  /** Changes what is noted on it; `undefined` takes a note off. */
  async note(snapshot: OurSnapshot, notes: Notes, subject: Subject, signal: AbortSignal): Promise<void> {
    const all = toWire(snapshot.tags, { ...snapshot.notes, ...notes });
    await this.#azure.compute(subject, signal, (client, { group, options }) =>
      client.snapshots.update(group, snapshot.snapshotId, { tags: all }, options),
    );
  }

  /** A signed address that it can be read at, for a while. */
  async grant(name: string, subject: Subject, signal: AbortSignal): Promise<string> {
    const durationInSeconds = this.#azure.patience.signedSeconds;
    const { accessSAS } = await this.#azure.compute(subject, signal, (client, { group, options }) =>
      client.snapshots.grantAccess(group, name, { access: "Read", durationInSeconds }, options),
    );
    if (accessSAS !== undefined) return accessSAS;
    throw conflict(subject, `Azure gives no address to read ${name} at`, "Look at the snapshot's network access.");
  }

  /** Takes all its signed addresses away. */
  async revoke(name: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await goneIsUndefined(
      this.#azure.compute(subject, signal, (client, { group, options }) =>
        client.snapshots.revokeAccess(group, name, options),
      ),
    );
  }

  /** What a disk was when it was made of a recovery point, so that its changes since can be told. */
  takeBaseline(disk: Disk, pointId: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot> {
    const name = baselineName(this.#azure.site, disk);
    const tags = createdTags({}, name);
    return this.take({ name, disk, tags, notes: { purpose: "baseline", baseline: pointId } }, subject, signal);
  }

  baselineOf(disk: Disk, subject: Subject, signal: AbortSignal): Promise<OurSnapshot | undefined> {
    return this.find(baselineName(this.#azure.site, disk), subject, signal);
  }
}

export function toRecoveryPoint(site: string, snapshot: OurSnapshot): RecoveryPoint {
  const { sizeBytes, startedAt, notes } = snapshot;
  return { pointId: notes.point ?? "", site, sizeBytes, createdAt: startedAt, kind: "adopted" };
}

function baselineName(site: string, disk: Disk): string {
  return nameFor("baseline", site, disk.uniqueId ?? disk.name ?? "");
}

function toOurs(snapshot: Snapshot): OurSnapshot {
  const { name = "", id = "", provisioningState, completionPercent = 100, creationData, timeCreated } = snapshot;
  const { tags, notes } = fromWire(snapshot.tags);
  return {
    snapshotId: name,
    resourceId: id,
    state: stateOf(provisioningState, completionPercent),
    sizeBytes: sizeOf(snapshot),
    startedAt: (timeCreated ?? new Date(0)).toISOString(),
    diskName: parseId(creationData?.sourceResourceId).name,
    diskUniqueId: creationData?.sourceUniqueId,
    tags,
    notes,
  };
}

function stateOf(provisioning: string | undefined, percent: number): OurSnapshot["state"] {
  if (provisioning === "Failed") return "failed";
  return provisioning === "Creating" || percent < 100 ? "pending" : "completed";
}
