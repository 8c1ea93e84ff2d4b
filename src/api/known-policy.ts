import { readPolicies } from "../domain/policy/book.ts";
import { explain } from "../domain/policy/explain.ts";
import type { Finding } from "../domain/policy/finding.ts";
import { resourceOfRow } from "../domain/policy/from-row.ts";
import { judge, type PolicyDraft } from "../domain/policy/policy.ts";
import type { KeptPolicy } from "../store/index.ts";
import { ProblemError } from "./problem.ts";
import { type ApiContext, notFound } from "./routes/context.ts";

const longestMs = 2 * 366 * 86_400_000;

/** By its name or id. @throws ProblemError NotFound. */
export async function knownPolicy({ store }: Pick<ApiContext, "store">, idOrName: string): Promise<KeptPolicy> {
  const policy = await store.policies.get(idOrName);
  if (policy) return policy;
  throw notFound("policy", idOrName, "GET /v1/policies lists them.");
}

/** @throws ProviderError InvalidInput for a rule or a scope that can't be read; ProblemError where parts don't fit. */
export function refuseUnreadable(draft: PolicyDraft): void {
  const at = new Date().toISOString();
  const policy = { ...draft, policyId: "", enabled: true, version: 0, createdBy: "", createdAt: at, updatedAt: at };
  readPolicies([policy], [], Date.now());
  if (draft.actions.includes("remediate") && !draft.remediation) {
    throw new ProblemError("InvalidInput", {
      detail: "The policy's actions have remediate, and nothing says how",
      action: "Give it a remediation, or leave remediate out.",
    });
  }
  if (draft.remediation?.kind === "close_rules" && !("forbid" in draft.requirement)) {
    throw new ProblemError("InvalidInput", {
      detail: "close_rules takes out what a policy forbids, and this one requires something",
      action: "Say what it forbids, or choose another remediation.",
    });
  }
}

/** @throws ProblemError InvalidInput for what has passed or is too far away. */
export function refuseWrongEnd(expiresAt: string): void {
  const left = Date.parse(expiresAt) - Date.now();
  if (left > 0 && left <= longestMs) return;
  throw new ProblemError("InvalidInput", {
    detail: left <= 0 ? `expires_at: ${expiresAt} has passed` : `expires_at: ${expiresAt} is more than two years away`,
    action: "Name a moment within the next two years.",
  });
}

/** Why the resource breaks the policy as it is now; undefined where it is gone, or doesn't any more. */
export async function whyBroken({ store, sites }: ApiContext, finding: Finding): Promise<string | undefined> {
  const [policy, row] = await Promise.all([store.policies.get(finding.policyId), store.resources.get(finding)]);
  if (!policy || !row) return undefined;
  const now = Date.now();
  const [compiled] = readPolicies([policy], [], now);
  const { site, resourceId: vmId } = row;
  const beside = row.kind === "vm" ? await store.findings.besideVm({ site, vmId }, now) : {};
  const residency = sites.find((known) => known.site === site)?.residency ?? [];
  const subject = { resource: resourceOfRow(row), residency, ...beside };
  return compiled && judge(compiled, subject, now) === "violation" ? explain(compiled, subject, now) : undefined;
}
