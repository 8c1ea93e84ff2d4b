import type { MoveMode } from "./migration.ts";
import type { PlanCheck } from "./plan.ts";
import type { Cost } from "./prices.ts";

/** `blocking`: it can't move as it is. `warning`: it can, and something should be known before. */
export const readinessLevels = ["ready", "warning", "blocking"] as const;
export type Readiness = (typeof readinessLevels)[number];

export const assessmentStates = ["running", "completed", "failed"] as const;
export type AssessmentState = (typeof assessmentStates)[number];

/** What an assessment is asked for: which VMs of a site, and where they might go. */
export interface AssessmentRequest {
  readonly from: string;
  readonly to: string;
  /** A search of the inventory; default everything of the site. */
  readonly query?: string;
  /** How they would move. Default as the configuration says. */
  readonly mode?: MoveMode;
  /** Who talks to whom, as CSV with a head line: columns `from`, `to`, and `port`, `bytes` where they are known. */
  readonly flows?: string;
  /** At most so many VMs in a proposed wave, unless more of them talk to each other. Default 10. */
  readonly waveSize?: number;
}

/** One VM, ready to be looked at. */
export interface AssessedVm {
  readonly position: number;
  readonly vmId: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** What the plan of its move says of one VM. */
export interface VmAssessment {
  readonly vmId: string;
  readonly name: string;
  readonly readiness: Readiness;
  /** What is not as it should be, each with its remedy. */
  readonly findings: readonly PlanCheck[];
  /** Of the plan that could be carried out as it is; absent where none could be made. */
  readonly planId?: string;
  readonly bytesToMove?: number;
  readonly seconds?: number;
  readonly downtimeSeconds?: number;
  readonly monthly?: Cost;
  readonly egress?: Cost;
}

/** Traffic between two of the VMs, in either direction, or between one of them and something else. */
export interface Conversation {
  readonly vmId: string;
  readonly vm: string;
  /** Of another VM. */
  readonly peerId?: string;
  /** Another VM's name, or what is none as it was written. */
  readonly peer: string;
  readonly ports: readonly number[];
  /** Absent where no record says. */
  readonly bytes?: number;
}

/** VMs that should move together, and after those of the waves before. */
export interface ProposedWave {
  readonly wave: number;
  readonly vms: readonly string[];
  readonly vmIds: readonly string[];
  readonly why: string;
  readonly bytesToMove: number;
  /** Played through with as many at once as the configuration allows. */
  readonly seconds: number;
  /** What speaks against it as a whole: no room at the target for all, traffic with what stays behind. */
  readonly findings: readonly PlanCheck[];
}

export interface AssessmentTotals {
  readonly vms: number;
  readonly ready: number;
  readonly warning: number;
  readonly blocking: number;
  /** Of those that can move. */
  readonly bytesToMove: number;
  /** Of all waves, one after the other. */
  readonly seconds: number;
  readonly longestDowntimeSeconds: number;
  readonly monthly?: Cost;
  readonly egress?: Cost;
  /** VMs that can move and of which nothing has a price: the sums know nothing of them. */
  readonly withoutPrice: number;
}

export interface AssessmentReport {
  readonly totals: AssessmentTotals;
  readonly waves: readonly ProposedWave[];
  readonly conversations: readonly Conversation[];
  /** With what is none of the VMs: it has to be reachable from the new site too. */
  readonly outside: readonly Conversation[];
  /** Absent where none were given: nothing is known of who talks to whom then. */
  readonly flowRecords?: { readonly read: number; readonly ofVms: number };
}

export interface AssessmentView {
  readonly assessmentId: string;
  readonly from: string;
  readonly to: string;
  readonly query?: string;
  readonly workflowId: string;
  readonly state: AssessmentState;
  /** Why it failed. */
  readonly reason?: string;
  readonly vms: number;
  readonly assessed: number;
  readonly createdAt: string;
  readonly endedAt?: string;
  /** Once it is completed. */
  readonly report?: AssessmentReport;
}
