import type { MigrationState, MigrationView } from "../../domain/migration.ts";

export interface MigrateVmInput {
  readonly migrationId: string;
  readonly planId: string;
  /** The hash that was approved; a plan with another one is refused. */
  readonly planHash: string;
  /** As the plan has it: it touches nothing before. */
  readonly startAt?: string | undefined;
  /** The wave that it is part of, whose run wants to know how it ended. */
  readonly waveId?: string;
  /** Started ahead by its wave: it touches nothing before it hears that its turn has come. */
  readonly held?: boolean;
  /** The migration whose VM it brings home, which wants to know how that goes. */
  readonly undoOf?: string;
}

export interface MigrateVmResult {
  readonly migrationId: string;
  readonly state: MigrationState;
  readonly targetVmId?: string;
  readonly certificateId?: string;
}

export type MigrationProgress = Pick<MigrationView, "state" | "step" | "progress">;
