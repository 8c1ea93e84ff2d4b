import type { RestoreReport } from "../domain/restore.ts";
import type { DefaultTime, Json, OptionalTime, Tags } from "./schema.ts";

export interface RestoreTable {
  restore_id: string;
  plan_id: string;
  workflow_id: string;
  group_id: string;
  point_id: string;
  vm_name: string;
  from_site: string;
  to_site: string;
  tags: Tags;
  state: string;
  step: string | null;
  report: Json<RestoreReport>;
  created_by: string;
  created_at: DefaultTime;
  ended_at: OptionalTime;
}

export interface FilePipeTable {
  pipe_id: string;
  sequence: number;
  bytes: Buffer;
  created_at: DefaultTime;
}
