export interface RotateTunnelKeysInput {
  readonly connectionId: string;
}

export interface RotateTunnelKeysResult {
  readonly connectionId: string;
  /** Of the keys that are in use now. */
  readonly generation: number;
}
