import { stoppedConsistency } from "../../domain/consistency.ts";
import { isProviderError } from "../../domain/errors.ts";
import type { BlockSource } from "../../transfer/ports.ts";
import { capabilities } from "../capabilities.ts";
import { conflict, notFound, type Subject, unsupported } from "../failures.ts";
import type { Helpers } from "../helpers.ts";
import type { Baseline, RecoveryPoint, SourcePoint, SourcePointDisk } from "../provider.ts";
import type { Gcp } from "./client.ts";
import { helperDevice, ofSnapshot } from "./helper-instances.ts";
import { byNote, createdTags, describe, seenOf, toLabels } from "./labels.ts";
import { digest } from "./names.ts";
import {
  adoptedPoint,
  type GcpSnapshot,
  pointSnapshot,
  type Snapshots,
  sourceSnapshot,
  toRecoveryPoint,
} from "./snapshots.ts";
import { attachedDisks, type Instance, instanceOf } from "./vm.ts";
import { type Disk, sizeOf, type Volumes } from "./volumes.ts";

const comparedBytes = 512 * 1024;
/** Newest first; more would only make plans longer. */
const mostBaselines = 5;

type Mode = SourcePoint["mode"];

/** Points of an instance's disks: a snapshot of each. Helper instances read disks made of those. */
export class SourcePoints {
  readonly #gcp: Gcp;
  readonly #snapshots: Snapshots;
  readonly #volumes: Volumes;
  readonly #helpers: Helpers;
  readonly #open = new Map<string, BlockSource>();

  constructor(gcp: Gcp, parts: { snapshots: Snapshots; volumes: Volumes; helpers: Helpers }) {
    this.#gcp = gcp;
    this.#snapshots = parts.snapshots;
    this.#volumes = parts.volumes;
    this.#helpers = parts.helpers;
  }

  /** How much a disk holds is known once it was read: up to then it may be all. */
  async inspect(vmId: string, signal: AbortSignal): Promise<SourcePointDisk[]> {
    const subject = this.#subject("inspect VM", vmId);
    const instance = await instanceOf(this.#gcp, vmId, subject, signal);
    return Promise.all(
      attachedDisks(instance).map(async ({ diskId, volumeId }) => {
        const disk = await this.#disk(volumeId, subject, signal);
        const sizeBytes = sizeOf(disk);
        const baselines = await this.#baselines(disk, undefined, subject, signal);
        return { diskId, sizeBytes, allocatedBytes: sizeBytes, allocationUnknown: true, baselines };
      }),
    );
  }

  async create(input: { vmId: string; mode: Mode; key: string }, signal: AbortSignal): Promise<SourcePoint> {
    const { vmId, mode, key } = input;
    const subject = this.#subject("take a point of VM", vmId);
    const sourcePointId = `sp-${digest(24, this.#gcp.site, vmId, mode, key)}`;
    const instance = await instanceOf(this.#gcp, vmId, subject, signal);
    const devices = attachedDisks(instance);
    const held = (await this.#of(sourcePointId, subject, signal)).filter(({ notes }) => notes.released === undefined);
    // Whoever began it may have been stopped between two disks; off, they have not changed since.
    if (held.length < devices.length) refuseState(instance, mode, devices.length, subject);
    const taken = await Promise.all(
      devices.map(async ({ diskId, volumeId }) => {
        const name = sourceSnapshot(sourcePointId, diskId);
        const labels = toLabels(createdTags({}, key), { role: "source-point", sourcePoint: sourcePointId });
        const description = describe({ key, disk: diskId, vm: vmId, mode });
        const snapshot = await this.#snapshots.take({ disk: volumeId, name, description, labels }, subject, signal);
        const { released, ...notes } = snapshot.notes;
        if (released !== undefined) await this.#snapshots.note(name, { released: undefined }, subject, signal);
        return { ...snapshot, notes };
      }),
    );
    if (mode === "stopped" && held.length < devices.length) await this.#refuseStarted(vmId, taken, subject, signal);
    const disks: SourcePointDisk[] = [];
    for (const snapshot of taken) disks.push(await this.#toDisk(snapshot, subject, signal));
    const takenAt = taken.map(({ createdAt }) => createdAt).toSorted()[0] ?? new Date(0).toISOString();
    const why = capabilities.gcp["disks.application-consistent"];
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
    const place = `${sourcePointId}/${diskId}`;
    await this.#open.get(place)?.close();
    this.#open.delete(place);
    const source = await this.#read(snapshot, signal);
    this.#open.set(place, source);
    return source;
  }

  async release(sourcePointId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("release source point", sourcePointId);
    for (const snapshot of await this.#of(sourcePointId, subject, signal)) {
      const place = `${sourcePointId}/${snapshot.described.disk}`;
      await this.#open.get(place)?.close();
      this.#open.delete(place);
      await this.#helpers.removeAll(ownerOf(snapshot), signal);
      await this.#free(snapshot, subject, signal);
    }
  }

  /** What was adopted stays, as a recovery point. */
  async #free({ name, notes }: GcpSnapshot, subject: Subject, signal: AbortSignal): Promise<void> {
    if (notes.adopted === undefined) await this.#snapshots.delete(name, subject, signal);
    else if (notes.released === undefined) await this.#snapshots.note(name, { released: "true" }, subject, signal);
  }

  /** Its disks may have changed between two snapshots, or within one. @throws Conflict, with none of them left. */
  async #refuseStarted(
    vmId: string,
    taken: readonly GcpSnapshot[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    const { status, lastStartTimestamp } = await instanceOf(this.#gcp, vmId, subject, signal);
    const startedAt = Date.parse(lastStartTimestamp ?? "");
    const isSince = taken.some(({ createdAt }) => startedAt > Date.parse(createdAt));
    if (status === "TERMINATED" && !isSince) return;
    for (const snapshot of taken) await this.#free(snapshot, subject, signal);
    throw conflict(subject, "it was started as the point was taken", "Stop the VM and try again.");
  }

  /** Its snapshot becomes a recovery point, and stays one when the VM is started: it is a copy of its own. */
  async adopt(input: { sourcePointId: string; diskId: string }, signal: AbortSignal): Promise<RecoveryPoint> {
    const { sourcePointId, diskId } = input;
    const subject = this.#subject("adopt disk", `${sourcePointId}/${diskId}`);
    const name = pointSnapshot(adoptedPoint(sourcePointId, diskId));
    const known = await this.#snapshots.byName(name, subject, signal);
    if (known?.notes.adopted === "true") return toRecoveryPoint(this.#gcp.site, known);
    const snapshot = await this.#held(sourcePointId, diskId, subject, signal);
    await this.#snapshots.note(snapshot.name, { adopted: "true" }, subject, signal);
    return toRecoveryPoint(this.#gcp.site, snapshot);
  }

  #of(sourcePointId: string, subject: Subject, signal: AbortSignal): Promise<GcpSnapshot[]> {
    return Array.fromAsync(this.#snapshots.list(byNote("sourcePoint", sourcePointId), subject, signal));
  }

  async #held(sourcePointId: string, diskId: string, subject: Subject, signal: AbortSignal): Promise<GcpSnapshot> {
    const snapshot = await this.#snapshots.byName(sourceSnapshot(sourcePointId, diskId), subject, signal);
    if (snapshot?.state === "completed" && snapshot.notes.released === undefined) return snapshot;
    throw notFound(subject, "there is no such point of the disk, or it was released");
  }

  #read(snapshot: GcpSnapshot, signal: AbortSignal): Promise<BlockSource> {
    const wanted = { owner: ownerOf(snapshot), diskId: ofSnapshot(snapshot), device: helperDevice };
    return this.#helpers.openSource(wanted, signal);
  }

  async #disk(volumeId: string, subject: Subject, signal: AbortSignal): Promise<Disk> {
    const disk = await this.#volumes.find(volumeId, subject, signal);
    if (disk) return disk;
    throw notFound(subject, `its disk ${volumeId} is gone`);
  }

  async #toDisk(snapshot: GcpSnapshot, subject: Subject, signal: AbortSignal): Promise<SourcePointDisk> {
    const { sizeBytes, diskName, described, notes } = snapshot;
    const disk = await this.#disk(diskName, subject, signal);
    const baselines = await this.#baselines(disk, snapshot, subject, signal);
    const allocatedBytes = Number(notes.allocated ?? (await this.#allocated(snapshot, subject, signal)));
    return { diskId: described.disk ?? diskName, sizeBytes, allocatedBytes, baselines };
  }

  /** Looked for beside the disk, once. */
  async #allocated(snapshot: GcpSnapshot, subject: Subject, signal: AbortSignal): Promise<number> {
    const source = await this.#read(snapshot, signal);
    let bytes = 0;
    try {
      for await (const { kind, length } of source.extents({ signal })) if (kind === "data") bytes += length;
    } finally {
      await source.close();
    }
    await this.#snapshots.note(snapshot.name, { allocated: String(bytes) }, subject, signal);
    return bytes;
  }

  /** What the disk's next point can be compared with: earlier ones that are held, and the recovery point that it was made
   *  from. Newest first. */
  async #baselines(
    disk: Disk,
    except: GcpSnapshot | undefined,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Baseline[]> {
    const number = String(disk.id ?? "");
    const all = await Array.fromAsync(this.#snapshots.list(byNote("role", "source-point"), subject, signal));
    const earlier = all
      .filter(({ diskNumber, state }) => diskNumber === number && state === "completed")
      .filter(({ notes }) => except === undefined || notes.sourcePoint !== except.notes.sourcePoint)
      .filter(({ createdAt }) => except === undefined || createdAt <= except.createdAt)
      .toSorted((a, b) => (a.createdAt > b.createdAt ? -1 : 1))
      .map(({ notes, described }) => `${notes.sourcePoint}/${described.disk}`);
    const made = await this.#madeFrom(disk, subject, signal);
    return [...earlier, ...(made === undefined ? [] : [made])].slice(0, mostBaselines).map((baselineId) => ({
      baselineId,
      tracking: "hash-compare",
      granularityBytes: comparedBytes,
    }));
  }

  async #madeFrom(disk: Disk, subject: Subject, signal: AbortSignal): Promise<string | undefined> {
    const { point } = seenOf(disk).described;
    if (point === undefined) return undefined;
    const snapshot = await this.#snapshots.byName(pointSnapshot(point), subject, signal).catch((error: unknown) => {
      if (isProviderError(error, "NotFound")) return undefined;
      throw error;
    });
    return snapshot?.number === (disk.sourceSnapshotId ?? "") ? point : undefined;
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#gcp.resource("vm", id) };
  }
}

function ownerOf({ name }: GcpSnapshot): string {
  return name.replace("novacron-", "");
}

function refuseState({ status }: Instance, mode: Mode, disks: number, subject: Subject): void {
  const wanted = mode === "stopped" ? "TERMINATED" : "RUNNING";
  if (status !== wanted) {
    const stop = "Stop the VM first, or take a frozen point.";
    const start = "Start the VM, or take a point of the stopped VM.";
    throw conflict(subject, `it is ${status}`, mode === "stopped" ? stop : start);
  }
  if (mode === "stopped" || disks === 1) return;
  throw unsupported(
    subject,
    `its ${disks} disks would be snapshotted one after the other, each at a moment of its own`,
    "Stop the VM and move it cold.",
  );
}
