import type { RestoreState } from "../../domain/restore.ts";

export interface RestoreVmInput {
  readonly restoreId: string;
  readonly planId: string;
  /** The hash that was approved; a plan with another one is refused. */
  readonly planHash: string;
}

export interface RestoreVmResult {
  readonly restoreId: string;
  readonly state: RestoreState;
  /** At the site where it was restored. */
  readonly vmId?: string;
}
