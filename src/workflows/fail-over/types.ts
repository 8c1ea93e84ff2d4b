import type { RecoveryRequest, RecoveryState } from "../../domain/recovery-run.ts";

export interface FailOverInput {
  readonly runId: string;
  readonly planId: string;
  /** The hash that was approved; a plan with another one is refused. Absent: the run makes the plan itself, and carries out
   *  that, as nobody was asked who could have looked at it. */
  readonly planHash?: string;
  readonly request: RecoveryRequest;
  /** `user/<id>`, `token/<id>`, or what decided by itself. */
  readonly requestedBy: string;
  /** What a person has made sure of already, who let it begin. */
  readonly confirmed?: FencingConfirmed;
}

export interface FailOverResult {
  readonly runId: string;
  readonly state: RecoveryState;
}

/** How far a person has got with a manual step. */
export interface StepDone {
  readonly bootGroup: string;
  readonly step: string;
  readonly by: string;
  readonly note?: string;
}

/** What a person has made sure of, where nothing else proves that the old site writes no more. */
export interface FencingConfirmed {
  readonly by: string;
  readonly text: string;
}
