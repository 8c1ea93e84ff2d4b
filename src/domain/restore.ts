import type { MigrationProblem, VerifyOptions } from "./migration.ts";

/** Bringing one VM, or files of one, back out of a recovery point of its protection group. Neither the point nor the VM that
 *  it is of is touched. */

/** What a person asks for. */
export interface RestoreRequest {
  readonly groupId: string;
  /** Name or id, as the group had it at the point's moment. */
  readonly vm: string;
  /** Default the newest whole one that is not suspect. */
  readonly pointId?: string;
  /** The newest one from no later than that (ISO 8601 UTC). */
  readonly before?: string;
  readonly suspectToo?: boolean;
  /** Default where the point lies. */
  readonly to?: string;
  /** Of the new VM; default the old one's with `-restored`. */
  readonly name?: string;
  readonly instanceType?: string;
  /** Network id as the VM had it → one at the site. */
  readonly networkMap?: Readonly<Record<string, string>>;
  /** Whether it is started and proven. Default true, except at the site where its group serves: there the VM that it is a
   *  copy of may run. */
  readonly start?: boolean;
  readonly verify?: VerifyOptions;
  /** Bytes per second; shared by all moves of the link. */
  readonly bandwidthBytesPerSecond?: number;
}

export const restorePlanKind = "restore-vm";

/** `undoing`: it failed or was cancelled, and what it made is removed. */
export const restoreStates = ["running", "undoing", "done", "failed", "cancelled"] as const;
export type RestoreState = (typeof restoreStates)[number];
export const endedRestoreStates = ["done", "failed", "cancelled"] as const satisfies readonly RestoreState[];

export function isRestoreEnded(state: RestoreState): boolean {
  return (endedRestoreStates as readonly RestoreState[]).includes(state);
}

/** `fetch`: the disks come to the site, or are found there. `prove`: every byte is read again and held against its hash. */
export const restoreSteps = ["fetch", "prove", "prepare", "clone", "create", "verify"] as const;
export type RestoreStep = (typeof restoreSteps)[number];

/** What is known of it so far. */
export interface RestoreReport {
  /** The moment that the disks show. */
  readonly pointTakenAt?: string;
  readonly bytesCopied?: number;
  readonly bytesReread?: number;
  /** At the site where it was restored. */
  readonly vmId?: string;
  readonly boot?: { readonly proven: boolean; readonly evidence?: string; readonly reason?: string };
  readonly steps?: readonly { readonly step: RestoreStep; readonly seconds: number }[];
  readonly problem?: MigrationProblem;
}

export interface RestoreView extends RestoreReport {
  readonly restoreId: string;
  readonly planId: string;
  readonly workflowId: string;
  readonly groupId: string;
  readonly pointId: string;
  readonly vmName: string;
  /** Where the point lies. */
  readonly from: string;
  readonly to: string;
  readonly state: RestoreState;
  readonly step?: RestoreStep;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly endedAt?: string;
}

export function restoreWorkflowId(restoreId: string): string {
  return `restore/${restoreId}`;
}
