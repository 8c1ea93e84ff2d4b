import type { Generated } from "kysely";
import type { WaveGroup } from "../domain/wave.ts";
import type { DefaultTime, Json, OptionalTime, Tags } from "./schema.ts";

export interface WaveTable {
  wave_id: string;
  name: string;
  plan_id: string;
  workflow_id: string;
  state: string;
  parallel: number | null;
  groups: Json<readonly WaveGroup[]>;
  created_at: DefaultTime;
  updated_at: DefaultTime;
  started_at: OptionalTime;
  ended_at: OptionalTime;
}

export interface WaveMemberTable {
  wave_id: string;
  position: number;
  group_name: string;
  migration_id: string;
  vm_name: string;
  source_vm_id: string;
  from_site: string;
  to_site: string;
  tags: Tags;
  state: string;
  reason: string | null;
  bytes_to_move: Generated<number>;
  started_at: OptionalTime;
  ended_at: OptionalTime;
}
