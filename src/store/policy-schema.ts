import type { ColumnType, Generated } from "kysely";
import type { Remediation } from "../domain/policy/remediation.ts";
import type { Requirement } from "../domain/policy/rule.ts";
import type { DefaultTime, Json, OptionalJson, OptionalTime, Time } from "./schema.ts";

export interface PolicyTable {
  policy_id: string;
  name: string;
  type: string;
  severity: string;
  description: string;
  scope: string;
  requirement: Json<Requirement>;
  actions: string[];
  remedy: string;
  remediation: OptionalJson<Remediation>;
  source: string | null;
  pack: string | null;
  enabled: ColumnType<boolean, boolean | undefined, boolean>;
  version: ColumnType<number, number | undefined, number>;
  created_by: string;
  created_at: DefaultTime;
  updated_at: DefaultTime;
  judged_at: OptionalTime;
  judged: number | null;
  unknown: number | null;
}

export interface PolicyExemptionTable {
  exemption_id: string;
  policy_id: string;
  scope: string;
  owner: string;
  reason: string;
  expires_at: Time;
  created_by: string;
  created_at: DefaultTime;
  revoked_at: OptionalTime;
}

export interface PolicyApprovalTable {
  approval_id: string;
  policy_id: string;
  most: number;
  reason: string;
  expires_at: Time;
  approved_by: string;
  created_at: DefaultTime;
  revoked_at: OptionalTime;
}

export interface PolicyFindingTable {
  finding_id: Generated<number>;
  policy_id: string;
  site: string;
  kind: string;
  resource_id: string;
  name: string;
  state: string;
  exemption_id: string | null;
  first_seen_at: Time;
  last_seen_at: OptionalTime;
  resolved_at: OptionalTime;
  told: string | null;
}

export interface PolicyScanTable {
  scan_id: string;
  workflow_id: string;
  state: string;
  reason: string | null;
  asked_by: string;
  started_at: Time;
  ended_at: OptionalTime;
}

export interface PolicyScanResultTable {
  scan_id: string;
  policy_id: string;
  judged: number;
  violations: number;
  exempt: number;
  unknown: number;
  opened: number;
  resolved: number;
}
