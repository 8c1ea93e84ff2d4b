import { proxyActivities, proxyLocalActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { DiskResult } from "../../domain/migration.ts";
import { bulkCall, recordCall, siteCall, undoCall } from "../lib/activity-options.ts";
import type { Saga } from "../lib/saga.ts";
import { PlannedMove } from "./planned-move.ts";
import { now, type Tracker } from "./tracker.ts";
import type { MigrateVmInput } from "./types.ts";

const site = proxyActivities<Activities>(siteCall);
const bulk = proxyActivities<Activities>(bulkCall);
const undo = proxyActivities<Activities>(undoCall);
const { recordMigration } = proxyLocalActivities<Activities>(recordCall);

/** What finalize and rollback need to know of a completed move. */
export interface MovedVm {
  /** What the migration's row shows of it. */
  readonly outcome: Parameters<Activities["recordMigration"]>[0]["patch"];
  readonly sourceSite: string;
  readonly sourceVmId: string;
  /** What finalizing removes with the source; empty when the source went on running (a copy of a frozen point). */
  readonly sourceVolumeIds: readonly string[];
  readonly fenced: boolean;
  readonly targetSite: string;
  readonly targetVmId: string;
  readonly certificateId: string;
  readonly targetPointIds: readonly string[];
}

/** The forward path. Every step registers what undoes it before it acts. */
export async function moveVm(input: MigrateVmInput, tracker: Tracker, saga: Saga): Promise<MovedVm> {
  const { migrationId } = input;
  const plan = await tracker.run("validate", "compare the plan with what is there now", () =>
    site.openPlan.executeWithOptions({ summary: `open plan ${input.planId}` }, [input]),
  );
  const move = new PlannedMove(plan, migrationId);
  tracker.headline = move.headline;
  tracker.rollsBackOnFailure = plan.inputs.rollbackOnFailure !== false;

  await tracker.run("network", "resolve the target networks", () =>
    site.checkNetworks.executeWithOptions({ summary: `networks at ${move.to}` }, [
      { site: move.to, networkIds: move.create.nics.map((nic) => nic.networkId) },
    ]),
  );
  const stoppedAt = Date.now();
  const point = await tracker.run("stop", move.stopDetail, () => stopSource(move, saga));
  const copies = await tracker.run("copy", "move the bytes", () => copyDisks(move, point.sourcePointId, tracker, saga));
  await tracker.run("seal", "make the generations immutable", async () => {
    for (const { generationId, replicaId, attempt } of copies) {
      await site.sealDisk.executeWithOptions({ summary: `seal ${generationId}` }, [
        {
          site: move.to,
          replicaId,
          generationId,
          attempt,
          ...move.lineageOf(generationId),
          migrationId,
        },
      ]);
    }
  });
  const proofs = await tracker.run("prove", "read the sealed points back and compare every leaf", () =>
    tracker.interruptible(async () => {
      const results = [];
      for (const copy of copies) {
        results.push(
          await bulk.proveDisk.executeWithOptions({ summary: `re-read ${copy.generationId} at ${move.to}` }, [
            { site: move.to, pointId: copy.generationId, manifestId: copy.generationId },
          ]),
        );
      }
      return results;
    }),
  );
  const volumes = await tracker.run("materialise", "make bootable clones of the points", () =>
    materialise(
      move,
      copies.map((copy) => copy.generationId),
      saga,
    ),
  );
  const targetVmId = await tracker.run("create", `create the VM at ${move.to}`, () =>
    createTarget(move, volumes, saga),
  );
  const verified = await tracker.run("verify", "start it and look for proof that it works", () =>
    tracker.interruptible(() =>
      site.verifyVm.executeWithOptions({ summary: `start and check the VM at ${move.to}` }, [
        { site: move.to, vmId: targetVmId, verify: move.verify },
      ]),
    ),
  );
  const downtimeSeconds = move.stop.wasRunning && move.fences ? (Date.now() - stoppedAt) / 1000 : undefined;

  return tracker.run("complete", "write the certificate", async () => {
    if (move.fences) await adoptSource(move, point.sourcePointId, copies, saga);
    await site.releasePoint.executeWithOptions({ summary: `release the source point at ${move.from}` }, [
      { site: move.from, sourcePointId: point.sourcePointId },
    ]);
    const disks = copies.map((copy): DiskResult => ({ ...copy.result, pointId: copy.generationId }));
    const certificateId = await site.writeCertificate.executeWithOptions({ summary: "write the certificate" }, [
      {
        migrationId,
        planHash: plan.hash,
        vm: move.create.name,
        from: move.from,
        to: move.to,
        sourceVmId: move.sourceVmId,
        targetVmId,
        pointTakenAt: point.takenAt,
        disks: disks.map((disk, index) => ({ ...disk, bytesReread: proofs[index]?.bytesReread ?? 0 })),
        boot: verified.boot,
      },
    ]);
    const bootProof = verified.boot.proven ? "proven" : move.verify.bootMarker ? "unavailable" : "not-asked";
    await site.refreshSites({ sites: [move.from, move.to] });
    const targetPointIds = copies.map((copy) => copy.generationId);
    const { from: sourceSite, to: targetSite, sourceVmId, fences: fenced } = move;
    const { volumeIds: sourceVolumeIds } = point;
    return {
      outcome: { targetVmId, disks, downtimeSeconds, bootProof, certificateId },
      sourceSite,
      sourceVmId,
      sourceVolumeIds,
      fenced,
      targetSite,
      targetVmId,
      certificateId,
      targetPointIds,
    };
  });
}

async function stopSource(move: PlannedMove, saga: Saga) {
  const { migrationId, from, sourceVmId } = move;
  const key = `${migrationId}-source`;
  let volumeIds: readonly string[] = [];
  if (move.fences) {
    saga.add({
      resource: `${from}/vm/${sourceVmId} (stopped and fenced)`,
      remove: `novacron migrations rollback ${migrationId}`,
      undo: () => undo.releaseSource({ site: from, vmId: sourceVmId, migrationId, start: move.stop.wasRunning }),
    });
    const fenced = await site.fenceVm.executeWithOptions({ summary: `fence ${move.create.name} at ${from}` }, [
      { site: from, vmId: sourceVmId, migrationId },
    ]);
    volumeIds = fenced.volumeIds;
    if (move.stop.wasRunning)
      await site.stopVm.executeWithOptions({ summary: `stop ${move.create.name} at ${from}` }, [
        { site: from, vmId: sourceVmId, graceMs: move.stop.graceMs },
      ]);
  }
  saga.add({
    resource: `${from}/source-point/${key}`,
    remove: `novacron migrations rollback ${migrationId}`,
    undo: () => undo.releasePointByKey({ site: from, key }),
  });
  const point = await site.takePoint.executeWithOptions({ summary: `take a point of ${move.create.name}` }, [
    { site: from, vmId: sourceVmId, mode: move.stop.mode, key },
  ]);
  return { ...point, volumeIds };
}

async function copyDisks(move: PlannedMove, sourcePointId: string, tracker: Tracker, saga: Saga) {
  tracker.expectCopies(move.copies.map(({ diskId, allocatedBytes }) => ({ diskId, weight: allocatedBytes })));
  let bytesBefore = 0;
  const results = [];
  for (const copy of move.copies) {
    const generationId = move.generationId(copy.diskId);
    const { replicaId } = copy;
    saga.add({
      resource: `${move.to}/generation/${generationId}`,
      remove: `novacron migrations rollback ${move.migrationId}`,
      evidence: true,
      undo: () => undo.dropGeneration({ site: move.to, replicaId, generationId }),
    });
    const copied = await tracker.interruptible(() =>
      bulk.copyDisk.executeWithOptions({ summary: `copy ${copy.diskId} ${move.from} → ${move.to}` }, [
        {
          migrationId: move.migrationId,
          from: move.from,
          to: move.to,
          sourcePointId,
          generationId,
          copy,
          span: { ...tracker.copySpan(copy.diskId), bytesBefore },
        },
      ]),
    );
    bytesBefore += copied.bytesCopied;
    const { attempt, ...figures } = copied;
    const result = {
      diskId: copy.diskId,
      sizeBytes: copy.targetSizeBytes,
      allocatedBytes: copy.allocatedBytes,
      tracking: copy.tracking,
      generationId,
      ...figures,
    };
    results.push({ generationId, replicaId, attempt, result });
  }
  await recordMigration({
    migrationId: move.migrationId,
    at: now(),
    message: "All bytes are durable at the target",
    patch: {
      bytesCopied: results.reduce((sum, { result }) => sum + result.bytesCopied, 0),
      bytesResent: results.reduce((sum, { result }) => sum + result.bytesResent, 0),
    },
  });
  return results;
}

async function materialise(move: PlannedMove, pointIds: readonly string[], saga: Saga): Promise<string[]> {
  const volumes: string[] = [];
  for (const pointId of pointIds) {
    const key = `${pointId}-volume`;
    saga.add({
      resource: `${move.to}/volume/${key}`,
      remove: `novacron migrations rollback ${move.migrationId}`,
      undo: () => undo.removeByKey({ site: move.to, kind: "volume", key }),
    });
    volumes.push(
      await bulk.materialiseDisk.executeWithOptions({ summary: `clone ${pointId}` }, [
        { site: move.to, pointId, key, migrationId: move.migrationId },
      ]),
    );
  }
  return volumes;
}

async function createTarget(move: PlannedMove, volumes: readonly string[], saga: Saga): Promise<string> {
  const key = `${move.migrationId}-vm`;
  saga.add({
    resource: `${move.to}/vm/${key}`,
    remove: `novacron migrations rollback ${move.migrationId}`,
    undo: () => undo.removeByKey({ site: move.to, kind: "vm", key }),
  });
  return site.createVm.executeWithOptions({ summary: `create ${move.create.name} at ${move.to}` }, [
    { site: move.to, key, migrationId: move.migrationId, create: move.create, volumes },
  ]);
}

async function adoptSource(
  move: PlannedMove,
  sourcePointId: string,
  copies: readonly { generationId: string; result: { diskId: string } }[],
  saga: Saga,
): Promise<void> {
  for (const { generationId, result } of copies) {
    saga.add({
      resource: `${move.from}/recovery-point of ${result.diskId}`,
      remove: `novacron migrations rollback ${move.migrationId}`,
      undo: () => undo.forgetAdopted({ site: move.from, manifestId: generationId }),
    });
    const lineage = move.lineageOf(generationId).lineage;
    const { migrationId } = move;
    const { diskId } = result;
    await site.adoptPoint.executeWithOptions({ summary: `keep ${diskId} as a point at ${move.from}` }, [
      { site: move.from, sourcePointId, diskId, lineage, manifestId: generationId, migrationId },
    ]);
  }
}

/** The source goes, with the points that were only kept for a way back. */
export async function finalizeMove({ migrationId, moved }: { migrationId: string; moved: MovedVm }): Promise<void> {
  for (const manifestId of moved.targetPointIds) {
    if (moved.fenced) await site.forgetAdopted({ site: moved.sourceSite, manifestId });
    await site.dropPoint({ site: moved.targetSite, pointId: manifestId });
  }
  const { sourceSite, sourceVmId, sourceVolumeIds } = moved;
  if (moved.fenced) await site.finalizeSource({ migrationId, sourceSite, sourceVmId, sourceVolumeIds });
  await site.refreshSites({ sites: [moved.sourceSite, moved.targetSite] });
}
