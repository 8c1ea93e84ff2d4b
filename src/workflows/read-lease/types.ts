export interface ReadLeaseInput {
  readonly groupId: string;
  /** The site that it lies at. */
  readonly at: string;
}
