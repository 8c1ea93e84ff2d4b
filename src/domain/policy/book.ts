import { ProviderError } from "../errors.ts";
import { parseSearch } from "../search/parser.ts";
import type { Expression } from "../search/query.ts";
import { type CompiledPolicy, compilePolicy, type Exemption, type Policy } from "./policy.ts";

/** Reads policies with their scopes and exemptions; ages in scopes are counted from `now`.
 *  @throws ProviderError InvalidInput. */
export function readPolicies(
  policies: readonly Policy[],
  exemptions: readonly Exemption[],
  now: number,
): CompiledPolicy[] {
  const byPolicy = Map.groupBy(exemptions, ({ policyId }) => policyId);
  return policies.map((policy) => {
    const exempt = (byPolicy.get(policy.policyId) ?? []).map((exemption) => ({
      exemption,
      where: readScope(exemption.scope, now),
    }));
    return compilePolicy(policy, readScope(policy.scope, now), exempt);
  });
}

/** @throws ProviderError InvalidInput with the column. */
export function readScope(text: string, now: number): Expression {
  const parsed = parseSearch(text, now);
  if (parsed.ok) return parsed.query.where;
  const { message, hint, column } = parsed.problem;
  throw new ProviderError("InvalidInput", {
    operation: "read the scope",
    resource: "policy/scope",
    reason: `${message} (column ${column} of ${text})`,
    action: hint,
  });
}
