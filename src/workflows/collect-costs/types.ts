export interface CollectCostsInput {
  readonly site: string;
  /** Billing months, `2026-11`. Default: this one, and the one before while that is still being corrected. */
  readonly months?: readonly string[];
}

export interface CollectCostsResult {
  readonly months: readonly { readonly month: string; readonly rows: number; readonly changed: boolean }[];
}
