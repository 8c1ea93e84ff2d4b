import { readScope } from "../../domain/policy/book.ts";
import { knownPolicy, refuseWrongEnd } from "../known-policy.ts";
import { ProblemError } from "../problem.ts";
import { type Answer, route } from "../route.ts";
import {
  approvalBody,
  approvalListSchema,
  approvalSchema,
  exemptionBody,
  exemptionListSchema,
  exemptionSchema,
  ofPolicyQuery,
} from "../schemas/policy.ts";
import { type ApiContext, idParams, notFound, requireReach } from "./context.ts";

/** Who may break a policy for a while, and which findings may be mended without asking again. */
export function policyExceptionRoutes(context: ApiContext) {
  const { store } = context;
  return [
    route({
      method: "get",
      path: "/v1/policy-exemptions",
      operationId: "listExemptions",
      tag: "policies",
      summary: "Exemptions, also those that are over, the newest first",
      permission: "policies:read",
      actor: "signed-in",
      audit: undefined,
      query: ofPolicyQuery,
      responses: { 200: { description: "All of them", schema: exemptionListSchema } },
      async handle({ query }): Promise<Answer> {
        return { status: 200, body: { items: await store.policies.exemptions(await policyIdOf(query.policy)) } };
      },
    }),
    route({
      method: "post",
      path: "/v1/policy-exemptions",
      operationId: "exemptFromPolicy",
      tag: "policies",
      summary: "Let some resources break a policy until a moment",
      description: "Scans keep their findings apart, and plans aren't blocked by it. It ends by itself.",
      permission: "policies:exempt",
      actor: "signed-in",
      audit: "policy.exempt",
      stepUp: true,
      duringFreeze: true,
      idempotent: true,
      body: exemptionBody,
      responses: { 201: { description: "The exemption", schema: exemptionSchema } },
      async handle({ body, access, actor, stableId }): Promise<Answer> {
        requireReach(access, {});
        const { policyId } = await knownPolicy(context, body.policy);
        refuseWrongEnd(body.expires_at);
        if (body.scope.trim() === "") {
          throw new ProblemError("InvalidInput", {
            detail: "An exemption of everything would be no policy any more",
            action: "Say which resources, or switch the policy off.",
          });
        }
        readScope(body.scope, Date.now());
        const exemptionId = stableId("exemption");
        const { scope, owner, reason, expires_at: expiresAt } = body;
        const createdBy = actor?.responsible ?? "";
        await store.policies.exempt({ exemptionId, policyId, scope, owner, reason, expiresAt, createdBy });
        const [after] = await store.policies.exemptions({ exemptionId });
        return { status: 201, body: after, after };
      },
    }),
    route({
      method: "delete",
      path: "/v1/policy-exemptions/{id}",
      operationId: "revokeExemption",
      tag: "policies",
      summary: "End an exemption now",
      permission: "policies:exempt",
      actor: "signed-in",
      audit: "policy.exemption-revoke",
      stepUp: true,
      idempotent: true,
      duringFreeze: true,
      params: idParams,
      responses: { 200: { description: "The exemption, as it is kept", schema: exemptionSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        requireReach(access, {});
        await store.policies.revokeExemption(id);
        const [after] = await store.policies.exemptions({ exemptionId: id });
        if (!after) throw notFound("exemption", id, "GET /v1/policy-exemptions lists them.");
        return { status: 200, body: after, after };
      },
    }),
    route({
      method: "get",
      path: "/v1/policy-approvals",
      operationId: "listStandingApprovals",
      tag: "policies",
      summary: "Standing approvals of remediations, also those that are over, the newest first",
      permission: "policies:read",
      actor: "signed-in",
      audit: undefined,
      query: ofPolicyQuery,
      responses: { 200: { description: "All of them", schema: approvalListSchema } },
      async handle({ query }): Promise<Answer> {
        return { status: 200, body: { items: await store.policies.approvals(await policyIdOf(query.policy)) } };
      },
    }),
    route({
      method: "post",
      path: "/v1/policy-approvals",
      operationId: "approveRemediations",
      tag: "policies",
      summary: "Let scans mend what breaks a policy, a few resources a run",
      description: "Each run is a pinned plan of its own, and the next scan goes on with what is left.",
      permission: "plans:approve",
      actor: "signed-in",
      audit: "policy.approve",
      stepUp: true,
      idempotent: true,
      body: approvalBody,
      responses: { 201: { description: "The approval", schema: approvalSchema } },
      async handle({ body, access, actor, stableId }): Promise<Answer> {
        requireReach(access, {});
        const { policyId, remediation, actions, name } = await knownPolicy(context, body.policy);
        refuseWrongEnd(body.expires_at);
        if (!remediation || !actions.includes("remediate")) {
          throw new ProblemError("InvalidInput", {
            detail: `The policy ${name} doesn't say how it is mended`,
            action: "Give it the action remediate and a remediation first.",
          });
        }
        const approvalId = stableId("approval");
        const { most, reason, expires_at: expiresAt } = body;
        await store.policies.approve({
          approvalId,
          policyId,
          most,
          reason,
          expiresAt,
          approvedBy: actor?.responsible ?? "",
        });
        const [after] = await store.policies.approvals({ approvalId });
        return { status: 201, body: after, after };
      },
    }),
    route({
      method: "delete",
      path: "/v1/policy-approvals/{id}",
      operationId: "revokeStandingApproval",
      tag: "policies",
      summary: "End a standing approval now",
      permission: "plans:approve",
      actor: "signed-in",
      audit: "policy.approval-revoke",
      stepUp: true,
      idempotent: true,
      duringFreeze: true,
      params: idParams,
      responses: { 200: { description: "The approval, as it is kept", schema: approvalSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        requireReach(access, {});
        await store.policies.revokeApproval(id);
        const [after] = await store.policies.approvals({ approvalId: id });
        if (!after) throw notFound("standing-approval", id, "GET /v1/policy-approvals lists them.");
        return { status: 200, body: after, after };
      },
    }),
  ];

  async function policyIdOf(idOrName: string | undefined): Promise<{ policyId?: string }> {
    return idOrName === undefined ? {} : { policyId: (await knownPolicy(context, idOrName)).policyId };
  }
}
