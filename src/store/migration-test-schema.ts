import type { TestReport } from "../domain/migration-test.ts";
import type { DefaultTime, Json, OptionalTime, Tags, Time } from "./schema.ts";

export interface MigrationTestTable {
  test_id: string;
  plan_id: string;
  workflow_id: string;
  migration_id: string | null;
  vm_name: string;
  source_vm_id: string;
  from_site: string;
  to_site: string;
  tags: Tags;
  state: string;
  step: string | null;
  report: Json<TestReport>;
  expires_at: Time;
  created_by: string;
  created_at: DefaultTime;
  ended_at: OptionalTime;
}
