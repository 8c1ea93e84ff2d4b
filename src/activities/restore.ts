import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { CopyDiskParameters } from "../domain/migration-parts.ts";
import type { RestorePatch } from "../store/index.ts";
import type { ActivityDeps } from "./deps.ts";
import type { CopyDiskResult, DiskMoves } from "./disk-moves.ts";
import { setHeartbeatDetails } from "./heartbeat.ts";

export function restoreActivities({ store, transfer }: Pick<ActivityDeps, "store" | "transfer">, moves: DiskMoves) {
  return {
    /** Copies one disk of a recovery point to another site, where it becomes a generation of its own.
     *  @throws ProviderError IntegrityFailure when the point does not hold any more what was backed up. */
    async copyPoint(input: {
      restoreId: string;
      /** Where the point lies. */
      from: string;
      to: string;
      pointId: string;
      generationId: string;
      copy: CopyDiskParameters;
    }): Promise<CopyDiskResult> {
      const { restoreId, from, to, pointId, generationId, copy } = input;
      const move = { migrationId: restoreId, from, to, sourcePointId: pointId, fromPoint: pointId, generationId, copy };
      const copied = await moves.copy(move, Context.current().cancellationSignal, setHeartbeatDetails);
      await refuseUnlessAsBackedUp(pointId, generationId, from);
      return copied;
    },

    async recordRestore(input: { restoreId: string; patch: RestorePatch }): Promise<void> {
      await store.restores.update(input.restoreId, input.patch);
    },
  };

  /** What was read of the point is in the manifest of its copy; the point's own is from when it was made. */
  async function refuseUnlessAsBackedUp(pointId: string, generationId: string, site: string): Promise<void> {
    const [point, copy] = await Promise.all([moves.manifestOf(pointId), moves.manifestOf(generationId)]);
    const leaf = await transfer.firstDifference(
      { sizeBytes: point.sizeBytes, chunks: store.checkpoints.chunks(pointId) },
      { sizeBytes: copy.sizeBytes, chunks: store.checkpoints.chunks(generationId) },
    );
    if (leaf === undefined) return;
    throw new ProviderError("IntegrityFailure", {
      operation: "read a recovery point",
      resource: `${site}/recovery-point/${pointId}`,
      reason: `its bytes differ from what was backed up, first at byte ${leaf * transfer.leafBytes}`,
      action: "Restore from an earlier point, and check the site's storage.",
      facts: { pointId },
    });
  }
}
