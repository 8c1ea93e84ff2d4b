import { Context } from "@temporalio/activity";
import type { CopyDiskParameters } from "../domain/migration-parts.ts";
import type { RestorePatch } from "../store/index.ts";
import type { ActivityDeps } from "./deps.ts";
import type { CopyDiskResult, DiskMoves } from "./disk-moves.ts";
import { setHeartbeatDetails } from "./heartbeat.ts";

export function restoreActivities({ store }: Pick<ActivityDeps, "store">, moves: DiskMoves) {
  return {
    /** Copies one disk of a recovery point to another site, where it becomes a generation of its own. */
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
      return moves.copy(move, Context.current().cancellationSignal, setHeartbeatDetails);
    },

    async recordRestore(input: { restoreId: string; patch: RestorePatch }): Promise<void> {
      await store.restores.update(input.restoreId, input.patch);
    },
  };
}
