import { describeScope } from "../domain/access.ts";
import { approvalRule } from "../domain/approval.ts";
import type { Plan } from "../domain/plan.ts";
import { ProblemError } from "./problem.ts";
import type { Actor } from "./route.ts";
import type { ApiContext } from "./routes/context.ts";

/**
 * Every route that executes a plan asks here first. Where a rule wants it, somebody else than those who asked for the plan
 * and the one who starts it must have approved exactly this id and hash, and nobody may have rejected it.
 * @throws ProblemError PolicyBlocked.
 */
export async function requireApproval(context: ApiContext, actor: Actor | undefined, plan: Plan): Promise<void> {
  const { store, approvalRules = [] } = context;
  const rule = approvalRule(approvalRules, plan);
  if (!rule) return;
  const [requesters, decisions] = await Promise.all([
    store.guard.requesters(plan.planId),
    store.guard.decisions(plan.planId),
  ]);
  const current = decisions.filter(({ planHash }) => planHash === plan.hash);
  const involved = [...requesters, actor?.responsible ?? ""];
  const rejected = current.find(({ decision }) => decision === "reject");
  const approved = current.some(({ decision, decidedBy }) => decision === "approve" && !involved.includes(decidedBy));
  if (approved && !rejected) return;
  throw new ProblemError("PolicyBlocked", {
    detail: rejected
      ? `${rejected.decidedByName} rejected plan ${plan.planId}`
      : `Plan ${plan.planId} wants the approval of a second person (rule: ${rule.kind ?? "any plan"} at ${describeScope(rule.scope)})`,
    action: rejected
      ? "Make another plan, or ask them to change their decision."
      : `Ask an approver who had no part in it: novacron plans approve ${plan.planId} --hash ${plan.hash}.`,
    resource: `plan/${plan.planId}`,
    facts: { planId: plan.planId, hash: plan.hash },
  });
}
