export interface LookAfterGroupsInput {
  /** How long one activity looks after them before the next one, in a run of its own, takes over. */
  readonly roundMs: number;
}
