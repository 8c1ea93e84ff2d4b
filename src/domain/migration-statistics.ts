import type { MigrationState } from "./migration.ts";

/** Of downtimes that are known: a VM that was off before, or runs on, has none. */
export interface DowntimeStatistics {
  readonly count: number;
  readonly medianSeconds: number;
  readonly p95Seconds: number;
  readonly maxSeconds: number;
}

/** How the predictions of plans held that rested on earlier moves, of completed moves that waited for no cutover. */
export interface PredictionStatistics {
  readonly count: number;
  /** Took what was predicted, or a fifth more or less; whole seconds are predicted, so one more or less counts too. */
  readonly kept: number;
  /** Of what they took to what was predicted. */
  readonly medianRatio: number;
}

export interface MigrationTotals {
  readonly totalMigrations: number;
  /** Moved: the target serves, finalized or not yet. */
  readonly completedMigrations: number;
  /** Did not come to a good end by themselves: rolled back because of a problem, or left as they were. */
  readonly failedMigrations: number;
  readonly bytesCopied: number;
  readonly bytesResent: number;
  /** Of copies between two workers of ours, as they travelled: compressed. */
  readonly bytesOnWire: number;
  /** Of the copy steps of completed migrations, all their bytes by all their seconds; absent without any. */
  readonly copyBytesPerSecond?: number;
  /** From a completed migration's first step to the end of its last, half of them quicker; absent without any. */
  readonly medianSeconds?: number;
  readonly downtime?: DowntimeStatistics;
  readonly predictions?: PredictionStatistics;
}

export interface RouteStatistics extends MigrationTotals {
  readonly from: string;
  readonly to: string;
}

/** What all migrations that somebody reaches add up to. */
export interface MigrationStatistics extends MigrationTotals {
  readonly states: readonly { readonly state: MigrationState; readonly migrations: number }[];
  /** The most used first. */
  readonly routes: readonly RouteStatistics[];
}
