import type { AssessmentReport, AssessmentRequest, VmAssessment } from "../domain/assessment.ts";
import type { DefaultTime, Json, OptionalJson, OptionalTime, Tags } from "./schema.ts";

export interface AssessmentTable {
  assessment_id: string;
  from_site: string;
  to_site: string;
  request: Json<AssessmentRequest>;
  requester: string;
  workflow_id: string;
  state: string;
  reason: string | null;
  report: OptionalJson<AssessmentReport>;
  created_at: DefaultTime;
  started_at: OptionalTime;
  ended_at: OptionalTime;
}

export interface AssessmentVmTable {
  assessment_id: string;
  position: number;
  vm_id: string;
  vm_name: string;
  tags: Tags;
  outcome: OptionalJson<VmAssessment>;
}
