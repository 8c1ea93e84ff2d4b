import type { CostFormat } from "../../domain/cost.ts";

export interface ImportCostsInput {
  readonly importId: string;
  /** Absent takes what was uploaded for the import. */
  readonly objects?: {
    readonly site: string;
    readonly bucket: string;
    readonly prefix: string;
  };
  readonly format?: CostFormat;
}
