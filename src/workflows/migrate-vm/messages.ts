import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";
import type { FinalizeApproval } from "../../domain/finalize.ts";
import type { MigrateVmResult, MigrationProgress } from "./types.ts";

/** A signal: pausing needs no answer and may be repeated. */
export const pauseSignal = defineSignal("pause");
/** A signal: as for pausing. */
export const resumeSignal = defineSignal("resume");
/** A signal from the wave that started it ahead: its turn has come. */
export const turnSignal = defineSignal("turn");
/** A signal from the copy activity: at most one for every few percent of a disk, so that a history stays short. */
export const copyProgressSignal = defineSignal<[{ diskId: string; fraction: number }]>("copyProgress");
/** A signal from the replication: its first round is proven, so that a cutover can come at any time. */
export const replicatedSignal = defineSignal("replicated");
/** An update: whoever asks learns at once whether the cutover will come; it comes when the round in hand is proven. */
export const cutoverUpdate = defineUpdate<void>("cutover");
/** A query: where the run stands, also after it has ended. */
export const progressQuery = defineQuery<MigrationProgress>("progress");
/** An update: the caller waits until what the confirmed plan names is gone or learns why it may not be. */
export const finalizeUpdate = defineUpdate<MigrateVmResult, [FinalizeApproval]>("finalize");
/** An update: the caller waits until the VM serves at the source again with all that it wrote, or learns why not. */
export const undoUpdate = defineUpdate<MigrateVmResult>("undo");
/** A signal, as a run can't send another an update: the same as the update, told by {@link homewardSignal} when it fails. */
export const finalizeSignal = defineSignal<[FinalizeApproval | undefined]>("finalizeNow");

export interface HomewardNews {
  readonly migrationId: string;
  readonly state: "moved" | "failed" | "cancelled" | "not-cut-over" | "not-finalized";
  readonly reason?: string | undefined;
  /** It could not undo all, and stays open until a person has seen to that. */
  readonly leftBehind?: boolean;
}

/** A signal from the migration that brings a VM home: it is there, or that cutover failed, or it could not be finalized. */
export const homewardSignal = defineSignal<[HomewardNews]>("homeward");
/** An update: the caller waits until the target is empty and the source runs again, or learns what could not be undone. */
export const rollbackUpdate = defineUpdate<MigrateVmResult>("rollback");
