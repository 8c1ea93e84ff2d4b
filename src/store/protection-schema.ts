import type { ColumnType, Generated } from "kysely";
import type { Consistency } from "../domain/consistency.ts";
import type { GroupPointVm, Suspicion } from "../domain/group-point.ts";
import type { Takeover } from "../domain/protection.ts";
import type { ProtectionPolicy } from "../domain/protection-policy.ts";
import type { DefaultTime, Json, OptionalJson, OptionalTime, Tags, Time } from "./schema.ts";

export interface ProtectionGroupTable {
  group_id: string;
  name: string;
  workflow_id: string;
  policy: Json<ProtectionPolicy>;
  state: string;
  epoch: Generated<number>;
  writable_site: string | null;
  current_site: string;
  replicates_to: string | null;
  takeover: OptionalJson<Takeover>;
  recovery_plan_id: string | null;
  unprotected_since: OptionalTime;
  created_by: string;
  created_at: DefaultTime;
  updated_at: DefaultTime;
  started_at: OptionalTime;
  last_sequence: Generated<number>;
}

export interface ProtectionMemberTable {
  group_id: string;
  position: number;
  vm_name: string;
  vm_id: string;
  tags: Tags;
  plan_id: string | null;
  plan_version: string | null;
  problem: string | null;
}

export interface GroupPointTable {
  point_id: string;
  group_id: string;
  sequence: number;
  kind: string;
  state: string;
  epoch: number;
  from_site: string;
  to_site: string;
  taken_at: OptionalTime;
  spread_ms: number | null;
  together: boolean | null;
  consistency: OptionalJson<Consistency>;
  proven_at: OptionalTime;
  verified_at: OptionalTime;
  suspicion: OptionalJson<Suspicion>;
  held_because: string | null;
  reason: string | null;
  bytes_copied: Generated<number>;
  entropy: number | null;
  vms: ColumnType<GroupPointVm[], string | undefined, string>;
  removed_at: OptionalTime;
  created_at: DefaultTime;
}

export interface ProtectionEventTable {
  group_id: string;
  sequence: number;
  at: Time;
  type: string;
  message: string;
  data: Json<Record<string, unknown>>;
  dedupe_key: string | null;
}
