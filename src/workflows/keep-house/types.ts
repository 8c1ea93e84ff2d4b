export interface KeepHouseInput {
  /** How long it is kept what resources were before they changed or went. */
  readonly historyMs: number;
}

export interface KeepHouseResult {
  readonly historyRows: number;
}
