export interface DisconnectSitesInput {
  readonly connectionId: string;
}

export interface DisconnectSitesResult {
  readonly connectionId: string;
}
