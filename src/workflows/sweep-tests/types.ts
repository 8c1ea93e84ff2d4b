export interface SweepTestsResult {
  /** Ids of tests. */
  readonly removed: readonly string[];
}
