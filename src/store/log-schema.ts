import type { GeneratedAlways } from "kysely";
import type { Json, Time } from "./schema.ts";

export interface LogLineTable {
  sequence: GeneratedAlways<number>;
  at: Time;
  level: number;
  process: string;
  message: string;
  trace_id: string | null;
  request_id: string | null;
  workflow_id: string | null;
  run_id: string | null;
  activity: string | null;
  attempt: number | null;
  site: string | null;
  vm_id: string | null;
  facts: Json<Record<string, unknown>>;
}
