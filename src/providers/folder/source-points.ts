import { rm } from "node:fs/promises";
import { stoppedConsistency } from "../../domain/consistency.ts";
import { capabilities } from "../capabilities.ts";
import { conflict, notFound, type Subject, unsupported } from "../failures.ts";
import type { Baseline, SourcePoint, SourcePointDisk } from "../provider.ts";
import { readJson, writeJson } from "../record-files.ts";
import { checkId, type Folder, idOf } from "./folder.ts";
import type { AdoptedRecord } from "./points.ts";
import type { RangeMap } from "./ranges.ts";
import { BlockLog, type DiskState, diskState, isSame, settledState } from "./raw-disk.ts";
import { rawView, ViewSource } from "./view.ts";
import type { VmRecord, VmRecords } from "./vm-records.ts";
import type { Volumes } from "./volumes.ts";

interface PointDisk extends SourcePointDisk {
  readonly file: string;
  readonly state: DiskState;
}

interface PointRecord extends SourcePoint {
  readonly key: string;
  readonly disks: readonly PointDisk[];
}

/** Kept after a source point's end: how it saw its disks. */
interface TrackingRecord {
  readonly sourcePointId: string;
  readonly takenAt: string;
  readonly disks: readonly { readonly diskId: string; readonly file: string; readonly stamp: string }[];
}

/** Source points that a disk can be compared with. */
const keptPoints = 3;
const granularityBytes = 512;
const comparedBytes = 512 * 1024;

/** Points of stopped VMs' disks: a file with the times it had. */
export class SourcePoints {
  readonly #folder: Folder;
  readonly #vms: VmRecords;
  readonly #volumes: Volumes;
  readonly #open = new Map<string, Set<{ readonly attempt: number; close(): Promise<void> }>>();

  constructor(folder: Folder, vms: VmRecords, volumes: Volumes) {
    this.#folder = folder;
    this.#vms = vms;
    this.#volumes = volumes;
  }

  async inspect(vmId: string, signal: AbortSignal): Promise<SourcePointDisk[]> {
    const disks = await this.#look(vmId, await this.#vms.get(vmId), undefined, signal);
    return disks.map(plain);
  }

  async create(
    input: { vmId: string; mode: SourcePoint["mode"]; key: string },
    signal: AbortSignal,
  ): Promise<SourcePoint> {
    const { vmId, mode, key } = input;
    const vm = await this.#vms.get(vmId);
    if (mode === "frozen") {
      const subject = this.#folder.subject("take a point of VM", "vm", vmId);
      throw unsupported(subject, capabilities.folder["disks.source-frozen"], "Take a point of the stopped VM.");
    }
    const sourcePointId = idOf("sp", vmId, key);
    const known = await this.#find(sourcePointId);
    if (known) return publicPoint(known);
    const disks = await this.#look(vmId, vm, sourcePointId, signal);
    const takenAt = new Date().toISOString();
    const tracking = disks.map(({ diskId, file, state }) => ({ diskId, file, stamp: state.stamp }));
    await writeJson(this.#folder.path("tracking", `${sourcePointId}.json`), {
      sourcePointId,
      takenAt,
      disks: tracking,
    });
    await this.#dropOldTracking();
    const consistency = stoppedConsistency;
    const record: PointRecord = { sourcePointId, vmId, mode, takenAt, consistency, key, disks };
    await writeJson(this.#folder.path("points", `${sourcePointId}.json`), record);
    return publicPoint(record);
  }

  async open(input: { sourcePointId: string; diskId: string; attempt: number }): Promise<ViewSource> {
    const { sourcePointId, diskId, attempt } = input;
    const subject = this.#folder.subject("open source disk", "source-point", `${sourcePointId}/${diskId}`);
    const disk = await this.#disk(sourcePointId, diskId, subject);
    const path = this.#folder.absolute(disk.file);
    const log = await BlockLog.read(path);
    const records = await this.#tracking();
    const changes = new Map<string, RangeMap>();
    for (const { baselineId, tracking } of disk.baselines) {
      const since = await this.#stampOf(baselineId, disk, records);
      const ranges =
        tracking === "changed-blocks" && since !== undefined ? log.changes(disk.state.stamp, since) : undefined;
      if (ranges) changes.set(baselineId, ranges);
    }
    const id = `${sourcePointId}/${diskId}`;
    await this.#closeOpen((key, other) => key === id && other.attempt <= attempt);
    const opened = this.#open.get(id) ?? new Set();
    this.#open.set(id, opened);
    const source: ViewSource = new ViewSource(rawView(path, disk.state, log.allocation(disk.state.stamp)), subject, {
      changes,
      onClose: () => opened.delete(entry),
    });
    const entry = { attempt, close: () => source.close() };
    opened.add(entry);
    return source;
  }

  /** What an adopted point of the disk is to hold; looked at as it is now. */
  async adoptable(input: { sourcePointId: string; diskId: string }): Promise<Omit<AdoptedRecord, "tags">> {
    const { sourcePointId, diskId } = input;
    const subject = this.#folder.subject("adopt a disk", "source-point", `${sourcePointId}/${diskId}`);
    const { file, state } = await this.#disk(sourcePointId, diskId, subject);
    const { takenAt } = await this.#get(sourcePointId);
    return { pointId: `${sourcePointId}.${diskId}`, file, state, createdAt: takenAt };
  }

  async release(sourcePointId: string): Promise<void> {
    await this.#closeOpen((key) => key.startsWith(`${sourcePointId}/`));
    await rm(this.#folder.path("points", `${checkId(sourcePointId)}.json`), { force: true });
  }

  async list(): Promise<readonly { sourcePointId: string; key: string; vmId: string }[]> {
    return this.#folder.records<PointRecord>("points");
  }

  async close(): Promise<void> {
    await this.#closeOpen(() => true);
  }

  async #look(vmId: string, vm: VmRecord, except: string | undefined, signal: AbortSignal): Promise<PointDisk[]> {
    const subject = this.#folder.subject("look at the disks of VM", "vm", vmId);
    const records = (await this.#tracking()).filter(({ sourcePointId }) => sourcePointId !== except);
    return Promise.all(
      vm.disks.map(async ({ id: diskId, file }) => {
        const path = this.#folder.absolute(file);
        const state = await settledState(path, subject, signal);
        const log = await BlockLog.read(path);
        const allocatedBytes = log.allocation(state.stamp)?.bytes ?? state.storedBytes;
        const name = this.#folder.named(path);
        const baselines = await this.#baselines(path, state, log, records);
        return { diskId, sizeBytes: state.sizeBytes, allocatedBytes, baselines, file: name, state };
      }),
    );
  }

  /** Newest first; what the log can tell before what has to be compared. */
  async #baselines(
    path: string,
    state: DiskState,
    log: BlockLog,
    records: readonly TrackingRecord[],
  ): Promise<Baseline[]> {
    const name = this.#folder.named(path);
    const ids = records
      .toReversed()
      .flatMap(({ sourcePointId, disks }) =>
        disks.filter(({ file }) => file === name).map(({ diskId }) => `${sourcePointId}/${diskId}`),
      )
      .slice(0, keptPoints);
    const volumeId = this.#volumes.idOfPath(path);
    const madeFrom = volumeId === undefined ? undefined : (await this.#volumes.get(volumeId))?.pointId;
    if (madeFrom !== undefined) ids.push(madeFrom);
    const told: Baseline[] = [];
    const compared: Baseline[] = [];
    for (const baselineId of ids) {
      const since = await this.#stampOf(baselineId, { file: name }, records);
      const changes = since === undefined ? undefined : log.changes(state.stamp, since);
      if (changes) told.push({ baselineId, tracking: "changed-blocks", granularityBytes, changedBytes: changes.bytes });
      else compared.push({ baselineId, tracking: "hash-compare", granularityBytes: comparedBytes });
    }
    return [...told, ...compared];
  }

  /** The disk's stamp when it was that baseline. */
  async #stampOf(
    baselineId: string,
    disk: { readonly file: string },
    records: readonly TrackingRecord[],
  ): Promise<string | undefined> {
    const [sourcePointId, diskId] = baselineId.split("/");
    if (diskId === undefined) return (await BlockLog.read(this.#folder.absolute(disk.file))).madeWith;
    const record = records.find((candidate) => candidate.sourcePointId === sourcePointId);
    return record?.disks.find((candidate) => candidate.diskId === diskId && candidate.file === disk.file)?.stamp;
  }

  async #disk(sourcePointId: string, diskId: string, subject: Subject): Promise<PointDisk> {
    const record = await this.#get(sourcePointId);
    const disk = record.disks.find((candidate) => candidate.diskId === diskId);
    if (!disk) throw notFound(subject, `the point has no disk ${diskId}`);
    if (isSame(await diskState(this.#folder.absolute(disk.file), subject), disk.state)) return disk;
    throw conflict(
      subject,
      "the disk was written to since the point was taken",
      "Stop what writes to it and start the move anew.",
    );
  }

  async #get(sourcePointId: string): Promise<PointRecord> {
    const record = await this.#find(sourcePointId);
    if (record) return record;
    throw notFound(this.#folder.subject("find source point", "source-point", sourcePointId), "it was released");
  }

  #find(sourcePointId: string): Promise<PointRecord | undefined> {
    return readJson<PointRecord>(this.#folder.path("points", `${checkId(sourcePointId)}.json`));
  }

  /** Oldest first. */
  async #tracking(): Promise<TrackingRecord[]> {
    const records = await this.#folder.records<TrackingRecord>("tracking");
    return records.sort((a, b) => (a.takenAt < b.takenAt ? -1 : 1));
  }

  /** A record goes when each of its disks has enough newer ones. */
  async #dropOldTracking(): Promise<void> {
    const seen = new Map<string, number>();
    for (const { sourcePointId, disks } of (await this.#tracking()).toReversed()) {
      const counts = disks.map(({ file }) => seen.get(file) ?? 0);
      for (const { file } of disks) seen.set(file, (seen.get(file) ?? 0) + 1);
      if (counts.some((count) => count < keptPoints)) continue;
      await rm(this.#folder.path("tracking", `${sourcePointId}.json`), { force: true });
    }
  }

  async #closeOpen(matches: (id: string, opened: { readonly attempt: number }) => boolean): Promise<void> {
    for (const [id, opened] of this.#open) {
      for (const entry of [...opened]) if (matches(id, entry)) await entry.close();
      if (opened.size === 0) this.#open.delete(id);
    }
  }
}

function plain({ diskId, sizeBytes, allocatedBytes, baselines }: SourcePointDisk): SourcePointDisk {
  return { diskId, sizeBytes, allocatedBytes, baselines };
}

function publicPoint({ sourcePointId, vmId, mode, takenAt, consistency, disks }: PointRecord): SourcePoint {
  return { sourcePointId, vmId, mode, takenAt, ...(consistency ? { consistency } : {}), disks: disks.map(plain) };
}
