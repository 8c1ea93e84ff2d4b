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
}
