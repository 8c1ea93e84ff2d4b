export interface BackUpControlPlaneInput {
  /** Each gets a backup of its own; one that is away keeps none of the others from theirs. */
  readonly sites: readonly string[];
}

export interface BackUpControlPlaneResult {
  readonly backups: readonly { readonly site: string; readonly backupId: string }[];
}
