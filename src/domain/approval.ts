import type { Scope } from "./access.ts";
import type { Plan } from "./plan.ts";

/** Plans of the kind (or of every kind) that touch something within the scope want a second person. */
export interface ApprovalRule {
  /** A plan's kind: `migrate-vm`. Absent: every kind. */
  readonly kind?: string;
  readonly scope: Scope;
}

/** The first rule that wants the plan approved by a second person. */
export function approvalRule(
  rules: readonly ApprovalRule[],
  plan: Pick<Plan, "kind" | "subjects">,
): ApprovalRule | undefined {
  return rules.find(({ kind, scope }) => {
    if (kind !== undefined && !kindsOf(plan.kind).includes(kind)) return false;
    // A plan that does not say what it touches may touch anything.
    return plan.subjects === undefined || plan.subjects.some((subject) => isWithin(subject, scope));
  });
}

/** What a rule may call the plan: a wave is migrations, too. */
function kindsOf(kind: string): readonly string[] {
  return kind === "migrate-wave" ? [kind, "migrate-vm"] : [kind];
}

function isWithin(subject: Scope, scope: Scope): boolean {
  if (scope.site !== undefined && scope.site !== subject.site) return false;
  return Object.entries(scope.tags ?? {}).every(([key, value]) => subject.tags?.[key] === value);
}
