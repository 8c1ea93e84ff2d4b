export interface WatchAlertsInput {
  /** How long one activity looks before the next one, in a run of its own, takes over. */
  readonly roundMs: number;
  /** Until another try after a failure that the activity could not get over by itself. */
  readonly pauseMs: number;
  /** How long the first of a group waits for others. Absent: half a minute. */
  readonly groupWaitMs?: number;
}
