export interface BurstLeaseInput {
  readonly leaseId: string;
}
