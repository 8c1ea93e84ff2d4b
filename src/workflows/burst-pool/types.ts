export interface BurstPoolInput {
  readonly poolId: string;
  /** Leases whose runs the run before began. */
  readonly begun?: readonly string[];
}
