import type { MigrationRequest } from "../../domain/migration.ts";
import { fromWire } from "../../domain/wire.ts";
import { type Answer, route } from "../route.ts";
import { planBody, planSchema } from "../schemas/plan.ts";
import { type ApiContext, configuredSite, idParams, notFound } from "./context.ts";

export function planRoutes(context: ApiContext) {
  return [
    route({
      method: "post",
      path: "/v1/plans",
      operationId: "createPlan",
      tag: "plans",
      summary: "Look at both sites and pin what would be done",
      description: "Changes nothing. The answer's id and hash start exactly this plan: POST /v1/migrations.",
      permission: "plans:write",
      actor: "token",
      audit: "plan.create",
      idempotent: true,
      body: planBody,
      responses: {
        201: { description: "The plan", schema: planSchema, headers: { Location: "Where the plan is" } },
      },
      async handle({ body, stableId }): Promise<Answer> {
        const request = fromWire<MigrationRequest>(body.request);
        configuredSite(context, request.from);
        configuredSite(context, request.to);
        const plan = await context.runs.plan({ planId: stableId("plan"), request });
        const headers = { Location: `/v1/plans/${plan.planId}` };
        return { status: 201, body: plan, headers, workflowId: `plan/${plan.planId}` };
      },
    }),
    route({
      method: "get",
      path: "/v1/plans/{id}",
      operationId: "getPlan",
      tag: "plans",
      summary: "A plan as it was pinned",
      permission: "plans:read",
      actor: "token",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The plan", schema: planSchema } },
      async handle({ params: { id } }): Promise<Answer> {
        const plan = await context.store.plans.get(id);
        if (!plan) throw notFound("plan", id, "Make a plan with POST /v1/plans.");
        return { status: 200, body: plan };
      },
    }),
  ];
}
