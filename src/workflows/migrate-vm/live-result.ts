import type { LiveDiskProof, LiveParameters } from "../../domain/live.ts";
import type { DiskResult } from "../../domain/migration.ts";
import type { Plan } from "../../domain/plan.ts";
import type { UndoParameters } from "../../domain/undo.ts";
import type { MovedVm } from "./move.ts";

/** One disk of a live move, as a migration's row shows it. */
export function resultOf({ diskId, sizeBytes, bytesHashed, manifestId, rootHash }: LiveDiskProof): DiskResult {
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

export function liveManifest(migrationId: string, diskId: string): string {
  return `${migrationId}-${diskId}`;
}

/** What is known of a guest that is the target's: at the switch little, and enough to make that final. */
export function movedLive(
  move: {
    readonly plan: Plan;
    readonly migrationId: string;
    readonly live: LiveParameters;
    readonly sourceVolumeIds: readonly string[];
  },
  known: { readonly pauseMs?: number; readonly disks?: readonly DiskResult[]; readonly certificateId?: string },
): MovedVm {
  const { plan, migrationId, live, sourceVolumeIds } = move;
  const { pauseMs, ...proven } = known;
  const vmId = plan.inputs.vm as string;
  return {
    outcome: {
      targetVmId: vmId,
      bootProof: "not-asked",
      ...proven,
      ...(pauseMs === undefined ? {} : { downtimeSeconds: pauseMs / 1000 }),
    },
    sourceSite: plan.inputs.from as string,
    sourceVmId: vmId,
    sourceVolumeIds,
    fenced: true,
    targetSite: plan.inputs.to as string,
    targetVmId: vmId,
    ...(proven.certificateId === undefined ? {} : { certificateId: proven.certificateId }),
    targetPointIds: live.disks.map(({ diskId }) => liveManifest(migrationId, diskId)),
    runs: true,
    live: true,
    undo: plan.actions.find(({ action }) => action === "undo-window")?.parameters as UndoParameters | undefined,
  };
}
