import { ApplicationFailure, CancellationScope } from "@temporalio/workflow";
import type { LiveDisk, LiveDiskProof, LiveOutcome, LiveParameters } from "../../domain/live.ts";
import type { DiskResult } from "../../domain/migration.ts";
import type { VerifyParameters } from "../../domain/migration-parts.ts";
import { actionParameters } from "../../domain/migration-plan.ts";
import type { Plan } from "../../domain/plan.ts";
import { tagKeys } from "../../domain/vm.ts";
import { bulkCall, siteCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import type { Saga } from "../lib/saga.ts";
import { liveManifest, movedLive, resultOf } from "./live-result.ts";
import type { MovedVm } from "./move.ts";
import type { Tracker } from "./tracker.ts";

const site = activitiesAtSites(siteCall);
const bulk = activitiesAtSites(bulkCall);
const undo = activitiesAtSites(undoCall);

/**
 * Moves a running guest: network → live → prove → complete. Until the switch all of it can be undone, and a pause gives
 * the move up for as long as it lasts. From the switch on the guest is the target's, whatever happens to the run.
 */
export async function moveLive(plan: Plan, run: RunParts): Promise<MovedVm> {
  const move = new LiveMoveRun(plan, run);
  const outcome = await move.untilSwitch();
  return CancellationScope.nonCancellable(() => move.afterSwitch(outcome));
}

interface RunParts {
  readonly migrationId: string;
  readonly tracker: Tracker;
  readonly saga: Saga;
  readonly onSwitch: (moved: MovedVm) => void;
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
  readonly #onSwitch: (moved: MovedVm) => void;
  #sourceVolumeIds: readonly string[] = [];
  /** Whose the guest is by what an undo found: `unknown` while that failed. */
  #owner: "source" | "target" | "unknown" = "source";

  constructor(plan: Plan, { migrationId, tracker, saga, onSwitch }: RunParts) {
    this.#plan = plan;
    this.#migrationId = migrationId;
    this.#tracker = tracker;
    this.#saga = saga;
    this.#onSwitch = onSwitch;
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
      this.#tracker.run(
        "live",
        "move disks and memory while it runs, and switch",
        () => cancellable.run(() => this.#begin()),
        cancellable,
      ),
    );
  }

  async afterSwitch(outcome: LiveOutcome): Promise<MovedVm> {
    const [migrationId, from, to, vmId] = [this.#migrationId, this.#from, this.#to, this.#vmId];
    this.#saga.forgetAll();
    const pause = outcome.pauseMs === undefined ? {} : { pauseMs: outcome.pauseMs };
    this.#tellSwitched(pause);
    const source = await this.#takePoint(from, "stopped", `${migrationId}-source`);
    const { trackId } = outcome;
    const proofs = await this.#tracker.run("prove", "compare the disks, but for what the guest wrote since", () =>
      this.#prove(source.sourcePointId, trackId),
    );
    const disks = proofs.map(resultOf);
    this.#tellSwitched({ ...pause, disks });
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
      const points = { kept, takenAt: source.takenAt };
      const certificateId = await this.#certify(disks, proofs, points, outcome);
      await site.refreshSites({ sites: [from, to] });
      this.#saga.forgetAll();
      return this.#tellSwitched({ ...pause, disks, certificateId });
    });
  }

  #tellSwitched(known: Parameters<typeof movedLive>[1]): MovedVm {
    const [plan, migrationId, live, sourceVolumeIds] = [
      this.#plan,
      this.#migrationId,
      this.#live,
      this.#sourceVolumeIds,
    ];
    const moved = movedLive({ plan, migrationId, live, sourceVolumeIds }, known);
    this.#onSwitch(moved);
    return moved;
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
      undo: async () => {
        if (this.#owner === "target") return;
        if (this.#owner === "unknown") {
          const reason = "the guest may run from it, as its move could not be undone";
          throw ApplicationFailure.nonRetryable(reason, "Conflict", { resource: `${to}/volume/${key}` });
        }
        await undo.removeByKey({ site: to, kind: "volume", key });
      },
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
      undo: async () => {
        this.#owner = "unknown";
        const found = await undo.undoLive({ migrationId, from, to, vmId });
        this.#owner = found === "taken-over" ? "target" : "source";
        if (this.#owner === "target") this.#tellSwitched({});
      },
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
      const manifestId = liveManifest(migrationId, disk.diskId);
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
    this.#saga.add({
      resource: `${at}/source-point/${key}`,
      remove: `novacron migrations finalize ${this.#migrationId}`,
      undo: () => undo.releasePointByKey({ site: at, key }),
    });
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
