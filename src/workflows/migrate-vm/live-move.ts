import { ApplicationFailure, CancellationScope } from "@temporalio/workflow";
import type { LiveDisk, LiveDiskProof, LiveOutcome, LiveParameters } from "../../domain/live.ts";
import type { DiskResult } from "../../domain/migration.ts";
import type { VerifyParameters } from "../../domain/migration-parts.ts";
import { actionParameters } from "../../domain/migration-plan.ts";
import type { Plan } from "../../domain/plan.ts";
import type { UndoParameters } from "../../domain/undo.ts";
import { tagKeys } from "../../domain/vm.ts";
import { bulkCall, siteCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import type { Saga } from "../lib/saga.ts";
import type { MovedVm } from "./move.ts";
import type { Tracker } from "./tracker.ts";

const site = activitiesAtSites(siteCall);
const bulk = activitiesAtSites(bulkCall);
const undo = activitiesAtSites(undoCall);

/**
 * Moves a running guest: network → live → prove → complete. Until the switch all of it can be undone, and a pause gives
 * the move up for as long as it lasts. From the switch on the guest is the target's, whatever happens to the run.
 */
export async function moveLive(plan: Plan, migrationId: string, tracker: Tracker, saga: Saga): Promise<MovedVm> {
  const move = new LiveMoveRun(plan, migrationId, tracker, saga);
  const outcome = await move.untilSwitch();
  return CancellationScope.nonCancellable(() => move.afterSwitch(outcome));
}

class LiveMoveRun {
  readonly #plan: Plan;
  readonly #migrationId: string;
  readonly #tracker: Tracker;
  readonly #saga: Saga;
  readonly #live: LiveParameters;
  readonly #verify: VerifyParameters;
  readonly #from: string;
  readonly #to: string;
  readonly #vmId: string;
  #sourceVolumeIds: readonly string[] = [];

  constructor(plan: Plan, migrationId: string, tracker: Tracker, saga: Saga) {
    this.#plan = plan;
    this.#migrationId = migrationId;
    this.#tracker = tracker;
    this.#saga = saga;
    this.#live = actionParameters<LiveParameters>(plan, "move-live");
    this.#verify = actionParameters<VerifyParameters>(plan, "verify-vm");
    this.#from = plan.inputs.from as string;
    this.#to = plan.inputs.to as string;
    this.#vmId = plan.inputs.vm as string;
    tracker.headline = `${this.#live.name}: ${this.#from} → ${this.#to}, live`;
  }

  async untilSwitch(): Promise<LiveOutcome> {
    const to = this.#to;
    await this.#tracker.run("network", "resolve the target networks", () =>
      site.checkNetworks.executeWithOptions({ summary: `networks at ${to}` }, [
        { site: to, networkIds: this.#live.networkIds },
      ]),
    );
    // A cancellation that comes when the switch is made must not keep that from being noted.
    const cancellable = new CancellationScope({ cancellable: true, parent: CancellationScope.current() });
    return CancellationScope.nonCancellable(() =>
      this.#tracker.run("live", "move disks and memory while it runs, and switch", () =>
        cancellable.run(() => this.#begin()),
      ),
    );
  }

  async afterSwitch(outcome: LiveOutcome): Promise<MovedVm> {
    const [migrationId, from, to, vmId] = [this.#migrationId, this.#from, this.#to, this.#vmId];
    this.#saga.forgetAll();
    this.#saga.add({
      resource: `${to}/vm/${vmId} (taken over, and running)`,
      remove: `novacron migrate ${vmId} --from ${to} --to ${from}`,
      evidence: true,
      undo: async () => {
        throw ApplicationFailure.nonRetryable("it runs at the target since the switch", "Conflict");
      },
    });
    const source = await this.#takePoint(from, "stopped", `${migrationId}-source`);
    const { trackId } = outcome;
    const proofs = await this.#tracker.run("prove", "compare the disks, but for what the guest wrote since", () =>
      this.#prove(source.sourcePointId, trackId),
    );
    await this.#tracker.run("verify", "ask the guest at the target", () =>
      site.verifyVm.executeWithOptions({ summary: `probe the VM at ${to}` }, [
        { site: to, vmId, verify: this.#verify },
      ]),
    );
    return this.#tracker.run("complete", "write the certificate", async () => {
      const kept = await this.#keepWayBack(source.sourcePointId, proofs, outcome);
      await site.releasePoint.executeWithOptions({ summary: `release the source point at ${from}` }, [
        { site: from, sourcePointId: source.sourcePointId },
      ]);
      const disks = proofs.map((proof) => this.#resultOf(proof));
      const points = { kept, takenAt: source.takenAt };
      const certificateId = await this.#certify(disks, proofs, points, outcome);
      await site.refreshSites({ sites: [from, to] });
      const { pauseMs } = outcome;
      return {
        outcome: {
          targetVmId: vmId,
          disks,
          bootProof: "not-asked",
          certificateId,
          ...(pauseMs === undefined ? {} : { downtimeSeconds: pauseMs / 1000 }),
        },
        sourceSite: from,
        sourceVmId: vmId,
        sourceVolumeIds: this.#sourceVolumeIds,
        fenced: true,
        targetSite: to,
        targetVmId: vmId,
        certificateId,
        targetPointIds: proofs.map(({ manifestId }) => manifestId),
        runs: true,
        live: true,
        undo: this.#plan.actions.find(({ action }) => action === "undo-window")?.parameters as
          | UndoParameters
          | undefined,
      };
    });
  }

  async #begin(): Promise<LiveOutcome> {
    const volumeIds: string[] = [];
    for (const disk of this.#live.disks) volumeIds.push(await this.#makeVolume(disk));
    await this.#fence();
    return this.#tracker.interruptible(() => this.#move(volumeIds));
  }

  async #makeVolume({ diskId, sizeBytes }: LiveDisk): Promise<string> {
    const [to, key] = [this.#to, `${this.#migrationId}-${diskId}-volume`];
    this.#saga.add({
      resource: `${to}/volume/${key}`,
      remove: `novacron migrations rollback ${this.#migrationId}`,
      undo: () => undo.removeByKey({ site: to, kind: "volume", key }),
    });
    return site.createVolume.executeWithOptions({ summary: `make the disk ${diskId} at ${to}` }, [
      { site: to, key, disk: { sizeBytes } },
    ]);
  }

  /** Nobody may stop, change or move it meanwhile; and what is left of it at the source stays off. */
  async #fence(): Promise<void> {
    const [migrationId, from, to, vmId] = [this.#migrationId, this.#from, this.#to, this.#vmId];
    this.#saga.add({
      resource: `${from}/vm/${vmId} (on its way to ${to})`,
      remove: `novacron migrations rollback ${migrationId}`,
      undo: () => undo.undoLive({ migrationId, from, to, vmId }),
    });
    const fenced = await site.fenceVm.executeWithOptions({ summary: `fence ${this.#live.name} at ${from}` }, [
      { site: from, vmId, migrationId },
    ]);
    this.#sourceVolumeIds = fenced.volumeIds;
  }

  #move(volumeIds: readonly string[]): Promise<LiveOutcome> {
    const [migrationId, from, to, vmId] = [this.#migrationId, this.#from, this.#to, this.#vmId];
    const live = { ...this.#live, tags: { ...this.#live.tags, [tagKeys.migration]: migrationId } };
    return bulk.moveLive.executeWithOptions({ summary: `move ${live.name} live ${from} → ${to}` }, [
      { migrationId, from, to, vmId, live, volumeIds },
    ]);
  }

  async #prove(sourcePointId: string, trackId: string | undefined): Promise<LiveDiskProof[]> {
    const [migrationId, from, to] = [this.#migrationId, this.#from, this.#to];
    const point = trackId === undefined ? undefined : await this.#takeTargetPoint(trackId);
    const target = point && trackId ? { sourcePointId: point.sourcePointId, trackId } : undefined;
    const proofs = [];
    for (const disk of this.#live.disks) {
      const manifestId = `${migrationId}-${disk.diskId}`;
      proofs.push(
        await bulk.proveLive.executeWithOptions({ summary: `compare ${disk.diskId} at ${from} and ${to}` }, [
          { migrationId, from, to, sourcePointId, manifestId, disk, ...(target ? { target } : {}) },
        ]),
      );
    }
    if (point) {
      await site.releasePoint.executeWithOptions({ summary: `release the point at ${to}` }, [
        { site: to, sourcePointId: point.sourcePointId },
      ]);
    }
    return proofs;
  }

  #takeTargetPoint(trackId: string) {
    const since = Object.fromEntries(this.#live.disks.map(({ diskId }) => [diskId, `${trackId}/${diskId}`]));
    return this.#takePoint(this.#to, "frozen", `${this.#migrationId}-target`, since);
  }

  #takePoint(at: string, mode: "stopped" | "frozen", key: string, since?: Readonly<Record<string, string>>) {
    const summary = `take a point of ${this.#live.name} at ${at}`;
    return bulk.takePoint.executeWithOptions({ summary }, [{ site: at, vmId: this.#vmId, mode, key, since }]);
  }

  /** The source's disks become points, and what the target tracks since is filed under the same content: a way back moves
   *  differences only. */
  async #keepWayBack(
    sourcePointId: string,
    proofs: readonly LiveDiskProof[],
    { trackId, switchedAt }: LiveOutcome,
  ): Promise<string[]> {
    const [migrationId, from, to] = [this.#migrationId, this.#from, this.#to];
    const kept = [];
    for (const [index, { diskId, manifestId }] of proofs.entries()) {
      const lineage = this.#live.disks[index]?.replicaId ?? diskId;
      const row = { diskId, lineage, manifestId, migrationId };
      kept.push(
        await site.adoptPoint.executeWithOptions({ summary: `keep ${diskId} as a point at ${from}` }, [
          { ...row, site: from, sourcePointId },
        ]),
      );
      if (trackId === undefined) continue;
      await site.fileSource.executeWithOptions({ summary: `note what ${diskId} held at ${to}` }, [
        { ...row, site: to, sourcePointId: trackId, takenAt: switchedAt },
      ]);
    }
    return kept;
  }

  #resultOf({ diskId, sizeBytes, bytesHashed, manifestId, rootHash }: LiveDiskProof): DiskResult {
    return {
      diskId,
      sizeBytes,
      allocatedBytes: bytesHashed,
      bytesCopied: bytesHashed,
      bytesResent: 0,
      tracking: "full",
      generationId: manifestId,
      pointId: manifestId,
      rootHash,
    };
  }

  #certify(
    disks: readonly DiskResult[],
    proofs: readonly LiveDiskProof[],
    { kept, takenAt: pointTakenAt }: { readonly kept: readonly string[]; readonly takenAt: string },
    { switchedAt, pauseMs, restarted }: LiveOutcome,
  ): Promise<string> {
    const [migrationId, from, to, vmId] = [this.#migrationId, this.#from, this.#to, this.#vmId];
    const proven = disks.map((disk, index) => {
      const { bytesReread = 0, bytesWrittenSince = 0, unread } = proofs[index] ?? {};
      const level = unread === undefined ? ("compared-after-switch" as const) : ("sent-only" as const);
      return { ...disk, pointId: kept[index] ?? disk.pointId, bytesReread, bytesWrittenSince, level, site: from };
    });
    return site.writeCertificate.executeWithOptions({ summary: "write the certificate" }, [
      {
        migrationId,
        planHash: this.#plan.hash,
        vm: this.#live.name,
        from,
        to,
        sourceVmId: vmId,
        targetVmId: vmId,
        pointTakenAt,
        disks: proven,
        boot: { proven: false, reason: "It never stopped, so it did not boot" },
        live: {
          switchedAt,
          ...(pauseMs === undefined ? {} : { pauseMs }),
          memory: restarted ? "lost" : "moved-not-compared",
        },
      },
    ]);
  }
}
