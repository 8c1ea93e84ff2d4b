import type { RecoveryRequest, RecoveryState } from "../../domain/recovery-run.ts";

export interface DrillRecoveryInput {
  readonly runId: string;
  readonly planId: string;
  /** The hash that was approved. Absent: a drill by schedule, which makes the plan and carries it out. */
  readonly planHash?: string;
  readonly request: RecoveryRequest;
  readonly requestedBy: string;
  /** It is torn down after so long, whatever it is at. Default a day. */
  readonly maxLifeSeconds?: number;
}

export interface DrillRecoveryResult {
  readonly runId: string;
  readonly state: RecoveryState;
}
