import type { ClosingStep, MigrationStep, MigrationView, StepRecord } from "../domain/migration.ts";
import type { ActivityDeps } from "./deps.ts";

export type MigrationPatch = Partial<
  Pick<
    MigrationView,
    | "state"
    | "progress"
    | "disks"
    | "downtimeSeconds"
    | "bootProof"
    | "certificateId"
    | "problem"
    | "endedAt"
    | "bytesCopied"
    | "bytesResent"
    | "leftAlone"
  >
> & { readonly targetVmId?: string };

/** Rows about runs: what an operator may ask for after Temporal's retention has forgotten. Run as local activities. */
export function recordActivities({ store }: ActivityDeps) {
  return {
    async recordStep(input: {
      migrationId: string;
      step: MigrationStep | ClosingStep;
      state: StepRecord["state"];
      at: string;
      progress: number;
      detail: string;
    }): Promise<void> {
      const { migrationId, step, state, at, progress, detail } = input;
      if (state === "running") {
        await store.migrations.startStep(migrationId, step, at);
        await store.migrations.update(migrationId, { step, progress });
      } else {
        await store.migrations.endStep(migrationId, step, state, at, detail);
      }
      await store.migrations.appendEvent(migrationId, {
        at,
        type: "step",
        message: `${step}: ${state === "running" ? detail : state}`,
        data: { step, state, progress },
        dedupeKey: `${step}/${state}/${at}`,
      });
    },

    async recordMigration(input: {
      migrationId: string;
      at: string;
      message: string;
      patch: MigrationPatch;
    }): Promise<void> {
      const { migrationId, at, message, patch } = input;
      await store.migrations.update(migrationId, patch);
      const { state, progress, problem } = patch;
      await store.migrations.appendEvent(migrationId, {
        at,
        type: problem ? "problem" : state ? "state" : "note",
        message,
        data: { state, progress, problem },
        dedupeKey: `${state ?? "note"}/${at}`,
      });
    },
  };
}
