export interface WatchInventoryInput {
  readonly site: string;
  /** How long one activity listens before the next one, in a run of its own, takes over. */
  readonly roundMs: number;
  /** Until another try after a failure that the activity could not get over by itself. */
  readonly pauseMs: number;
}
