import type { Cost } from "./prices.ts";

/** A failover, a planned failover or a drill of a protection group, and what was measured of it. */

/** `failover`: the site is lost, and its newest point is taken. `switchover`: the VMs are stopped and the last difference is
 *  moved, so that nothing is lost. `drill`: clones in a network of their own, while everything goes on. */
export const recoveryModes = ["failover", "switchover", "drill"] as const;
export type RecoveryMode = (typeof recoveryModes)[number];

/** What a person asks for. */
export interface RecoveryRequest {
  readonly groupId: string;
  /** The group's as it was decided on: of a group that was failed over since, nothing is done. */
  readonly epoch?: number;
  readonly mode: RecoveryMode;
  /** Why: it is kept with the run and in the audit trail. */
  readonly reason: string;
  /** A point instead of the newest; not of a planned failover. */
  readonly pointId?: string;
  /** The newest point that is no later than this. */
  readonly before?: string;
  /** Also points that may show what an attacker left. */
  readonly suspectToo?: boolean;
  /** Of a planned one: how long a guest may take to shut down before it is turned off. Default the configuration's. */
  readonly stopGraceMs?: number;
  /** When the outage began, where that is known; what is lost is counted from then. */
  readonly outageAt?: string;
}

export const recoveryKind = "recover-group";

/** `running`. `waiting`: a manual step waits for a person. `attention`: a step failed after the old site was fenced; a person
 *  says whether it is tried again or given up. `undoing`: what it made is removed. The others are its ends. */
export const recoveryStates = ["running", "waiting", "attention", "undoing", "done", "failed", "given-up"] as const;
export type RecoveryState = (typeof recoveryStates)[number];
export const endedRecoveryStates = ["done", "failed", "given-up"] as const satisfies readonly RecoveryState[];

export const recoveryStepStates = ["running", "done", "failed", "passed-over"] as const;
export type RecoveryStepState = (typeof recoveryStepStates)[number];

/** What a run did or does, with its times: the story that the report is written from. */
export interface RecoveryStepRecord {
  /** In the run, from 0, in the order of their beginning. */
  readonly position: number;
  /** `verify-site`, `fence`, `freeze-point`, `recover-vm`, `manual`, … */
  readonly step: string;
  /** For a person. */
  readonly detail: string;
  readonly bootGroup?: string;
  readonly vm?: string;
  readonly state: RecoveryStepState;
  readonly startedAt: string;
  readonly endedAt?: string;
  /** What came of it: a VM's id, a record as it is, who did it. */
  readonly outcome?: string;
  readonly problem?: { readonly code: string; readonly message: string };
}

/** One VM that a run brought up. */
export interface RecoveredVm {
  readonly position: number;
  readonly vm: string;
  readonly bootGroup: string;
  readonly vmId: string;
  readonly instanceType?: string;
  /** From the decision until it was proven. */
  readonly provenAfterSeconds: number;
  readonly bootProven: boolean;
}

/** What was measured. Nothing in it is estimated but the cost, which says so. */
export interface RecoveryReport {
  /** From the decision until users were led to the group and the last probe passed. */
  readonly rtoSeconds: number;
  readonly rtoObjectiveSeconds: number;
  /** From the moment that the point shows to the outage (where nobody knows when it began: until nothing could write at the old
   *  site any more): at most so much was lost. 0 of a planned failover, whose point was taken of stopped VMs. */
  readonly rpoSeconds: number;
  readonly rpoObjectiveSeconds: number;
  readonly pointId: string;
  readonly pointTakenAt: string;
  readonly vms: readonly RecoveredVm[];
  /** By the prices of the sizes, for the time that a drill's VMs ran; absent where they have none. */
  readonly cost?: Cost;
  /** What a drill left at the site when it had ended; counted, and always 0 of one that passed. */
  readonly leftOver?: number;
}

export interface RecoveryRun {
  readonly runId: string;
  readonly groupId: string;
  readonly workflowId: string;
  readonly planId: string;
  readonly mode: RecoveryMode;
  readonly reason: string;
  readonly from: string;
  readonly to: string;
  readonly state: RecoveryState;
  /** The manual step that waits, or the one that needs attention. */
  readonly waitsFor?: string;
  readonly report?: RecoveryReport;
  readonly problem?: {
    readonly code: string;
    readonly message: string;
    readonly leftBehind?: readonly { readonly resource: string; readonly remove: string }[];
  };
  readonly createdBy: string;
  readonly createdAt: string;
  readonly endedAt?: string;
}

export function isRecoveryEnded(state: RecoveryState): boolean {
  return (endedRecoveryStates as readonly RecoveryState[]).includes(state);
}

/** `untested`: there was no drill of this version. `ready`: the newest one passed, and is not too old. `degraded`: it failed,
 *  or is too old. */
export const readinessStates = ["untested", "ready", "degraded"] as const;
export type Readiness = (typeof readinessStates)[number];

export interface PlanReadiness {
  readonly state: Readiness;
  /** A sentence. */
  readonly because: string;
  readonly lastDrillAt?: string;
}

/** How far a plan can be trusted, by its newest drill that ended. */
export function readinessOf(
  newest: Pick<RecoveryRun, "state" | "endedAt" | "problem"> | undefined,
  { maxAgeSeconds, nowMs }: { readonly maxAgeSeconds: number; readonly nowMs: number },
): PlanReadiness {
  if (!newest?.endedAt) return { state: "untested", because: "There was no drill of it" };
  const { state, endedAt: lastDrillAt, problem } = newest;
  if (state !== "done") {
    const because = `The newest drill failed${problem ? `: ${problem.message}` : ""}`;
    return { state: "degraded", because, lastDrillAt };
  }
  const ageSeconds = (nowMs - Date.parse(lastDrillAt)) / 1000;
  if (ageSeconds > maxAgeSeconds) {
    const days = (seconds: number) => (seconds / 86_400).toFixed(1);
    const because = `The newest drill is ${days(ageSeconds)} days old, and may be ${days(maxAgeSeconds)}`;
    return { state: "degraded", because, lastDrillAt };
  }
  return { state: "ready", because: "The newest drill passed", lastDrillAt };
}

/** One failover of a group at a time; drills go on beside it, and beside each other. */
export function recoveryWorkflowId(mode: RecoveryMode, groupId: string, runId: string): string {
  return mode === "drill" ? `drill/${runId}` : `failover/${groupId}`;
}
