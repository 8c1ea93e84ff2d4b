import { randomUUID } from "node:crypto";
import type { Instance, Volume } from "@aws-sdk/client-ec2";
import { stoppedConsistency } from "../../domain/consistency.ts";
import type { BlockSource } from "../../transfer/ports.ts";
import { capabilities } from "../capabilities.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import type { Baseline, RecoveryPoint, SourcePoint, SourcePointDisk } from "../provider.ts";
import { BlockLists } from "./block-lists.ts";
import { SnapshotSource } from "./block-source.ts";
import type { Aws } from "./client.ts";
import type { Ec2View } from "./describe.ts";
import { type OurSnapshot, pointIdOf, type Snapshots, toRecoveryPoint } from "./points.ts";
import { byNote, createdTags, noteKeys, tagSpecification, token } from "./tags.ts";
import { devicesOf } from "./vm.ts";

const GiB = 2 ** 30;
const blockBytes = 512 * 1024;
/** Newest first; more would only make plans longer. */
const mostBaselines = 5;

type Mode = SourcePoint["mode"];

/** Points of an instance's volumes: snapshots that were taken in one call, so that all disks show one moment. */
export class SourcePoints {
  readonly #aws: Aws;
  readonly #view: Ec2View;
  readonly #snapshots: Snapshots;
  readonly #open = new Map<string, BlockSource>();

  constructor(aws: Aws, parts: { view: Ec2View; snapshots: Snapshots }) {
    this.#aws = aws;
    this.#view = parts.view;
    this.#snapshots = parts.snapshots;
  }

  /** How much a volume holds is known of its snapshots only: up to then it may be all. */
  async inspect(vmId: string, signal: AbortSignal): Promise<SourcePointDisk[]> {
    const subject = this.#subject("inspect VM", vmId);
    const instance = await this.#view.instance(vmId, subject, signal);
    const devices = devicesOf(instance);
    const ids = devices.map(({ volumeId }) => volumeId);
    const volumes = await this.#view.volumesById(ids, subject, signal);
    return Promise.all(
      devices.map(async ({ diskId, volumeId }) => {
        const volume = volumes.get(volumeId);
        const sizeBytes = (volume?.Size ?? 0) * GiB;
        const baselines = await this.#baselines(volumeId, volume, undefined, subject, signal);
        return {
          diskId,
          sizeBytes,
          allocatedBytes: sizeBytes,
          allocationUnknown: true,
          baselines: baselines.map(({ baseline }) => baseline),
        };
      }),
    );
  }

  async create(input: { vmId: string; mode: Mode; key: string }, signal: AbortSignal): Promise<SourcePoint> {
    const { vmId, mode, key } = input;
    const subject = this.#subject("take a point of VM", vmId);
    const sourcePointId = `sp-${token(this.#aws.site, vmId, mode, key).slice(0, 24)}`;
    const held = (await this.#of(sourcePointId, subject, signal)).filter(({ notes }) => notes.released === undefined);
    if (held.length === 0) {
      const instance = await this.#view.instance(vmId, subject, signal);
      refuseState(instance, mode, subject);
      await this.#take(instance, { sourcePointId, mode, key }, subject, signal);
    }
    const kept = await this.#settle(vmId, sourcePointId, subject, signal);
    const done = await Promise.all(
      kept.map(({ snapshotId }) => this.#snapshots.completed(snapshotId, subject, signal)),
    );
    const instance = await this.#view.instance(vmId, subject, signal);
    const place = new Map(devicesOf(instance).map(({ diskId }, index) => [diskId, index]));
    const ordered = done.toSorted(
      (a, b) => (place.get(a.notes.disk ?? "") ?? 0) - (place.get(b.notes.disk ?? "") ?? 0),
    );
    const disks = await Promise.all(ordered.map((snapshot) => this.#toDisk(snapshot, subject, signal)));
    const takenAt = done.map(({ startedAt }) => startedAt).toSorted()[0] ?? new Date(0).toISOString();
    const why = capabilities.aws["disks.application-consistent"];
    const consistency = mode === "stopped" ? stoppedConsistency : { level: "crash" as const, why };
    return { sourcePointId, vmId, mode, takenAt, consistency, disks };
  }

  async open(
    input: { sourcePointId: string; diskId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSource> {
    const { sourcePointId, diskId } = input;
    const subject = this.#subject("read source point", sourcePointId);
    const snapshot = await this.#held(sourcePointId, diskId, subject, signal);
    const { snapshotId, sizeBytes, volumeId } = snapshot;
    const volume = await this.#view.volume(volumeId, subject, signal);
    const found = await this.#baselines(volumeId, volume, snapshot, subject, signal);
    const baselines = new Map(found.map(({ baseline, snapshotId: first }) => [baseline.baselineId, first]));
    const source = new SnapshotSource(this.#aws, { snapshotId, sizeBytes, baselines, subject });
    const place = `${sourcePointId}/${diskId}`;
    await this.#open.get(place)?.close();
    this.#open.set(place, source);
    return source;
  }

  async release(sourcePointId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("release source point", sourcePointId);
    for (const { snapshotId, notes } of await this.#of(sourcePointId, subject, signal)) {
      const place = `${sourcePointId}/${notes.disk}`;
      await this.#open.get(place)?.close();
      this.#open.delete(place);
      if (notes.point === undefined) await this.#snapshots.delete(snapshotId, subject, signal);
      else if (notes.released === undefined) {
        await this.#snapshots.note(snapshotId, [{ Key: noteKeys.released, Value: "true" }], subject, signal);
      }
    }
  }

  /** Its snapshot becomes a recovery point, and stays one when the VM is started: it is a copy of its own. */
  async adopt(input: { sourcePointId: string; diskId: string }, signal: AbortSignal): Promise<RecoveryPoint> {
    const { sourcePointId, diskId } = input;
    const subject = this.#subject("adopt disk", `${sourcePointId}/${diskId}`);
    const point = `ad-${token(sourcePointId, diskId).slice(0, 24)}`;
    const known = await this.#snapshots.ofPoint(point, subject, signal);
    if (known) return toRecoveryPoint(this.#aws.site, known);
    const snapshot = await this.#held(sourcePointId, diskId, subject, signal);
    await this.#snapshots.note(snapshot.snapshotId, [{ Key: noteKeys.point, Value: point }], subject, signal);
    return toRecoveryPoint(this.#aws.site, { ...snapshot, notes: { ...snapshot.notes, point } });
  }

  /** All snapshots of a point, also of calls whose answer was lost. */
  #of(sourcePointId: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot[]> {
    return Array.fromAsync(this.#snapshots.list([byNote("sourcePoint", sourcePointId)], subject, signal));
  }

  async #held(sourcePointId: string, diskId: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot> {
    const all = await this.#of(sourcePointId, subject, signal);
    const snapshot = all.find(({ notes }) => notes.disk === diskId && notes.released === undefined);
    if (snapshot?.state === "completed") return snapshot;
    throw notFound(subject, "there is no such point of the disk, or it was released");
  }

  /** Has no client token: what it makes carries a mark of the call, so that a repeat finds it. */
  async #take(
    instance: Instance,
    point: { sourcePointId: string; mode: Mode; key: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    const { sourcePointId, mode, key } = point;
    const InstanceId = instance.InstanceId ?? "";
    const notes = { sourcePoint: sourcePointId, mode, set: randomUUID(), name: `${subject.resource} (novacron)` };
    await this.#aws.ec2.send(
      (sdk) =>
        new sdk.CreateSnapshotsCommand({
          InstanceSpecification: { InstanceId, ExcludeBootVolume: false },
          Description: `novacron source point ${sourcePointId}`,
          TagSpecifications: [tagSpecification("snapshot", createdTags({}, key), notes)],
        }),
      subject,
      signal,
    );
  }

  /** Of the calls that made this point, the first complete one counts; what others left is deleted. Each snapshot then says
   *  which disk it shows. */
  async #settle(vmId: string, sourcePointId: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot[]> {
    const instance = await this.#view.instance(vmId, subject, signal);
    const disks = new Map(devicesOf(instance).map(({ volumeId, diskId }) => [volumeId, diskId]));
    const chosen = await this.#view.shown(async () => {
      const sets = Map.groupBy(await this.#of(sourcePointId, subject, signal), ({ notes }) => notes.set ?? "");
      const whole = [...sets.values()].filter((set) => set.length >= disks.size);
      const first = whole.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))[0];
      return first && { first, others: [...sets.values()].filter((set) => set !== first).flat() };
    }, signal);
    if (!chosen) {
      throw conflict(
        subject,
        `its point has not one snapshot for each of its ${disks.size} volumes`,
        "Release the point and take another; volumes may have been attached or detached meanwhile.",
      );
    }
    for (const { snapshotId } of chosen.others) await this.#snapshots.delete(snapshotId, subject, signal);
    return Promise.all(
      chosen.first.map(async (snapshot) => {
        const disk = snapshot.notes.disk ?? disks.get(snapshot.volumeId) ?? snapshot.volumeId;
        if (snapshot.notes.disk === undefined) {
          await this.#snapshots.note(snapshot.snapshotId, [{ Key: noteKeys.disk, Value: disk }], subject, signal);
          await this.#view.shown(async () => {
            const seen = await this.#snapshots.byId(snapshot.snapshotId, subject, signal);
            return seen?.notes.disk === disk || undefined;
          }, signal);
        }
        return { ...snapshot, notes: { ...snapshot.notes, disk } };
      }),
    );
  }

  async #toDisk(snapshot: OurSnapshot, subject: Subject, signal: AbortSignal): Promise<SourcePointDisk> {
    const { snapshotId, sizeBytes, volumeId, fullBytes, notes } = snapshot;
    const volume = await this.#view.volume(volumeId, subject, signal);
    const baselines = await this.#baselines(volumeId, volume, snapshot, subject, signal);
    return {
      diskId: notes.disk ?? volumeId,
      sizeBytes,
      allocatedBytes: fullBytes ?? (await this.#allocatedBytes(snapshotId, subject, signal)),
      baselines: baselines.map(({ baseline }) => baseline),
    };
  }

  async #allocatedBytes(snapshotId: string, subject: Subject, signal: AbortSignal): Promise<number> {
    let bytes = 0;
    for await (const { index } of new BlockLists(this.#aws, snapshotId, subject).allocated(signal)) {
      if (index >= 0) bytes += blockBytes;
    }
    return bytes;
  }

  /** Snapshots that AWS can compare a volume's next one with: earlier ones of it that are kept, and the recovery point it
   *  was made from. Newest first. */
  async #baselines(
    volumeId: string,
    volume: Volume | undefined,
    except: OurSnapshot | undefined,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<{ baseline: Baseline; snapshotId: string }[]> {
    const filters = [
      { Name: "volume-id", Values: [volumeId] },
      { Name: "status", Values: ["completed"] },
      { Name: "tag-key", Values: [noteKeys.disk] },
    ];
    const earlier = (await Array.fromAsync(this.#snapshots.list(filters, subject, signal)))
      .filter(({ notes }) => except === undefined || notes.sourcePoint !== except.notes.sourcePoint)
      .filter(({ startedAt }) => except === undefined || startedAt <= except.startedAt)
      .toSorted((a, b) => (a.startedAt > b.startedAt ? -1 : 1))
      .map(({ notes, snapshotId }) => ({ baselineId: `${notes.sourcePoint}/${notes.disk}`, snapshotId }));
    const origin = volume?.SnapshotId ? await this.#snapshots.byId(volume.SnapshotId, subject, signal) : undefined;
    const made =
      origin?.notes.point === undefined || origin.state !== "completed"
        ? []
        : [{ baselineId: pointIdOf(origin), snapshotId: origin.snapshotId }];
    return [...earlier, ...made].slice(0, mostBaselines).map(({ baselineId, snapshotId }) => ({
      baseline: { baselineId, tracking: "changed-blocks", granularityBytes: blockBytes },
      snapshotId,
    }));
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#aws.resource("vm", id) };
  }
}

function refuseState({ State }: Instance, mode: Mode, subject: Subject): void {
  const wanted = mode === "stopped" ? "stopped" : "running";
  if (State?.Name === wanted) return;
  throw conflict(
    subject,
    `it is ${State?.Name}`,
    mode === "stopped"
      ? "Stop the VM first, or take a frozen point."
      : "Start the VM, or take a point of the stopped VM.",
  );
}

/** The order of calls, the same for whoever looks. */
function orderOf(set: readonly OurSnapshot[]): string {
  const started = set.map(({ startedAt }) => startedAt).toSorted()[0] ?? "";
  return `${started} ${set[0]?.notes.set}`;
}
