import type { ScopedResource } from "../domain/access.ts";
import type { OperationProblem } from "../domain/operation.ts";
import type { DefaultTime, Json, OptionalJson, OptionalTime } from "./schema.ts";

export interface OperationTable {
  operation_id: string;
  plan_id: string;
  workflow_id: string;
  kind: string;
  state: string;
  total: number;
  subjects: Json<ScopedResource[]>;
  created_by: string;
  created_at: DefaultTime;
  ended_at: OptionalTime;
}

export interface OperationItemTable {
  operation_id: string;
  item: number;
  site: string;
  name: string;
  vm_id: string | null;
  state: string;
  step: string | null;
  problem: OptionalJson<OperationProblem>;
  started_at: OptionalTime;
  ended_at: OptionalTime;
}
