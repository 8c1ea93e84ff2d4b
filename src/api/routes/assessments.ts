import type { AssessmentView, VmAssessment } from "../../domain/assessment.ts";
import { type Access, type Answer, type Route, route } from "../route.ts";
import {
  assessmentBody,
  assessmentListQuery,
  assessmentListSchema,
  assessmentSchema,
  assessmentVmsSchema,
} from "../schemas/assessment.ts";
import { startAssessment } from "../start-assessment.ts";
import { type ApiContext, defaultPageSize, idParams, notFound } from "./context.ts";

export function assessmentRoutes(context: ApiContext): readonly Route[] {
  const { store } = context;
  return [
    route({
      method: "post",
      path: "/v1/assessments",
      operationId: "startAssessment",
      tag: "assessments",
      summary: "Find out which VMs of a site could go to another one, in which order, and what that takes",
      description: "Changes nothing. Every VM's move is planned; each plan is kept and can be carried out as it is.",
      permission: "plans:write",
      actor: "signed-in",
      audit: "assessment.start",
      duringFreeze: true,
      idempotent: true,
      body: assessmentBody,
      responses: {
        202: {
          description: "Started; it goes on whatever happens to the caller",
          schema: assessmentSchema,
          headers: { Location: "Where the assessment is" },
        },
      },
      async handle({ body, access, actor, stableId }): Promise<Answer> {
        const made = await startAssessment(context, { access, actor }, stableId("assessment"), body);
        const { assessmentId, workflowId, vms, state } = made;
        const headers = { Location: `/v1/assessments/${assessmentId}` };
        return { status: 202, body: made, headers, workflowId, after: { assessmentId, vms, state } };
      },
    }),
    route({
      method: "get",
      path: "/v1/assessments",
      operationId: "listAssessments",
      tag: "assessments",
      summary: "Assessments without their reports, the newest first",
      permission: "plans:read",
      actor: "signed-in",
      audit: undefined,
      query: assessmentListQuery,
      responses: { 200: { description: "One page", schema: assessmentListSchema } },
      async handle({ query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        return { status: 200, body: await store.assessments.list({ ...query, limit, scopes: access.scopes }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/assessments/{id}",
      operationId: "getAssessment",
      tag: "assessments",
      summary: "Where an assessment stands, and its report",
      permission: "plans:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The assessment", schema: assessmentSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return { status: 200, body: (await known(context, access, id)).assessment };
      },
    }),
    route({
      method: "get",
      path: "/v1/assessments/{id}/vms",
      operationId: "listAssessedVms",
      tag: "assessments",
      summary: "What was found of each VM so far",
      permission: "plans:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "All of them, in the order of their names", schema: assessmentVmsSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return { status: 200, body: { items: (await known(context, access, id)).vms } };
      },
    }),
  ];
}

async function known(
  { store }: ApiContext,
  access: Access,
  id: string,
): Promise<{ assessment: AssessmentView; vms: readonly VmAssessment[] }> {
  const found = await store.assessments.getScoped(id);
  if (!found || !access.covers(found.subjects)) throw notFound("assessment", id, "GET /v1/assessments lists them.");
  return found;
}
