import type { Plan } from "../domain/plan.ts";
import { ProblemError } from "./problem.ts";

/**
 * The names of what goes, no more and no fewer: a person who types them has read the plan.
 * @throws ProblemError Conflict with the names.
 */
export function requireConfirmation(plan: Plan, names: readonly string[], confirm: readonly string[]): void {
  const [wanted, given] = [names, confirm].map((list) => [...list].sort().join("\n"));
  if (wanted === given) return;
  throw new ProblemError("Conflict", {
    detail: `A delete has to be confirmed by naming what goes: ${names.join(", ")}`,
    action: `Look at plan ${plan.planId}, then send these names as \`confirm\`.`,
    resource: `plan/${plan.planId}`,
    facts: { planId: plan.planId, hash: plan.hash, names },
  });
}
