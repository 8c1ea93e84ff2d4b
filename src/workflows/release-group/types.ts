export interface ReleaseGroupInput {
  readonly groupId: string;
  /** Of this request: a repeat is the same one. */
  readonly key: string;
  /** Who says so. */
  readonly by: string;
  /** What they made sure of, in their words. */
  readonly madeSureOf: string;
}

export interface ReleaseGroupResult {
  readonly site: string;
  /** Which are held by nothing of the group any more; they stay off. */
  readonly vmIds: readonly string[];
}
