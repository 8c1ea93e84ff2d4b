import type * as z from "zod";
import type { CreateVmRequest } from "../../domain/create-request.ts";
import type { MigrationTestRequest } from "../../domain/migration-test.ts";
import type { OperateVmsRequest } from "../../domain/operation.ts";
import type { Plan } from "../../domain/plan.ts";
import type { RemediationRequest } from "../../domain/policy/remediation-request.ts";
import type { RecoveryRequest } from "../../domain/recovery-run.ts";
import { fromWire } from "../../domain/wire.ts";
import { planFinalizeNow } from "../finalize-migration.ts";
import { planCreateNow, planOperationNow } from "../operations.ts";
import { planRemediationNow } from "../remediate.ts";
import { type Answer, type Asked, route } from "../route.ts";
import { planBody, planSchema } from "../schemas/plan.ts";
import { planNow } from "../start-migration.ts";
import { planRecoveryNow } from "../start-recovery.ts";
import { planTestNow } from "../start-test.ts";
import { reachedPlan } from "../subjects.ts";
import { type ApiContext, idParams } from "./context.ts";

export function planRoutes(context: ApiContext) {
  return [
    route({
      method: "post",
      path: "/v1/plans",
      operationId: "createPlan",
      tag: "plans",
      summary: "Look at what is there and pin what would be done",
      description:
        "Changes nothing. The answer's id and hash start exactly this plan: POST /v1/migrations for `migrate_vm`, POST /v1/migrations/{id}/finalize for `finalize_migration`, POST /v1/migration-tests for `test_migration`, POST /v1/recovery-runs for `recover_group`, POST /v1/operations for the others.",
      permission: "plans:write",
      actor: "signed-in",
      audit: "plan.create",
      duringFreeze: true,
      idempotent: true,
      body: planBody,
      responses: {
        201: { description: "The plan", schema: planSchema, headers: { Location: "Where the plan is" } },
      },
      async handle({ body, access, actor, stableId }): Promise<Answer> {
        const planId = stableId("plan");
        const plan = await planBy(context, { access, actor }, planId, body);
        const headers = { Location: `/v1/plans/${plan.planId}` };
        const after = { planId: plan.planId, hash: plan.hash, executable: plan.executable };
        return { status: 201, body: plan, headers, workflowId: `plan/${plan.planId}`, after };
      },
    }),
    route({
      method: "get",
      path: "/v1/plans/{id}",
      operationId: "getPlan",
      tag: "plans",
      summary: "A plan as it was pinned",
      permission: "plans:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The plan", schema: planSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return { status: 200, body: reachedPlan(access, await context.store.plans.get(id), id) };
      },
    }),
  ];
}

function planBy(
  context: ApiContext,
  caller: Pick<Asked<unknown, unknown, unknown>, "access" | "actor">,
  planId: string,
  body: z.output<typeof planBody>,
): Promise<Plan> {
  switch (body.kind) {
    case "migrate_vm":
      return planNow(context, caller, planId, body.request);
    case "operate_vms":
      return planOperationNow(context, caller, planId, fromWire<OperateVmsRequest>(body.request));
    case "create_vm":
      return planCreateNow(context, caller, planId, fromWire<CreateVmRequest>(body.request));
    case "test_migration":
      return planTestNow(context, caller, planId, fromWire<MigrationTestRequest>(body.request));
    case "remediate_findings":
      return planRemediationNow(context, caller, planId, fromWire<RemediationRequest>(body.request));
    case "recover_group":
      return planRecoveryNow(context, caller, planId, fromWire<RecoveryRequest>(body.request));
    case "finalize_migration":
      return planFinalizeNow(context, caller, planId, { migrationId: body.request.migration_id });
  }
}
