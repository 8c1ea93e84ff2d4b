import type { ControlPlaneClaim } from "../domain/control-plane.ts";
import type { DefaultTime, OptionalJson, OptionalTime } from "./schema.ts";

export interface ControlPlaneTable {
  single: boolean;
  installation_id: string;
  holder_id: string;
  epoch: number;
  seen_at: OptionalTime;
  superseded_by: OptionalJson<ControlPlaneClaim>;
  rebuilt_at: OptionalTime;
}

export interface ControlPlanePlaceTable {
  site: string;
  backup_id: string | null;
  taken_at: OptionalTime;
  proven_at: OptionalTime;
  bytes: number | null;
  rows: number | null;
  kept: number | null;
  took_ms: number | null;
  tried_at: DefaultTime;
  problem: string | null;
}

export interface InterruptedRunTable {
  workflow_id: string;
  kind: string;
  subject: string;
  state: string;
  outcome: string;
  advice: string | null;
  at: DefaultTime;
}
