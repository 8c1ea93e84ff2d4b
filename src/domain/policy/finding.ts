import type { ResourceKind } from "../resource.ts";
import type { PolicyType, Severity } from "./policy.ts";

export const findingStates = ["open", "exempt", "resolved"] as const;
export type FindingState = (typeof findingStates)[number];

/** A resource that breaks a policy, from when that was first seen until it isn't so any more. */
export interface Finding {
  readonly findingId: string;
  readonly policyId: string;
  readonly policy: string;
  readonly type: PolicyType;
  readonly severity: Severity;
  readonly site: string;
  readonly kind: ResourceKind;
  readonly resourceId: string;
  readonly name: string;
  readonly state: FindingState;
  readonly exemptionId?: string;
  readonly firstSeenAt: string;
  /** Of an open one: the policy's newest scan. */
  readonly lastSeenAt: string;
  readonly resolvedAt?: string;
}

/** What a scan (or a dry run) said of one policy. */
export interface JudgedCounts {
  /** Resources that it is about. */
  readonly judged: number;
  readonly violations: number;
  readonly exempt: number;
  /** Of which something that the rule asks of is not known. */
  readonly unknown: number;
}

export interface PolicyResult extends JudgedCounts {
  readonly policyId: string;
  readonly policy: string;
  readonly severity: Severity;
  readonly opened: number;
  readonly resolved: number;
}

export const scanStates = ["running", "done", "failed"] as const;
export type ScanState = (typeof scanStates)[number];

export interface ScanView {
  readonly scanId: string;
  readonly workflowId: string;
  readonly state: ScanState;
  readonly reason?: string;
  readonly askedBy: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly results: readonly PolicyResult[];
}

/** Somebody's word beforehand that findings of a policy may be mended. */
export interface StandingApproval {
  readonly approvalId: string;
  readonly policyId: string;
  /** Resources in one run at most. */
  readonly most: number;
  readonly reason: string;
  readonly expiresAt: string;
  readonly approvedBy: string;
  readonly createdAt: string;
  readonly revokedAt?: string;
}
