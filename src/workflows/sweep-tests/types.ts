export interface SweepTestsResult {
  /** Ids of tests. */
  readonly removed: readonly string[];
  /** Those that could not be removed now. */
  readonly failed: readonly string[];
}
