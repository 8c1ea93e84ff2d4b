import type { Budget } from "../domain/budget.ts";
import type { CostFinding } from "../domain/cost.ts";
import type { StatedForecast } from "../domain/cost-forecast.ts";
import type { DefaultTime, Json, OptionalJson, OptionalTime } from "./schema.ts";

export interface CostSourceTable {
  source_id: string;
  provider: string;
  site: string | null;
  created_at: DefaultTime;
}

export interface CostImportTable {
  import_id: string;
  source_id: string;
  provider: string;
  site: string | null;
  part: string;
  format: string | null;
  file_name: string | null;
  state: string;
  message: string | null;
  bytes: number;
  rows: number;
  months: Json<readonly string[]>;
  findings: Json<readonly CostFinding[]>;
  created_by: string;
  created_at: DefaultTime;
  ended_at: OptionalTime;
}

export interface CostUploadTable {
  import_id: string;
  sequence: number;
  bytes: Buffer;
}

export interface CostSegmentTable {
  segment_id: string;
  source_id: string;
  billing_month: string;
  part: string;
  import_id: string;
  content_hash: string;
  charges_from: string;
  charges_to: string;
  rows: number;
  bytes: number;
  imported_at: DefaultTime;
}

export interface CostSegmentChunkTable {
  segment_id: string;
  sequence: number;
  bytes: Buffer;
}

export interface ExchangeRateTable {
  from_currency: string;
  to_currency: string;
  month: string;
  rate: number;
  source: string;
  set_at: DefaultTime;
}

export interface CostStatementTable {
  source_id: string;
  month: string;
  currency: string;
  micros: number;
  said_by: string;
  said_at: DefaultTime;
}

export interface CostForecastTable {
  site: string;
  said_by: string;
  currency: string;
  days: Json<StatedForecast["days"]>;
  level: number | null;
  said_at: DefaultTime;
}

export interface BudgetTable {
  budget_id: string;
  name: string;
  where_text: string;
  micros: number;
  currency: string;
  period: string;
  cost: string;
  warn_at: Json<Budget["warnAt"]>;
  created_by: string;
  created_at: DefaultTime;
}

export interface SplitRuleTable {
  rule_id: string;
  name: string;
  where_text: string;
  method: string;
  weights: OptionalJson<Readonly<Record<string, number>>>;
  among: OptionalJson<readonly string[]>;
  created_by: string;
  created_at: DefaultTime;
}
