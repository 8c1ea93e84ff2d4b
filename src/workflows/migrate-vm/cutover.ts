// Long because it is one story: from the stop of the source to the certificate.
import { patched, proxyLocalActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { Consistency } from "../../domain/consistency.ts";
import type { DiskResult } from "../../domain/migration.ts";
import type { CopyDiskParameters } from "../../domain/migration-parts.ts";
import type { PreparedDisk } from "../../domain/preparation.ts";
import { increments, type PointWithBaselines } from "../../domain/replica-base.ts";
import type { ReplicaRound, RoundDisk } from "../../domain/warm.ts";
import { bulkCall, recordCall, siteCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import { describeFailure } from "../lib/failure.ts";
import type { Saga } from "../lib/saga.ts";
import { materialise, pointOf, prepareGuest } from "./clones.ts";
import { keepSource, wantedBaselines } from "./keep-source.ts";
import type { MovedVm } from "./move.ts";
import type { PlannedMove } from "./planned-move.ts";
import { now, type Tracker } from "./tracker.ts";
import type { TrafficShift } from "./traffic.ts";

const site = activitiesAtSites(siteCall);
const bulk = activitiesAtSites(bulkCall);
const undo = activitiesAtSites(undoCall);
const { recordMigration } = proxyLocalActivities<Activities>(recordCall);

export interface CopiedDisk {
  readonly copy: CopyDiskParameters;
  readonly generationId: string;
  readonly attempt: number;
  readonly result: Omit<DiskResult, "pointId">;
}

/** What a warm move has replicated before its cutover. */
export interface Replicated {
  readonly newest: ReplicaRound;
  /** 0 for the first cutover of the run; a failed one is followed by another. */
  readonly cutover: number;
}

/** From the source's stop to the target's proof: all of a cold move, and the last difference of a warm one. */
export class Cutover {
  readonly #move: PlannedMove;
  readonly #tracker: Tracker;
  readonly #saga: Saga;
  readonly #replicated: Replicated | undefined;
  readonly #traffic: TrafficShift | undefined;
  #stoppedAt = Date.now();
  /** Of a second cutover and later ones: what the first made is not made again under the same name. */
  readonly #suffix: string;
  #point: { sourcePointId: string; takenAt: string; consistency?: Consistency } = { sourcePointId: "", takenAt: "" };
  #volumeIds: readonly string[] = [];
  #copied: readonly CopiedDisk[] = [];
  #proofs: readonly { bytesReread: number }[] = [];
  #prepared: readonly PreparedDisk[] = [];
  #targetVmId = "";
  #boot: Awaited<ReturnType<Activities["verifyVm"]>>["boot"] = { proven: false };
  #downtimeSeconds: number | undefined;

  constructor(
    move: PlannedMove,
    tracker: Tracker,
    saga: Saga,
    { replicated, traffic }: { replicated?: Replicated; traffic?: TrafficShift | undefined } = {},
  ) {
    this.#move = move;
    this.#traffic = traffic;
    this.#tracker = tracker;
    this.#saga = saga;
    this.#replicated = replicated;
    this.#suffix = replicated && replicated.cutover > 0 ? `-c${replicated.cutover}` : "";
  }

  /** Stops the source and moves what there is to move; the points at the target are sealed and proven then. */
  async stopAndMove(): Promise<void> {
    const { migrationId, to } = this.#move;
    await this.#traffic?.hold(this.#suffix);
    this.#stoppedAt = Date.now();
    const disks = await this.#tracker.run("stop", this.#move.stopDetail, () => this.#stopSource());
    const copies = increments(this.#move.copies, this.#replicated?.newest, { disks });
    this.#copied = await this.#tracker.run("copy", "move the bytes", () => this.#copyDisks(copies, disks));
    await this.#tracker.run("seal", "make the generations immutable", async () => {
      for (const { copy, generationId, attempt } of this.#copied) {
        const { diskId, replicaId } = copy;
        await bulk.sealDisk.executeWithOptions({ summary: `seal ${generationId}` }, [
          { site: to, replicaId, generationId, attempt, diskId, lineage: replicaId, migrationId },
        ]);
      }
    });
    this.#proofs = await this.#tracker.run("prove", "read the sealed points back and compare every leaf", () =>
      this.#tracker.interruptible(() => this.#prove(this.#replicated ? "written" : undefined)),
    );
  }

  /** Prepares the guest on top of its point, clones the points, creates the VM from them and proves that it works. */
  async bringUp(): Promise<void> {
    const { stop, fences, verify, to, preparations } = this.#move;
    // A plan has them, or it hasn't: runs of earlier plans go on as they began.
    if (preparations.length > 0) {
      const detail = "change the guest for the target, on top of its point";
      this.#prepared = await this.#tracker.run("prepare", detail, () =>
        this.#tracker.interruptible(() => prepareGuest(this.#move, this.#point.takenAt, this.#copied, this.#saga)),
      );
    }
    const volumes = await this.#tracker.run("materialise", "make bootable clones of the points", () =>
      materialise(
        this.#move,
        this.#copied.map((copied) => pointOf(copied, this.#prepared)),
        this.#saga,
      ),
    );
    this.#targetVmId = await this.#tracker.run("create", `create the VM at ${to}`, () => this.#createTarget(volumes));
    const verified = await this.#tracker.run("verify", "start it and look for proof that it works", () =>
      this.#tracker.interruptible(() =>
        site.verifyVm.executeWithOptions({ summary: `start and check the VM at ${to}` }, [
          { site: to, vmId: this.#targetVmId, verify },
        ]),
      ),
    );
    this.#boot = verified.boot;
    this.#downtimeSeconds = stop.wasRunning && fences ? (Date.now() - this.#stoppedAt) / 1000 : undefined;
    await this.#traffic?.shift(this.#targetVmId, this.#suffix);
  }

  async complete(planHash: string): Promise<MovedVm> {
    return this.#tracker.run("complete", "write the certificate", async () => {
      // The rounds were proven leaf by leaf as they came. Now that nobody waits, the whole is read once more.
      if (this.#replicated) this.#proofs = await this.#tracker.interruptible(() => this.#prove(undefined));
      const { migrationId, from, to, sourceVmId, fences } = this.#move;
      const { sourcePointId, takenAt, consistency } = this.#point;
      await keepSource(this.#move, this.#point, this.#copied, this.#saga);
      const release = () =>
        site.releasePoint.executeWithOptions({ summary: `release the source point at ${from}` }, [
          { site: from, sourcePointId },
        ]);
      const refresh = () => site.refreshSites({ sites: [from, to], vmIds: [sourceVmId, this.#targetVmId] });
      const atOnce = patched("refresh-at-once");
      await Promise.all(atOnce ? [release(), refresh()] : [release()]);
      const disks = this.#copied.map((copied): DiskResult => {
        const [pointId, clonedId] = [copied.generationId, pointOf(copied, this.#prepared)];
        return { ...copied.result, pointId, ...(clonedId === pointId ? {} : { preparedPointId: clonedId }) };
      });
      const certificateId = await site.writeCertificate.executeWithOptions({ summary: "write the certificate" }, [
        {
          migrationId,
          planHash,
          vm: this.#move.create.name,
          from,
          to,
          sourceVmId,
          targetVmId: this.#targetVmId,
          pointTakenAt: takenAt,
          ...(consistency ? { consistency } : {}),
          disks: disks.map((disk, index) => ({ ...disk, bytesReread: this.#proofs[index]?.bytesReread ?? 0 })),
          boot: this.#boot,
          ...(this.#prepared.length > 0 ? { prepared: this.#prepared } : {}),
          ...(this.#traffic ? { traffic: this.#traffic.report } : {}),
        },
      ]);
      const bootProof = this.#boot.proven ? "proven" : this.#move.verify.bootMarker ? "unavailable" : "not-asked";
      if (!atOnce) await refresh();
      const { downtimeSeconds, targetVmId } = { downtimeSeconds: this.#downtimeSeconds, targetVmId: this.#targetVmId };
      return {
        outcome: { targetVmId, disks, downtimeSeconds, bootProof, certificateId },
        sourceSite: from,
        sourceVmId,
        sourceVolumeIds: this.#volumeIds,
        fenced: fences,
        targetSite: to,
        targetVmId,
        certificateId,
        // A prepared point is built on the certified one.
        targetPointIds: [...this.#prepared, ...disks].map(({ pointId }) => pointId),
        runs: this.#move.verify.start,
        undo: this.#move.undo,
        ...(this.#traffic ? { traffic: this.#traffic } : {}),
      };
    });
  }

  /** What a cutover that failed had moved and proven, for rounds to go on from; undefined when it got not that far. */
  get asRound(): Pick<ReplicaRound, "sourcePointId" | "takenAt" | "consistency" | "disks"> | undefined {
    if (this.#proofs.length === 0) return undefined;
    const disks = this.#copied.map(({ copy, generationId, result }, index): RoundDisk => {
      const { diskId, tracking } = copy;
      const { bytesCopied } = result;
      return { diskId, generationId, tracking, bytesCopied, bytesReread: this.#proofs[index]?.bytesReread ?? 0 };
    });
    return { ...this.#point, disks };
  }

  async #stopSource() {
    const { migrationId, from, sourceVmId, stop, create } = this.#move;
    const key = `${migrationId}-source${this.#suffix}`;
    if (this.#move.fences) {
      this.#saga.add({
        resource: `${from}/vm/${sourceVmId} (stopped and fenced)`,
        remove: `novacron migrations rollback ${migrationId}`,
        undo: () => undo.releaseSource({ site: from, vmId: sourceVmId, migrationId, start: stop.wasRunning }),
      });
      const fenced = await site.fenceVm.executeWithOptions({ summary: `fence ${create.name} at ${from}` }, [
        { site: from, vmId: sourceVmId, migrationId },
      ]);
      this.#volumeIds = fenced.volumeIds;
      if (stop.wasRunning)
        await site.stopVm.executeWithOptions({ summary: `stop ${create.name} at ${from}` }, [
          { site: from, vmId: sourceVmId, graceMs: stop.graceMs },
        ]);
    }
    this.#saga.add({
      resource: `${from}/source-point/${key}`,
      remove: `novacron migrations rollback ${migrationId}`,
      undo: () => undo.releasePointByKey({ site: from, key }),
    });
    // A cloud's first snapshot of a disk copies all of it.
    const point = await bulk.takePoint.executeWithOptions({ summary: `take a point of ${create.name}` }, [
      {
        site: from,
        vmId: sourceVmId,
        mode: stop.mode,
        key,
        since: wantedBaselines(this.#move, this.#replicated?.newest),
        migrationId,
      },
    ]);
    const { sourcePointId, takenAt, consistency } = point;
    this.#point = { sourcePointId, takenAt, ...(consistency ? { consistency } : {}) };
    return point.disks;
  }

  /** `taken` is missing in runs whose points were taken before they told of their disks. */
  async #copyDisks(
    copies: readonly CopyDiskParameters[],
    taken: PointWithBaselines["disks"] | undefined,
  ): Promise<CopiedDisk[]> {
    const { migrationId, from, to } = this.#move;
    const { sourcePointId } = this.#point;
    this.#tracker.expectCopies(copies.map(({ diskId, allocatedBytes }) => ({ diskId, weight: allocatedBytes })));
    let bytesBefore = 0;
    const copied: CopiedDisk[] = [];
    let bytesAfter = copies.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0);
    for (const copy of copies) {
      const { replicaId, diskId, tracking } = copy;
      bytesAfter -= copy.allocatedBytes;
      const allocatedBytes = taken?.find((disk) => disk.diskId === diskId)?.allocatedBytes ?? copy.allocatedBytes;
      const generationId = `${migrationId}-${diskId}${this.#suffix}`;
      this.#saga.add({
        resource: `${to}/generation/${generationId}`,
        remove: `novacron migrations rollback ${migrationId}`,
        evidence: true,
        undo: () => undo.dropGeneration({ site: to, replicaId, generationId }),
      });
      const span = { ...this.#tracker.copySpan(diskId), bytesBefore };
      const { attempt, ...figures } = await this.#tracker.interruptible(() =>
        bulk.copyDisk.executeWithOptions({ summary: `copy ${diskId} ${from} → ${to}` }, [
          { migrationId, from, to, sourcePointId, generationId, copy, span, deadline: this.#move.deadline, bytesAfter },
        ]),
      );
      bytesBefore += figures.bytesCopied;
      const result = { diskId, sizeBytes: copy.targetSizeBytes, allocatedBytes, tracking, generationId, ...figures };
      copied.push({ copy, generationId, attempt, result });
    }
    await recordMigration({
      migrationId,
      at: now(),
      message: "All bytes are durable at the target",
      patch: {
        bytesCopied: copied.reduce((sum, { result }) => sum + result.bytesCopied, 0),
        bytesResent: copied.reduce((sum, { result }) => sum + result.bytesResent, 0),
      },
    });
    return copied;
  }

  async #prove(only: "written" | undefined): Promise<{ bytesReread: number }[]> {
    const { to } = this.#move;
    const results = [];
    for (const { generationId } of this.#copied) {
      results.push(
        await bulk.proveDisk.executeWithOptions({ summary: `re-read ${generationId} at ${to}` }, [
          { site: to, pointId: generationId, manifestId: generationId, only },
        ]),
      );
    }
    return results;
  }

  /** Tries the plan's sizes in their order while the site has no capacity. Each try has a key of its own: a site that
   *  remembers keys would take another size under the same one for a mistake. */
  async #createTarget(volumes: readonly string[]): Promise<string> {
    const { migrationId, to, create } = this.#move;
    const sizes = create.instanceTypes ?? [];
    for (let tried = 0; ; tried++) {
      const key = `${migrationId}-vm${this.#suffix}${tried === 0 ? "" : `-${tried + 1}`}`;
      const instanceType = sizes[tried];
      this.#saga.add({
        resource: `${to}/vm/${key}`,
        remove: `novacron migrations rollback ${migrationId}`,
        undo: () => undo.removeByKey({ site: to, kind: "vm", key }),
      });
      try {
        const summary = `create ${create.name} at ${to}${instanceType ? ` as ${instanceType}` : ""}`;
        return await site.createVm.executeWithOptions({ summary }, [
          { site: to, key, migrationId, create, volumes, instanceType },
        ]);
      } catch (error) {
        const next = sizes[tried + 1];
        const { code, message } = describeFailure(error);
        if (next === undefined || code !== "InsufficientCapacity") throw error;
        const note = `No capacity for ${instanceType} at ${to}, ${next} is tried next: ${message}`;
        await recordMigration({ migrationId, at: now(), message: note, patch: {} });
      }
    }
  }
}
