import { randomUUID } from "node:crypto";
import type { Disk, VirtualMachine } from "@azure/arm-compute";
import { stoppedConsistency } from "../../domain/consistency.ts";
import type { BlockSource } from "../../transfer/ports.ts";
import { capabilities } from "../capabilities.ts";
import { conflict, notFound, type Subject, unsupported } from "../failures.ts";
import type { Baseline, RecoveryPoint, SourcePoint, SourcePointDisk } from "../provider.ts";
import { SnapshotSource } from "./block-source.ts";
import type { Azure } from "./client.ts";
import { digest } from "./names.ts";
import { writtenRanges } from "./page-ranges.ts";
import { type OurSnapshot, type Snapshots, toRecoveryPoint } from "./points.ts";
import { createdTags } from "./tags.ts";
import type { View } from "./view.ts";
import { type Device, devicesOf, powerStateOf, sizeOf } from "./vm.ts";

/** What page ranges are made of. */
const pageBytes = 512;
/** Newest first; more would only make plans longer. */
const mostBaselines = 5;

type Mode = SourcePoint["mode"];

/** Points of a VM's disks: an incremental snapshot of each. */
export class SourcePoints {
  readonly #azure: Azure;
  readonly #view: View;
  readonly #snapshots: Snapshots;
  readonly #open = new Map<string, BlockSource>();

  constructor(azure: Azure, parts: { view: View; snapshots: Snapshots }) {
    this.#azure = azure;
    this.#view = parts.view;
    this.#snapshots = parts.snapshots;
  }

  /** How much a disk holds is known of its snapshots only: up to then it may be all. */
  async inspect(vmId: string, signal: AbortSignal): Promise<SourcePointDisk[]> {
    const subject = this.#subject("inspect VM", vmId);
    const machine = await this.#view.machine(vmId, subject, signal);
    const all = await Array.fromAsync(this.#snapshots.list(subject, signal));
    return Promise.all(
      devicesOf(machine).map(async (device) => {
        const disk = await this.#disk(device, subject, signal);
        const sizeBytes = sizeOf(disk);
        const baselines = baselinesOf(disk.uniqueId, all, undefined).map(({ baseline }) => baseline);
        return { diskId: device.diskId, sizeBytes, allocatedBytes: sizeBytes, allocationUnknown: true, baselines };
      }),
    );
  }

  async create(input: { vmId: string; mode: Mode; key: string }, signal: AbortSignal): Promise<SourcePoint> {
    const { vmId, mode, key } = input;
    const subject = this.#subject("take a point of VM", vmId);
    const machine = await this.#view.machine(vmId, subject, signal);
    const devices = devicesOf(machine);
    const sourcePointId = `sp-${digest(this.#azure.site, machine.vmId ?? vmId, mode, key).slice(0, 24)}`;
    const held = await this.#of(sourcePointId, subject, signal);
    if (held.length < devices.length) {
      refuseState(machine, mode, subject);
      refuseManyMoments(mode, devices.length, subject);
    }
    const taken = await Promise.all(
      devices.map((device) => this.#take(device, { vmId, sourcePointId, mode, key }, subject, signal)),
    );
    const all = await Array.fromAsync(this.#snapshots.list(subject, signal));
    const disks = await Promise.all(taken.map((snapshot) => this.#toDisk(snapshot, all, subject, signal)));
    const takenAt = taken.map(({ startedAt }) => startedAt).toSorted()[0] ?? new Date(0).toISOString();
    const why = capabilities.azure["disks.application-consistent"];
    const consistency = mode === "stopped" ? stoppedConsistency : { level: "crash" as const, why };
    return { sourcePointId, vmId, mode, takenAt, consistency, disks };
  }

  /** Takes away what earlier attempts read by: all signed addresses of the snapshot. */
  async open(
    input: { sourcePointId: string; diskId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSource> {
    const { sourcePointId, diskId, attempt } = input;
    const subject = this.#subject("read source point", sourcePointId);
    const snapshot = await this.#held(sourcePointId, diskId, subject, signal);
    const { snapshotId } = snapshot;
    const newest = attemptOf(snapshot);
    if (newest > attempt) {
      const reason = `attempt ${newest} has taken over from attempt ${attempt}`;
      throw conflict(subject, reason, "Leave it to the newer attempt.");
    }
    const reader = `${attempt}-${randomUUID()}`;
    await this.#snapshots.note(snapshot, { reader }, subject, signal);
    await this.#snapshots.revoke(snapshotId, subject, signal);
    const all = await Array.fromAsync(this.#snapshots.list(subject, signal));
    const found = baselinesOf(snapshot.diskUniqueId, all, snapshot);
    const source = new SnapshotSource(this.#azure, {
      snapshot,
      snapshots: this.#snapshots,
      baselines: new Map(found.map(({ baseline, snapshotId: earlier }) => [baseline.baselineId, earlier])),
      isCurrent: async (current) => {
        const now = await this.#snapshots.find(snapshotId, subject, current);
        // An earlier attempt may have noted itself late: tags are changed without a look at what they were.
        return now !== undefined && (now.notes.reader === reader || attemptOf(now) < attempt);
      },
      subject,
    });
    const place = `${sourcePointId}/${diskId}`;
    await this.#open.get(place)?.close();
    this.#open.set(place, source);
    return source.open(signal);
  }

  async release(sourcePointId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("release source point", sourcePointId);
    for (const snapshot of await this.#of(sourcePointId, subject, signal)) {
      const { snapshotId, notes } = snapshot;
      const place = `${sourcePointId}/${notes.disk}`;
      await this.#open.get(place)?.close();
      this.#open.delete(place);
      await this.#snapshots.revoke(snapshotId, subject, signal);
      if (notes.point === undefined) await this.#snapshots.delete(snapshotId, subject, signal);
      else await this.#snapshots.note(snapshot, { released: "true" }, subject, signal);
    }
  }

  /** Its snapshot becomes a recovery point, and stays one when the VM is started: it is a copy of its own. */
  async adopt(input: { sourcePointId: string; diskId: string }, signal: AbortSignal): Promise<RecoveryPoint> {
    const { sourcePointId, diskId } = input;
    const subject = this.#subject("adopt disk", `${sourcePointId}/${diskId}`);
    const point = `ad-${digest(sourcePointId, diskId).slice(0, 24)}`;
    const known = await this.#snapshots.find(snapshotName(sourcePointId, diskId), subject, signal);
    if (known?.notes.point === point) return toRecoveryPoint(this.#azure.site, known);
    const snapshot = await this.#held(sourcePointId, diskId, subject, signal);
    await this.#snapshots.note(snapshot, { point }, subject, signal);
    return toRecoveryPoint(this.#azure.site, { ...snapshot, notes: { ...snapshot.notes, point } });
  }

  /** A point's snapshots that are held still. */
  async #of(sourcePointId: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot[]> {
    const all = await Array.fromAsync(this.#snapshots.list(subject, signal));
    return all.filter(({ notes }) => notes.sourcePoint === sourcePointId && notes.released === undefined);
  }

  async #held(sourcePointId: string, diskId: string, subject: Subject, signal: AbortSignal): Promise<OurSnapshot> {
    const snapshot = await this.#snapshots.find(snapshotName(sourcePointId, diskId), subject, signal);
    if (snapshot?.state === "completed" && snapshot.notes.released === undefined) return snapshot;
    throw notFound(subject, "there is no such point of the disk, or it was released");
  }

  async #take(
    device: Device,
    point: { vmId: string; sourcePointId: string; mode: Mode; key: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<OurSnapshot> {
    const { vmId, sourcePointId, mode, key } = point;
    return this.#snapshots.take(
      {
        name: snapshotName(sourcePointId, device.diskId),
        disk: await this.#disk(device, subject, signal),
        tags: createdTags({}, key),
        notes: { sourcePoint: sourcePointId, disk: device.diskId, vm: vmId, mode },
      },
      subject,
      signal,
    );
  }

  async #toDisk(
    snapshot: OurSnapshot,
    all: readonly OurSnapshot[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<SourcePointDisk> {
    return {
      diskId: snapshot.notes.disk ?? "",
      sizeBytes: snapshot.sizeBytes,
      allocatedBytes: await this.#allocatedBytes(snapshot, subject, signal),
      baselines: baselinesOf(snapshot.diskUniqueId, all, snapshot).map(({ baseline }) => baseline),
    };
  }

  async #allocatedBytes(snapshot: OurSnapshot, subject: Subject, signal: AbortSignal): Promise<number> {
    const address = await this.#snapshots.grant(snapshot.snapshotId, subject, signal);
    const ranges = writtenRanges(snapshot.sizeBytes, (offset, count) =>
      this.#azure.signed(address, subject, signal, (blob) =>
        blob.getPageRanges(offset, count, { abortSignal: signal }),
      ),
    );
    let bytes = 0;
    for await (const { offset, length } of ranges) bytes += Math.max(0, Math.min(length, snapshot.sizeBytes - offset));
    return bytes;
  }

  async #disk({ volumeId, diskId }: Device, subject: Subject, signal: AbortSignal): Promise<Disk> {
    const disk = volumeId === "" ? undefined : await this.#view.disk(volumeId, subject, signal);
    if (disk) return disk;
    throw unsupported(
      subject,
      `its disk ${diskId} is no managed disk of the site's resource group`,
      "Convert it to a managed disk, and move it into the resource group.",
    );
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#azure.resource("vm", id) };
  }
}

/** Snapshots that Azure can compare a disk's next one with: earlier ones of it that are kept, and what it was when it was made
 *  of a recovery point. Newest first. */
function baselinesOf(
  diskUniqueId: string | undefined,
  all: readonly OurSnapshot[],
  except: OurSnapshot | undefined,
): { baseline: Baseline; snapshotId: string }[] {
  return all
    .filter((other) => diskUniqueId !== undefined && other.diskUniqueId === diskUniqueId)
    .filter(({ state, notes }) => state === "completed" && (notes.disk ?? notes.baseline) !== undefined)
    .filter(({ notes }) => except === undefined || notes.sourcePoint !== except.notes.sourcePoint)
    .filter(({ startedAt }) => except === undefined || startedAt <= except.startedAt)
    .toSorted((a, b) => (a.startedAt > b.startedAt ? -1 : 1))
    .slice(0, mostBaselines)
    .map(({ notes, snapshotId }) => ({
      baseline: {
        baselineId: notes.baseline ?? `${notes.sourcePoint}/${notes.disk}`,
        tracking: "changed-blocks",
        granularityBytes: pageBytes,
      },
      snapshotId,
    }));
}

/** Of whoever reads the snapshot now; 0 when nobody did yet. */
function attemptOf({ notes }: OurSnapshot): number {
  return Number(notes.reader?.split("-", 1)[0] ?? 0);
}

function snapshotName(sourcePointId: string, diskId: string): string {
  return `novacron-${sourcePointId}-${diskId}`;
}

function refuseState({ instanceView }: VirtualMachine, mode: Mode, subject: Subject): void {
  const state = powerStateOf(instanceView);
  if (state === (mode === "stopped" ? "stopped" : "running")) return;
  throw conflict(
    subject,
    `it is ${state}`,
    mode === "stopped"
      ? "Stop the VM first, or take a frozen point."
      : "Start the VM, or take a point of the stopped VM.",
  );
}

/** Each snapshot shows a moment of its own: those of a machine that runs would not fit together. */
function refuseManyMoments(mode: Mode, disks: number, subject: Subject): void {
  if (mode === "stopped" || disks < 2) return;
  throw unsupported(
    subject,
    `Azure takes a snapshot of each of its ${disks} disks at a moment of its own while it runs`,
    "Stop the VM for its point: choose a cold migration.",
  );
}
