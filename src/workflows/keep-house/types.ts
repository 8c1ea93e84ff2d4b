export interface KeepHouseInput {
  /** How long it is kept what resources were before they changed or went. */
  readonly historyMs: number;
  /** How long lines of logs are kept. Absent in what a schedule of an earlier version says: all are kept. */
  readonly logsMs?: number;
}

export interface KeepHouseResult {
  readonly historyRows: number;
  readonly logLines?: number;
  /** Days and months of figures that were summed up or dropped. */
  readonly thinned?: number;
}
