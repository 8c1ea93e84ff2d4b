import type { Filter, Snapshot } from "@aws-sdk/client-ec2";
import { tagKeys } from "../../domain/vm.ts";
import type { Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { RecoveryPoint } from "../provider.ts";
import type { Aws } from "./client.ts";
import { type Ec2View, filterLists, goneIsUndefined } from "./describe.ts";
import { codeFailure } from "./errors.ts";
import { byNote, fromWire, type Notes, noteOf } from "./tags.ts";

const GiB = 2 ** 30;

/** A snapshot of ours, with what its tags say. */
export interface OurSnapshot {
  readonly snapshotId: string;
  readonly state: "pending" | "completed" | "error";
  readonly stateMessage: string;
  readonly volumeId: string;
  readonly sizeBytes: number;
  readonly startedAt: string;
  readonly encrypted: boolean;
  /** All blocks that were ever written to its volume; undefined where AWS does not say. */
  readonly fullBytes: number | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly notes: Notes;
}

/** Recovery points, generations and points of sources: all of them are snapshots, found by what is noted on them. */
export class Snapshots {
  readonly #aws: Aws;
  readonly #view: Ec2View;
  /** Where a point was seen last; looked at again before it is believed. */
  readonly #ids = new Map<string, string>();

  constructor(aws: Aws, view: Ec2View) {
    this.#aws = aws;
    this.#view = view;
  }

  async *list(filters: readonly Filter[], subject: Subject, signal: AbortSignal): AsyncGenerator<OurSnapshot> {
    for await (const snapshot of this.#view.snapshots(filters, subject, signal)) yield toOurs(snapshot);
  }

  /** The snapshot behind a recovery point's or a generation's id. */
  async ofPoint(pointId: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot | undefined> {
    const wanted = noteOf(pointId);
    const known = this.#ids.get(pointId);
    if (known !== undefined) {
      const seen = await this.byId(known, subject, signal);
      if (seen?.notes.point === wanted) return seen;
      this.#ids.delete(pointId);
    }
    for await (const snapshot of this.list([byNote("point", wanted)], subject, signal)) {
      this.#ids.set(pointId, snapshot.snapshotId);
      return snapshot;
    }
    return undefined;
  }

  async byId(snapshotId: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot | undefined> {
    const seen = await this.#view.snapshot(snapshotId, subject, signal);
    return seen && toOurs(seen);
  }

  /** Those that are gone are left out. */
  async byIds(snapshotIds: readonly string[], subject: Subject, signal: AbortSignal): Promise<OurSnapshot[]> {
    const found: OurSnapshot[] = [];
    for (const Values of filterLists(snapshotIds)) {
      found.push(...(await Array.fromAsync(this.list([{ Name: "snapshot-id", Values }], subject, signal))));
    }
    return found;
  }

  /** The snapshot once AWS shows it; undefined when it does not for long. */
  shown(snapshotId: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot | undefined> {
    return this.#view.shown(() => this.byId(snapshotId, subject, signal), signal);
  }

  /** @throws what AWS says of a snapshot that failed; NotFound when it is gone. */
  async completed(snapshotId: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot> {
    const done = await poll(
      async () => {
        const seen = await this.shown(snapshotId, subject, signal);
        if (!seen) throw codeFailure("InvalidSnapshot.NotFound", `${snapshotId} is gone`, subject);
        if (seen.state === "error") throw failed(seen, subject);
        return seen.state === "completed" ? seen : undefined;
      },
      this.#aws.patience,
      signal,
    );
    return done;
  }

  /** Returns once it is no longer shown. One that is gone is fine. */
  async delete(snapshotId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await this.#view.removed(
      () => this.#aws.ec2.send((sdk) => new sdk.DeleteSnapshotCommand({ SnapshotId: snapshotId }), subject, signal),
      async () => (await this.byId(snapshotId, subject, signal)) !== undefined,
      subject,
      signal,
    );
  }

  /** As {@link delete} for each of them, looking at all of them at once. */
  async deleteAll(snapshotIds: readonly string[], subject: Subject, signal: AbortSignal): Promise<void> {
    const accepted = new Set<string>();
    const asked = await Promise.allSettled(
      snapshotIds.map(async (snapshotId) => {
        const sent = this.#aws.ec2.send(
          (sdk) => new sdk.DeleteSnapshotCommand({ SnapshotId: snapshotId }),
          subject,
          signal,
        );
        if (await goneIsUndefined(sent.then(() => true))) accepted.add(snapshotId);
      }),
    );
    const shown = async () => (await this.byIds(snapshotIds, subject, signal)).map(({ snapshotId }) => snapshotId);
    await this.#view.shown(async () => ((await shown()).some((id) => accepted.has(id)) ? undefined : true), signal);
    const failed = asked.find((each) => each.status === "rejected");
    if (failed) throw failed.reason;
    // It is shown, and was not known when it was to be removed.
    if (accepted.size === snapshotIds.length) return;
    for (const id of await shown()) if (!accepted.has(id)) await this.delete(id, subject, signal);
  }

  async note(
    snapshotIds: readonly string[],
    notes: readonly { Key: string; Value: string }[],
    subject: Subject,
    signal: AbortSignal,
  ) {
    for (const Resources of filterLists(snapshotIds)) {
      await this.#aws.ec2.send((sdk) => new sdk.CreateTagsCommand({ Resources, Tags: [...notes] }), subject, signal);
    }
  }
}

/** The port's id of a recovery point or generation. */
export function pointIdOf({ notes, tags }: OurSnapshot): string {
  // An adopted one was made under another key.
  return (notes.sourcePoint === undefined ? tags[tagKeys.key] : notes.point) ?? "";
}

export function toRecoveryPoint(site: string, snapshot: OurSnapshot): RecoveryPoint {
  const { sizeBytes, startedAt, notes } = snapshot;
  const kind = notes.sourcePoint === undefined ? "sealed" : "adopted";
  return { pointId: pointIdOf(snapshot), site, sizeBytes, createdAt: startedAt, kind };
}

export function failed({ snapshotId, stateMessage }: OurSnapshot, subject: Subject) {
  return codeFailure("SnapshotFailed", `snapshot ${snapshotId} failed: ${stateMessage || "no reason given"}`, subject);
}

function toOurs(snapshot: Snapshot): OurSnapshot {
  const { tags, notes } = fromWire(snapshot.Tags);
  const state = snapshot.State;
  return {
    snapshotId: snapshot.SnapshotId ?? "",
    // In the recycle bin or the archive it can't be used, as if it had failed.
    state: state === "pending" || state === "completed" ? state : "error",
    stateMessage: snapshot.StateMessage ?? (state === "error" ? "" : `it is ${state}`),
    volumeId: snapshot.VolumeId ?? "",
    sizeBytes: (snapshot.VolumeSize ?? 0) * GiB,
    startedAt: (snapshot.StartTime ?? new Date(0)).toISOString(),
    encrypted: snapshot.Encrypted ?? false,
    fullBytes: snapshot.FullSnapshotSizeInBytes,
    tags,
    notes,
  };
}
