export interface ScanPoliciesInput {
  /** Absent in what a schedule starts: the run's own id. */
  readonly scanId?: string;
  readonly askedBy: string;
}

export interface ScanPoliciesResult {
  readonly scanId: string;
  readonly policies: number;
  readonly violations: number;
  readonly opened: number;
  /** Policies whose findings a standing approval lets be mended, and why that was not begun or not carried out. */
  readonly unmended?: readonly UnmendedPolicy[];
}

export interface UnmendedPolicy {
  readonly policyId: string;
  readonly reason: string;
}
