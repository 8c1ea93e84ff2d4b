export interface CollectMetricsInput {
  readonly site: string;
  /** How long one activity reads before the next one, in a run of its own, takes over. */
  readonly roundMs: number;
  /** Until another try after a failure that the activity could not get over by itself. */
  readonly pauseMs: number;
}
