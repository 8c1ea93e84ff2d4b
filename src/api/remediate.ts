import type { Plan } from "../domain/plan.ts";
import type { RemediationRequest } from "../domain/policy/remediation-request.ts";
import { knownPolicy } from "./known-policy.ts";
import { ProblemError } from "./problem.ts";
import type { Caller } from "./route.ts";
import type { ApiContext } from "./routes/context.ts";
import { reachedPlan } from "./subjects.ts";

/** Of findings that the caller reaches. @throws ProblemError InvalidInput, NotFound. */
export async function planRemediationNow(
  context: ApiContext,
  { access, actor }: Caller,
  planId: string,
  request: RemediationRequest,
): Promise<Plan> {
  const { policy, undo, findings, most } = request;
  if ((policy === undefined) === (undo === undefined) || (undo !== undefined && (findings || most !== undefined))) {
    throw new ProblemError("InvalidInput", {
      detail: "Either `policy` says whose findings are mended, or `undo` alone which operation is taken back",
      action: "Send one of the two.",
    });
  }
  if (policy !== undefined) await knownPolicy(context, policy);
  await context.store.guard.noteRequester(planId, actor?.responsible ?? "");
  const remediation = { ...request, scopes: access.scopes };
  return reachedPlan(access, await context.runs.planOperation({ planId, remediation }), planId);
}
