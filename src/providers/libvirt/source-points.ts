import { rm } from "node:fs/promises";
import { join } from "node:path";
import { stoppedConsistency } from "../../domain/consistency.ts";
import { tagKeys } from "../../domain/vm.ts";
import { NbdBlockSource } from "../../transfer/nbd/block-source.ts";
import type { ChangeContext } from "../../transfer/nbd/extent-map.ts";
import type { BlockSource } from "../../transfer/ports.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import type { SourcePoint, SourcePointDisk } from "../provider.ts";
import { type FoundBaseline, findBaselines, liveBitmaps, servedBaseline } from "./baselines.ts";
import type { DomainDisk } from "./domain-xml.ts";
import type { SeenDomain } from "./domains.ts";
import { beginBackup, endBackup } from "./frozen.ts";
import { thawLeftOver } from "./guest-agent.ts";
import { ClosingSource } from "./handles.ts";
import type { Host } from "./host.ts";
import { fileIdentity, isUnchanged } from "./images.ts";
import { idOfKey, type LayerSpec } from "./layers.ts";
import { makeToolFolder } from "./tool-folder.ts";
import {
  dropOldCheckpoints,
  type PointDisk,
  type PointRecord,
  plain,
  publicPoint,
  recordTracking,
  startTracking,
  type Wanted,
  wantedFirst,
} from "./tracking.ts";

/** Points of a VM's disks at the source. */
export class SourcePoints {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  async inspect(vmId: string, signal: AbortSignal): Promise<SourcePointDisk[]> {
    const domain = await this.#host.domains.get(vmId, signal);
    const live = domain.state === "running" ? await liveBitmaps(this.#host, domain, signal) : undefined;
    const disks = [];
    for (const disk of domain.disks) {
      const { info, ...seen } = await this.#look(disk, signal);
      const found = await findBaselines(this.#host, disk, {
        info,
        ownBytes: seen.ownBytes,
        live: live?.get(disk.path),
      });
      const baselines = live ? found : await this.#measure(disk, found, signal);
      disks.push({
        diskId: disk.diskId,
        sizeBytes: info.sizeBytes,
        allocatedBytes: seen.allocatedBytes,
        baselines: baselines.map(plain),
      });
    }
    return disks;
  }

  async create(
    input: { vmId: string; mode: SourcePoint["mode"]; key: string; since?: Wanted },
    signal: AbortSignal,
  ): Promise<SourcePoint> {
    const { vmId, mode, key, since = {} } = input;
    const subject = this.#host.domains.subject("take a point of VM", vmId);
    await this.#host.layers.id();
    const sourcePointId = idOfKey("sp", this.#host.site, vmId, mode, key);
    const known = await this.#host.layers.getRecord<PointRecord>("points", sourcePointId);
    if (known?.state === "ready") return publicPoint(known);
    const domain = await this.#host.domains.get(vmId, signal);
    const isOff = domain.state === "stopped" || domain.state === "crashed";
    if (mode === "stopped" && !isOff) {
      throw conflict(subject, `it is ${domain.state}`, "Stop the VM first, or take a frozen point.");
    }
    if (mode === "frozen" && domain.state !== "running") {
      throw conflict(subject, `it is ${domain.state}`, "Start the VM, or take a point of the stopped VM.");
    }
    const takenAt = new Date().toISOString();
    const base = { sourcePointId, vmId, mode, takenAt, key };
    if (known) await thawLeftOver(this.#host, vmId, signal);
    const record =
      mode === "stopped"
        ? await this.#takeStopped(base, domain, since, signal)
        : await this.#takeFrozen(base, domain, since, subject, signal);
    await this.#host.layers.putRecord("points", sourcePointId, record);
    return publicPoint(record);
  }

  async #takeStopped(
    base: Pick<PointRecord, "sourcePointId" | "vmId" | "mode" | "takenAt" | "key">,
    domain: SeenDomain,
    since: Wanted,
    signal: AbortSignal,
  ): Promise<PointRecord> {
    const disks: PointDisk[] = [];
    const { sourcePointId } = base;
    await recordTracking(this.#host, base, domain);
    for (const disk of domain.disks) {
      const { info, allocatedBytes, ownBytes } = await this.#look(disk, signal);
      const found = await findBaselines(this.#host, disk, { info, ownBytes, except: sourcePointId });
      const dropped = info.keepsBitmaps
        ? await startTracking(this.#host, disk, info, { sourcePointId, since }, signal)
        : [];
      const usable = found.filter(({ change }) => change?.kind !== "dirty-bitmap" || !dropped.includes(change.bitmap));
      const baselines = await this.#measure(disk, usable, signal);
      const identity = await fileIdentity(disk.path);
      const { diskId, path, format } = disk;
      disks.push({ diskId, path, format, sizeBytes: info.sizeBytes, allocatedBytes, baselines, identity });
    }
    return { ...base, state: "ready", consistency: stoppedConsistency, disks };
  }

  async #takeFrozen(
    base: Pick<PointRecord, "sourcePointId" | "vmId" | "mode" | "takenAt" | "key">,
    domain: SeenDomain,
    since: Wanted,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<PointRecord> {
    const { sourcePointId } = base;
    await makeToolFolder(this.#host.runDir, 0o700, this.#host.tools);
    const scratchFolder = await this.#host.layers.folder("scratch");
    const socketPath = join(this.#host.runDir, `${sourcePointId.slice(0, 15)}.sock`);
    const scratch = domain.disks.map(({ diskId }) => join(scratchFolder, `${sourcePointId}-${diskId}.qcow2`));
    const consistency = { level: "crash", why: "it is not taken yet" } as const;
    const making: PointRecord = { ...base, state: "making", consistency, disks: [], socketPath, scratch };
    // Written first, so that a point whose maker died is found and released.
    await this.#host.layers.putRecord("points", sourcePointId, making);
    await dropOldCheckpoints(this.#host, domain, { sourcePointId, since }, signal);
    const live = await liveBitmaps(this.#host, domain, signal);
    const disks: PointDisk[] = [];
    for (const disk of domain.disks) {
      const { info, allocatedBytes, ownBytes } = await this.#look(disk, signal);
      const found = await findBaselines(this.#host, disk, {
        info,
        ownBytes,
        live: live.get(disk.path),
        except: sourcePointId,
      });
      const { diskId, path, format } = disk;
      const baselines = wantedFirst(found, since[diskId]);
      disks.push({ diskId, path, format, sizeBytes: info.sizeBytes, allocatedBytes, baselines });
    }
    const taken = await beginBackup(this.#host, { domain, sourcePointId, socketPath, scratch, disks }, subject, signal);
    await recordTracking(this.#host, base, domain);
    const kept = disks.map((disk) => ({
      ...disk,
      baselines: disk.baselines.flatMap((baseline) => servedBaseline(baseline, taken.served[disk.diskId])),
    }));
    return { ...making, state: "ready", takenAt: base.takenAt, consistency: taken.consistency, disks: kept };
  }

  async open(
    input: { sourcePointId: string; diskId: string; attempt: number },
    signal: AbortSignal,
  ): Promise<BlockSource> {
    const { sourcePointId, diskId, attempt } = input;
    const record = await this.#get(sourcePointId);
    const subject = {
      operation: "open source disk",
      resource: `${this.#host.site}/source-point/${sourcePointId}/${diskId}`,
    };
    const disk = record.disks.find((candidate) => candidate.diskId === diskId);
    if (!disk) throw notFound(subject, `the point has no disk ${diskId}`);
    const changes: Record<string, ChangeContext> = {};
    for (const { baselineId, change } of disk.baselines) if (change) changes[baselineId] = change;
    if (record.mode === "frozen") {
      const domain = await this.#host.domains.find(record.vmId, signal);
      if (domain?.state !== "running" && domain?.state !== "paused")
        throw notFound(subject, "the VM's process has ended, and the point with it");
      return NbdBlockSource.open({
        path: record.socketPath,
        exportName: diskId,
        baselines: changes,
        sizeBytes: disk.sizeBytes,
        signal,
      });
    }
    await this.#refuseChanged(disk, subject);
    const id = `${sourcePointId}/${diskId}`;
    await this.#host.exports.reap();
    await this.#host.exports.endAll(
      (other) => other.kind === "source" && other.id === id && other.attempt <= attempt,
      "revoke",
    );
    const bitmaps = Object.values(changes).flatMap((change) => (change.kind === "dirty-bitmap" ? [change.bitmap] : []));
    const { path, format } = disk;
    const running = await this.#host.exports.start(
      { kind: "source", id, attempt, path, format, writable: false, bitmaps },
      signal,
    );
    return ClosingSource.open(this.#host.exports, running, { baselines: changes, sizeBytes: disk.sizeBytes, signal });
  }

  /** What {@link SourcePoints.adopt} files; checked against the disk as it is now. */
  async adoptable(input: { sourcePointId: string; diskId: string }, signal: AbortSignal): Promise<LayerSpec> {
    const { sourcePointId, diskId } = input;
    const record = await this.#get(sourcePointId);
    const subject = {
      operation: "adopt a disk",
      resource: `${this.#host.site}/source-point/${sourcePointId}/${diskId}`,
    };
    const disk = record.disks.find((candidate) => candidate.diskId === diskId);
    if (!disk) throw notFound(subject, `the point has no disk ${diskId}`);
    if (record.mode !== "stopped" || !disk.identity) {
      throw conflict(
        subject,
        "the VM goes on writing to it",
        "Only the disk of a stopped VM can serve as a recovery point.",
      );
    }
    await this.#refuseChanged(disk, subject);
    const { info } = await this.#look({ ...disk, bus: "virtio-blk", boot: false }, signal);
    const layerId = this.#host.layers.idOfPath(disk.path);
    const layer = layerId === undefined ? undefined : await this.#host.layers.get(layerId);
    return {
      id: `${sourcePointId}.${diskId}`,
      kind: "adopted",
      path: disk.path,
      format: disk.format,
      sizeBytes: disk.sizeBytes,
      createdAt: record.takenAt,
      tags: { [tagKeys.managed]: "true" },
      depth: layer ? layer.depth : info.backingPath === undefined ? 0 : 1,
      identity: disk.identity,
    };
  }

  async release(sourcePointId: string, signal: AbortSignal): Promise<void> {
    const record = await this.#host.layers.getRecord<PointRecord>("points", sourcePointId);
    if (!record) return;
    await this.#host.exports.endAll(
      ({ kind, id }) => kind === "source" && id.startsWith(`${sourcePointId}/`),
      "revoke",
    );
    if (record.state === "making") await thawLeftOver(this.#host, record.vmId, signal);
    if (record.mode === "frozen") await endBackup(this.#host, record, signal);
    for (const path of record.scratch ?? []) await rm(path, { force: true });
    await this.#host.layers.dropRecord("points", sourcePointId);
  }

  async list(): Promise<readonly { sourcePointId: string; key: string; vmId: string }[]> {
    return this.#host.layers.listRecords<PointRecord>("points");
  }

  async #get(sourcePointId: string): Promise<PointRecord> {
    await this.#host.layers.id();
    const record = await this.#host.layers.getRecord<PointRecord>("points", sourcePointId);
    if (record?.state === "ready") return record;
    const resource = `${this.#host.site}/source-point/${sourcePointId}`;
    throw notFound({ operation: "find source point", resource }, "it was released");
  }

  async #look(disk: DomainDisk, signal: AbortSignal) {
    const info = await this.#host.images.info(disk.path, signal);
    const allocation = await this.#host.images.allocation(disk.path, info.format, signal);
    return { info, allocatedBytes: allocation.all, ownBytes: allocation.own };
  }

  /** Counts what the bitmaps of a stopped VM's disk hold. */
  async #measure(disk: DomainDisk, found: readonly FoundBaseline[], signal: AbortSignal): Promise<FoundBaseline[]> {
    const changes: Record<string, ChangeContext> = {};
    for (const { baselineId, change } of found) if (change?.kind === "dirty-bitmap") changes[baselineId] = change;
    const bitmaps = Object.values(changes).flatMap((change) => (change.kind === "dirty-bitmap" ? [change.bitmap] : []));
    if (bitmaps.length === 0) return [...found];
    const { path, format } = disk;
    const running = await this.#host.exports.start(
      { kind: "source", id: `inspect/${disk.diskId}`, attempt: 0, path, format, writable: false, bitmaps },
      signal,
    );
    const source = await ClosingSource.open(this.#host.exports, running, { baselines: changes, signal });
    try {
      const measured = [];
      for (const baseline of found) {
        if (!changes[baseline.baselineId]) {
          measured.push(baseline);
          continue;
        }
        let changedBytes = 0;
        for await (const extent of source.extents({ sinceBaseline: baseline.baselineId, signal }))
          changedBytes += extent.length;
        measured.push({ ...baseline, changedBytes });
      }
      return measured;
    } finally {
      await source.close();
    }
  }

  async #refuseChanged(disk: PointDisk, subject: Subject): Promise<void> {
    if (disk.identity && (await isUnchanged(disk.identity))) return;
    throw conflict(
      subject,
      "the disk changed since the point was taken; the VM was started",
      "Stop the VM and start the move anew.",
    );
  }
}
