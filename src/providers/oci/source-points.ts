import { stoppedConsistency } from "../../domain/consistency.ts";
import { tagKeys } from "../../domain/vm.ts";
import type { BlockSource } from "../../transfer/ports.ts";
import { capabilities } from "../capabilities.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import type { Baseline, RecoveryPoint, SourcePoint, SourcePointDisk } from "../provider.ts";
import type { Backups, OciBackup } from "./backups.ts";
import type { Oci } from "./client.ts";
import { backUpTogether } from "./group-backup.ts";
import { type Instance, stateOf } from "./models.ts";
import { type Points, pointIdOf, toRecoveryPoint } from "./points.ts";
import { ownerOf, type Readings } from "./readings.ts";
import { createdTags, token, toWire } from "./tags.ts";
import type { OciView } from "./view.ts";
import { disksOf, type InstanceDisk } from "./vm.ts";
import type { VolumeView } from "./volume-view.ts";

/** Newest first; more would only make plans longer. */
const mostBaselines = 5;
/** What is compared at a time: the manifest's leaf. */
const comparedBytes = 512 * 1024;

type Mode = SourcePoint["mode"];

interface Parts {
  readonly view: OciView;
  readonly volumeView: VolumeView;
  readonly backups: Backups;
  readonly points: Points;
  readonly readings: Readings;
}

/** Points of an instance's volumes: a backup of each. */
export class SourcePoints {
  readonly #oci: Oci;
  readonly #parts: Parts;

  constructor(oci: Oci, parts: Parts) {
    this.#oci = oci;
    this.#parts = parts;
  }

  /** How much of a volume is in use is not told: up to then it may be all. */
  async inspect(vmId: string, signal: AbortSignal): Promise<SourcePointDisk[]> {
    const subject = this.#subject("inspect VM", vmId);
    const instance = await this.#parts.view.instance(vmId, subject, signal);
    const found: SourcePointDisk[] = [];
    for (const { diskId, volumeId } of await this.#disks(instance, subject, signal)) {
      const volume = await this.#parts.volumeView.byId(volumeId, subject, signal);
      const sizeBytes = volume?.sizeBytes ?? 0;
      const baselines = await this.#baselines(volumeId, undefined, subject, signal);
      found.push({ diskId, sizeBytes, allocatedBytes: sizeBytes, allocationUnknown: true, baselines });
    }
    return found;
  }

  async create(input: { vmId: string; mode: Mode; key: string }, signal: AbortSignal): Promise<SourcePoint> {
    const { vmId, mode, key } = input;
    const subject = this.#subject("take a point of VM", vmId);
    const sourcePointId = `sp-${token(this.#oci.site, vmId, mode, key).slice(0, 24)}`;
    const instance = await this.#parts.view.instance(vmId, subject, signal);
    const disks = await this.#disks(instance, subject, signal);
    const held = (await this.#of(sourcePointId, subject, signal)).filter(({ notes }) => notes.released === undefined);
    const isWhole = disks.every(({ diskId }) => held.some(({ notes }) => notes.disk === diskId));
    let taken: ReadonlyMap<string, OciBackup> = new Map();
    if (!isWhole) {
      refuseState(instance, mode, subject);
      // What a running VM writes to its disks belongs together.
      if (mode === "frozen" && disks.length > 1)
        taken = await this.#takeTogether(instance, { sourcePointId, key }, disks, subject, signal);
    }
    const done = await Promise.all(
      disks.map(
        async ({ diskId, volumeId }) =>
          taken.get(diskId) ??
          this.#parts.backups.create(
            {
              volumeId,
              key: keyOf(sourcePointId, diskId),
              name: `novacron ${sourcePointId} ${diskId}`,
              tags: {},
              notes: { sourcePoint: sourcePointId, key, disk: diskId, mode },
            },
            subject,
            signal,
          ),
      ),
    );
    const found: SourcePointDisk[] = [];
    for (const backup of done) {
      const { sizeBytes, volumeId = "", notes } = backup;
      const baselines = await this.#baselines(volumeId, backup, subject, signal);
      const diskId = notes.disk ?? "";
      found.push({ diskId, sizeBytes, allocatedBytes: sizeBytes, allocationUnknown: true, baselines });
    }
    const takenAt = done.map(({ createdAt }) => createdAt).toSorted()[0] ?? new Date(0).toISOString();
    const why = capabilities.oci["disks.application-consistent"];
    const consistency = mode === "stopped" ? stoppedConsistency : { level: "crash" as const, why };
    return { sourcePointId, vmId, mode, takenAt, consistency, disks: found };
  }

  async open(
    input: { sourcePointId: string; diskId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSource> {
    const { sourcePointId, diskId } = input;
    const subject = this.#subject("read source point", sourcePointId);
    const backup = await this.#held(sourcePointId, diskId, subject, signal);
    const known = await this.#baselines(backup.volumeId ?? "", backup, subject, signal);
    const source = await this.#parts.readings.open({ backup }, ownerOf(sourcePointId, diskId), subject, signal);
    return comparing(source, new Set(known.map(({ baselineId }) => baselineId)), subject);
  }

  async release(sourcePointId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("release source point", sourcePointId);
    for (const backup of await this.#of(sourcePointId, subject, signal)) {
      const { backupId, notes, tags } = backup;
      if (notes.released !== undefined) continue;
      await this.#parts.readings.end(ownerOf(sourcePointId, notes.disk ?? ""), signal);
      if (notes.point === undefined) await this.#parts.backups.delete(backupId, subject, signal);
      else {
        const freeformTags = { ...backup.freeformTags, ...toWire(tags, { ...notes, released: "true" }) };
        await this.#parts.backups.setTags(backupId, freeformTags, subject, signal);
      }
    }
  }

  /** Its backup becomes a recovery point, and stays one when the VM is started: it is a copy of its own. */
  async adopt(input: { sourcePointId: string; diskId: string }, signal: AbortSignal): Promise<RecoveryPoint> {
    const { sourcePointId, diskId } = input;
    const subject = this.#subject("adopt disk", `${sourcePointId}/${diskId}`);
    const point = `ad-${token(sourcePointId, diskId).slice(0, 24)}`;
    const known = await this.#parts.points.lookUp(point, subject, signal);
    if (known) return toRecoveryPoint(this.#oci.site, known);
    const backup = await this.#held(sourcePointId, diskId, subject, signal);
    const notes = { ...backup.notes, point };
    const freeformTags = { ...backup.freeformTags, ...toWire(backup.tags, notes) };
    await this.#parts.backups.setTags(backup.backupId, freeformTags, subject, signal);
    return toRecoveryPoint(this.#oci.site, { ...backup, notes });
  }

  /** Each backup then says which disk it shows; until all do, a repeat goes on with the same ones. By disk. */
  async #takeTogether(
    instance: Instance,
    { sourcePointId, key }: { sourcePointId: string; key: string },
    disks: readonly InstanceDisk[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, OciBackup>> {
    const { backups } = this.#parts;
    const taken = new Map<string, OciBackup>();
    const volumeIds = disks.map(({ volumeId }) => volumeId);
    const { availabilityDomain } = instance;
    const input = { key: sourcePointId, availabilityDomain, volumeIds };
    for (const backupId of await backUpTogether(this.#oci, backups, input, subject, signal)) {
      const backup = await backups.completed(backupId, subject, signal);
      const diskId = disks.find(({ volumeId }) => volumeId === backup.volumeId)?.diskId;
      if (diskId === undefined)
        throw conflict(subject, `backup ${backupId} is of no disk of it`, "Take another point.");
      if (backup.notes.sourcePoint === sourcePointId) {
        // It may be a recovery point already.
        taken.set(diskId, backup);
        continue;
      }
      const notes = { sourcePoint: sourcePointId, key, disk: diskId, mode: "frozen" };
      const tags = createdTags({}, keyOf(sourcePointId, diskId));
      const freeformTags = toWire(tags, notes);
      await backups.setTags(backupId, freeformTags, subject, signal);
      taken.set(diskId, { ...backup, tags, notes, freeformTags });
    }
    return taken;
  }

  async #disks(instance: Instance, subject: Subject, signal: AbortSignal): Promise<InstanceDisk[]> {
    const { id: instanceId, availabilityDomain } = instance;
    const { view } = this.#parts;
    const boots = await view.bootAttachments({ instanceId, availabilityDomain }, subject, signal);
    return disksOf(boots, await view.dataAttachments({ instanceId }, subject, signal));
  }

  async #of(sourcePointId: string, subject: Subject, signal: AbortSignal): Promise<OciBackup[]> {
    const found: OciBackup[] = [];
    for await (const backup of this.#parts.backups.list(subject, signal)) {
      if (backup.notes.sourcePoint === sourcePointId) found.push(backup);
    }
    return found;
  }

  async #held(sourcePointId: string, diskId: string, subject: Subject, signal: AbortSignal): Promise<OciBackup> {
    const all = await this.#of(sourcePointId, subject, signal);
    const backup = all.find(({ notes }) => notes.disk === diskId && notes.released === undefined);
    if (backup?.state === "completed") return backup;
    throw notFound(subject, "there is no such point of the disk, or it was released");
  }

  /** What a state of the disk can be compared with: earlier points of it that are kept, and the recovery point that it was made
   *  of. Newest first. */
  async #baselines(
    volumeId: string,
    except: OciBackup | undefined,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<Baseline[]> {
    const volume = await this.#parts.volumeView.byId(volumeId, subject, signal);
    const earlier: OciBackup[] = [];
    let origin: OciBackup | undefined;
    for await (const backup of this.#parts.backups.list(subject, signal)) {
      if (backup.state !== "completed") continue;
      if (backup.backupId === volume?.sourceBackupId && backup.notes.point !== undefined) origin = backup;
      if (backup.volumeId !== volumeId || backup.notes.sourcePoint === undefined) continue;
      if (backup.notes.sourcePoint === except?.notes.sourcePoint) continue;
      if (except === undefined || backup.createdAt <= except.createdAt) earlier.push(backup);
    }
    const ids = [
      ...earlier
        .toSorted((a, b) => (a.createdAt > b.createdAt ? -1 : 1))
        .map(({ notes }) => `${notes.sourcePoint}/${notes.disk}`),
      ...(origin ? [pointIdOf(origin)] : []),
    ];
    return ids.slice(0, mostBaselines).map((baselineId) => ({
      baselineId,
      tracking: "hash-compare",
      granularityBytes: comparedBytes,
    }));
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#oci.resource("vm", id) };
  }
}

function keyOf(sourcePointId: string, diskId: string): string {
  return `${sourcePointId}/${diskId}`;
}

/** Oracle tells of no changes: whatever a known baseline held, all of the disk may differ. */
function comparing(source: BlockSource, known: ReadonlySet<string>, subject: Subject): BlockSource {
  return {
    ...source,
    async *extents({ sinceBaseline, signal }) {
      if (sinceBaseline !== undefined && !known.has(sinceBaseline)) {
        throw notFound(subject, `nothing is known of ${sinceBaseline}`);
      }
      yield* source.extents({ ...(signal && { signal }) });
    },
  };
}

function refuseState({ lifecycleState, freeformTags = {} }: Instance, mode: Mode, subject: Subject): void {
  const wanted = mode === "stopped" ? "STOPPED" : "RUNNING";
  if (stateOf({ lifecycleState }) === wanted) return;
  const fenced = freeformTags[tagKeys.fencedBy] === undefined ? "" : ", and fenced";
  throw conflict(
    subject,
    `it is ${stateOf({ lifecycleState }).toLowerCase()}${fenced}`,
    mode === "stopped"
      ? "Stop the VM first, or take a frozen point."
      : "Start the VM, or take a point of the stopped VM.",
  );
}
