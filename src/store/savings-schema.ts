import type { Finding, SavingsTotals } from "../domain/savings/recommendation.ts";
import type { SavingsSettings } from "../domain/savings/settings.ts";
import type { Json, OptionalJson, OptionalTime, Tags } from "./schema.ts";

export interface SavingsAnalysisTable {
  analysis_id: string;
  state: string;
  reason: string | null;
  settings: Json<SavingsSettings>;
  totals: OptionalJson<SavingsTotals>;
  started_at: string;
  ended_at: OptionalTime;
}

export interface SavingsFindingTable {
  analysis_id: string;
  finding_id: string;
  site: string;
  tags: Tags;
  type: string | null;
  current_micros: number;
  saving_micros: number;
  document: Json<Finding>;
}
