export const censusKinds = [
  "vm",
  "volume",
  "recovery-point",
  "generation",
  "source-point",
  "network",
  "export",
  "image",
  "snapshot",
  "security-group",
  "address",
  "bucket",
  "upload",
  "alarm",
] as const;
export type CensusKind = (typeof censusKinds)[number];

/** A resource at a site that exists because of us. */
export interface CensusRow {
  readonly site: string;
  readonly kind: CensusKind;
  readonly id: string;
  readonly name?: string;
  /** The migration it belongs to, where it says so. */
  readonly migrationId?: string;
  readonly tags: Readonly<Record<string, string>>;
}
