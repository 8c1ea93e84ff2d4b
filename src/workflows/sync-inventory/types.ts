export interface SyncInventoryInput {
  readonly site: string;
}

export interface SyncInventoryResult {
  readonly site: string;
  readonly vms: number;
}
