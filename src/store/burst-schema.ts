import type { ColumnType, Generated } from "kysely";
import type { BurstCandidate, BurstDecisionRecord, BurstLease, BurstSettings } from "../domain/burst.ts";
import type { BurstOffer } from "../domain/burst-offers.ts";
import type { DefaultTime, Json, OptionalTime, Tags, Time } from "./schema.ts";

type JsonList<T> = ColumnType<T[], string | undefined, string>;

export interface BurstPoolTable {
  pool_id: string;
  name: string;
  site: string;
  settings: Json<BurstSettings>;
  tags: Tags;
  ordered: Generated<number>;
  state: Generated<string>;
  created_by: string;
  created_at: DefaultTime;
  deleted_at: OptionalTime;
}

export interface BurstDecisionTable {
  decision_id: Generated<number>;
  pool_id: string;
  began_at: Time;
  ended_at: Time;
  looks: Generated<number>;
  action: string;
  reason: string;
  wanted: number;
  have: number;
  detail: string;
  readings: JsonList<BurstDecisionRecord["readings"][number]>;
  candidates: JsonList<BurstCandidate>;
}

export interface BurstLeaseTable {
  lease_id: string;
  pool_id: string;
  owner: string;
  state: Generated<string>;
  vm_name: string;
  site: string | null;
  vm_id: string | null;
  target_id: string | null;
  instance_type: string | null;
  capacity_type: string | null;
  hourly_micros: number | null;
  currency: string | null;
  budget_micros: number | null;
  deadline: Time;
  run_id: string | null;
  leave_reason: string | null;
  offers: JsonList<BurstOffer>;
  steps: JsonList<BurstLease["steps"][number]>;
  problems: JsonList<BurstLease["problems"][number]>;
  ordered_at: DefaultTime;
  serving_at: OptionalTime;
  ended_at: OptionalTime;
}

export interface BurstBackOffTable {
  site: string;
  instance_type: string;
  capacity_type: string;
  until: Time;
  failures: number;
  code: string;
}
