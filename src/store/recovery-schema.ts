import type { Generated } from "kysely";
import type { RecoveryPlanContent } from "../domain/recovery-plan.ts";
import type { RecoveryReport, RecoveryRun, RecoveryStepRecord } from "../domain/recovery-run.ts";
import type { DefaultTime, OptionalJson, OptionalTime, Time } from "./schema.ts";

export interface RecoveryPlanTable {
  group_id: string;
  version: number;
  content: OptionalJson<RecoveryPlanContent>;
  created_by: string;
  created_at: DefaultTime;
}

export interface RecoveryRunTable {
  run_id: string;
  group_id: string;
  workflow_id: string;
  plan_id: string;
  mode: string;
  reason: string;
  from_site: string;
  to_site: string;
  recovery_plan_version: number | null;
  state: Generated<string>;
  waits_for: string | null;
  report: OptionalJson<RecoveryReport>;
  problem: OptionalJson<NonNullable<RecoveryRun["problem"]>>;
  created_by: string;
  created_at: DefaultTime;
  ended_at: OptionalTime;
}

export interface RecoveryStepTable {
  run_id: string;
  position: number;
  step: string;
  detail: string;
  boot_group: string | null;
  vm: string | null;
  state: string;
  started_at: Time;
  ended_at: OptionalTime;
  outcome: string | null;
  problem: OptionalJson<NonNullable<RecoveryStepRecord["problem"]>>;
}
