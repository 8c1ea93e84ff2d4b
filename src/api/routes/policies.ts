import { policyPacks } from "../../domain/policy/packs.ts";
import type { Policy, PolicyDraft } from "../../domain/policy/policy.ts";
import { fromWire } from "../../domain/wire.ts";
import type { KeptPolicy } from "../../store/index.ts";
import { knownPolicy, refuseUnreadable } from "../known-policy.ts";
import { type Access, type Answer, route } from "../route.ts";
import {
  type PolicyInput,
  packListSchema,
  policyBody,
  policyListSchema,
  policyPatch,
  policySchema,
} from "../schemas/policy.ts";
import { type ApiContext, idParams, notFound, requireReach } from "./context.ts";

/** What people want to hold of all resources. Policies belong to the installation as a whole. */
export function policyRoutes(context: ApiContext) {
  const { store } = context;
  return [
    route({
      method: "get",
      path: "/v1/policies",
      operationId: "listPolicies",
      tag: "policies",
      summary: "All policies, in the order of their names",
      permission: "policies:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "All of them", schema: policyListSchema } },
      async handle({ access }): Promise<Answer> {
        return { status: 200, body: { items: (await store.policies.list()).map((policy) => shown(policy, access)) } };
      },
    }),
    route({
      method: "get",
      path: "/v1/policies/{id}",
      operationId: "getPolicy",
      tag: "policies",
      summary: "One policy, by its id or name",
      permission: "policies:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The policy", schema: policySchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return { status: 200, body: shown(await knownPolicy(context, id), access) };
      },
    }),
    route({
      method: "post",
      path: "/v1/policies",
      operationId: "createPolicy",
      tag: "policies",
      summary: "Make a policy",
      description:
        "It holds at once: for plans that are made, and for plans that are executed. Try it first with POST /v1/policy-dry-runs.",
      permission: "policies:write",
      actor: "signed-in",
      audit: "policy.create",
      duringFreeze: true,
      idempotent: true,
      body: policyBody,
      responses: { 201: { description: "The policy", schema: policySchema, headers: { Location: "Where it is" } } },
      async handle({ body, access, actor, stableId }): Promise<Answer> {
        requireReach(access, {});
        const draft = fromWire<PolicyDraft>(body as PolicyInput);
        refuseUnreadable(draft);
        const policyId = stableId("policy");
        await store.policies.create({ ...draft, policyId, createdBy: actor?.responsible ?? "" });
        const made = shown(await knownPolicy(context, policyId), access);
        return { status: 201, body: made, headers: { Location: `/v1/policies/${policyId}` }, after: made };
      },
    }),
    route({
      method: "post",
      path: "/v1/policies/{id}",
      operationId: "changePolicy",
      tag: "policies",
      summary: "Change a policy, or switch it on or off",
      permission: "policies:write",
      actor: "signed-in",
      audit: "policy.change",
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      body: policyPatch,
      responses: { 200: { description: "The policy as it is now", schema: policySchema } },
      async handle({ params: { id }, body, access }): Promise<Answer> {
        requireReach(access, {});
        const before = await knownPolicy(context, id);
        const { enabled, ...rest } = body;
        const patch = Object.fromEntries(Object.entries(rest).filter(([name]) => given(name, rest)));
        if (Object.keys(patch).length > 0) {
          const draft = { ...draftOf(before), ...fromWire<Partial<PolicyDraft>>(patch) };
          refuseUnreadable(draft);
          await store.policies.update(before.policyId, draft);
        }
        if (enabled !== undefined && enabled !== before.enabled) {
          await store.policies.setEnabled(before.policyId, enabled);
        }
        const after = shown(await knownPolicy(context, before.policyId), access);
        return { status: 200, body: after, before: shown(before, access), after };
      },
    }),
    route({
      method: "delete",
      path: "/v1/policies/{id}",
      operationId: "removePolicy",
      tag: "policies",
      summary: "Remove a policy with its findings, exemptions and approvals",
      permission: "policies:write",
      actor: "signed-in",
      audit: "policy.remove",
      stepUp: true,
      idempotent: true,
      params: idParams,
      responses: { 200: { description: "What was removed", schema: policySchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        requireReach(access, {});
        const before = await knownPolicy(context, id);
        await store.policies.remove(before.policyId);
        return { status: 200, body: shown(before, access), before };
      },
    }),
    route({
      method: "get",
      path: "/v1/policy-packs",
      operationId: "listPolicyPacks",
      tag: "policies",
      summary: "Policies to begin with, each with its source",
      permission: "policies:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "All packs", schema: packListSchema } },
      async handle(): Promise<Answer> {
        return { status: 200, body: { items: policyPacks } };
      },
    }),
    route({
      method: "post",
      path: "/v1/policy-packs/{id}/install",
      operationId: "installPolicyPack",
      tag: "policies",
      summary: "Make the policies of a pack that aren't there yet",
      description: "Those that have their names stay as they are.",
      permission: "policies:write",
      actor: "signed-in",
      audit: "policy.install",
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: { 201: { description: "The pack's policies", schema: policyListSchema } },
      async handle({ params: { id }, access, actor, stableId }): Promise<Answer> {
        requireReach(access, {});
        const pack = policyPacks.find(({ packId }) => packId === id);
        if (!pack) throw notFound("policy-pack", id, "GET /v1/policy-packs lists them.");
        const items: Partial<KeptPolicy>[] = [];
        for (const draft of pack.policies) {
          const policyId = stableId(draft.name);
          if (!(await store.policies.get(draft.name))) {
            await store.policies.create({ ...draft, policyId, pack: id, createdBy: actor?.responsible ?? "" });
          }
          items.push(shown(await knownPolicy(context, draft.name), access));
        }
        return { status: 201, body: { items }, after: { pack: id, policies: items.map(({ name }) => name) } };
      },
    }),
  ];
}

/** How many resources break it is for those who see all of them. */
function shown(policy: KeptPolicy, access: Access): Partial<KeptPolicy> {
  if (access.covers({})) return policy;
  const { open: _open, exempt: _exempt, judged: _judged, unknown: _unknown, judgedAt: _at, ...rest } = policy;
  return rest;
}

function draftOf(policy: Policy): PolicyDraft {
  const { name, type, severity, description, scope, requirement, actions, remedy, remediation, source } = policy;
  return {
    ...{ name, type, severity, description, scope, requirement, actions, remedy },
    ...(remediation ? { remediation } : {}),
    ...(source === undefined ? {} : { source }),
  };
}

function given(name: string, patch: Readonly<Record<string, unknown>>): boolean {
  return patch[name] !== undefined;
}
