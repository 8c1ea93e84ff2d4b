import { randomUUID } from "node:crypto";
import { type FinalizeApproval, type FinalizeRequest, finalizeKind } from "../domain/finalize.ts";
import type { Plan } from "../domain/plan.ts";
import { requireApproval } from "./approvals.ts";
import { requireConfirmation } from "./confirmation.ts";
import { ProblemError } from "./problem.ts";
import type { Caller } from "./route.ts";
import type { ApiContext } from "./routes/context.ts";
import { knownMigration } from "./routes/migrations.ts";
import { approvedPlan, refuseUnlessExecutable } from "./start-migration.ts";
import { reachedPlan } from "./subjects.ts";

/** The dry run of a finalize: what goes and what stays, each by its id. @throws ProblemError NotFound. */
export async function planFinalizeNow(
  context: ApiContext,
  { access, actor }: Caller,
  planId: string,
  request: FinalizeRequest,
): Promise<Plan> {
  await knownMigration(context, access, request.migrationId);
  await context.store.guard.noteRequester(planId, actor?.responsible ?? "");
  return reachedPlan(access, await context.runs.planOperation({ planId, finalize: request }), planId);
}

/**
 * Removes what the plan names, and nothing else.
 * @throws ProblemError NotFound, Conflict for a plan of another migration, one that has to wait, or names that are not the
 * plan's, PolicyBlocked when it wants a second person.
 */
export async function finalizeNow(
  context: ApiContext,
  { access, actor }: Caller,
  migrationId: string,
  { confirm, ...approval }: FinalizeApproval & { readonly confirm: readonly string[] },
): Promise<"done" | "still-running"> {
  const plan = await approvedPlan(context, access, approval, finalizeKind);
  if (plan.inputs.migrationId !== migrationId) {
    throw new ProblemError("Conflict", {
      detail: `Plan ${plan.planId} finalizes migration ${String(plan.inputs.migrationId)}, not ${migrationId}`,
      action: "Plan the finalize of this migration, and confirm what that plan says.",
      resource: `plan/${plan.planId}`,
    });
  }
  refuseUnlessExecutable(plan);
  requireConfirmation(plan, plan.inputs.names as readonly string[], confirm);
  await requireApproval(context, actor, plan);
  return context.runs.finalize(migrationId, approval, randomUUID());
}
