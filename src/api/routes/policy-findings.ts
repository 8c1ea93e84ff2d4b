import type { PolicyDraft } from "../../domain/policy/policy.ts";
import { fromWire } from "../../domain/wire.ts";
import { knownPolicy, refuseUnreadable, whyBroken } from "../known-policy.ts";
import { ProblemError } from "../problem.ts";
import { type Answer, route } from "../route.ts";
import {
  dryRunBody,
  dryRunSchema,
  findingListQuery,
  findingListSchema,
  findingSchema,
  type PolicyInput,
  scanListQuery,
  scanListSchema,
  scanSchema,
  scanStartedSchema,
} from "../schemas/policy.ts";
import { readPast } from "../search-text.ts";
import { type ApiContext, defaultPageSize, idParams, notFound, requireReach } from "./context.ts";

const hour = 3_600_000;
/** A month of days, both ends included. */
const mostMoments = 32;

/** What breaks policies, how that is found out, and what a policy would find. */
export function policyFindingRoutes(context: ApiContext) {
  const { store, runs } = context;
  return [
    route({
      method: "get",
      path: "/v1/policy-findings",
      operationId: "listFindings",
      tag: "policies",
      summary: "Resources that break policies, or did; the newest first",
      permission: "policies:read",
      actor: "signed-in",
      audit: undefined,
      query: findingListQuery,
      responses: { 200: { description: "One page", schema: findingListSchema } },
      async handle({ query: { limit = defaultPageSize, policy, ...query }, access: { scopes } }): Promise<Answer> {
        const ofPolicy = policy === undefined ? {} : { policyId: (await knownPolicy(context, policy)).policyId };
        return { status: 200, body: await store.findings.list({ ...query, ...ofPolicy, limit, scopes }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/policy-findings/{id}",
      operationId: "getFinding",
      tag: "policies",
      summary: "One finding, with what of the resource breaks the policy",
      permission: "policies:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The finding", schema: findingSchema } },
      async handle({ params: { id }, access: { scopes } }): Promise<Answer> {
        const findingIds = /^\d{1,15}$/.test(id) ? [id] : ["0"];
        const [finding] = (await store.findings.list({ findingIds, limit: 1, scopes })).items;
        if (!finding) throw notFound("finding", id, "GET /v1/policy-findings lists them.");
        const [why, policy] = await Promise.all([whyBroken(context, finding), store.policies.get(finding.policyId)]);
        return { status: 200, body: { ...finding, why, remedy: policy?.remedy } };
      },
    }),
    route({
      method: "post",
      path: "/v1/policy-scans",
      operationId: "startPolicyScan",
      tag: "policies",
      summary: "Hold everything against the policies now",
      description: "A schedule does it anyway, every `policies.scan_interval`.",
      permission: "policies:scan",
      actor: "signed-in",
      audit: "policy.scan",
      duringFreeze: true,
      idempotent: true,
      responses: { 202: { description: "Started", schema: scanStartedSchema, headers: { Location: "Where it is" } } },
      async handle({ access, actor, stableId }): Promise<Answer> {
        requireReach(access, {});
        const scanId = stableId("scan");
        const workflowId = await runs.scanPolicies({ scanId, askedBy: actor?.responsible ?? "" });
        return {
          status: 202,
          body: { scanId, workflowId },
          headers: { Location: `/v1/policy-scans/${scanId}` },
          workflowId,
        };
      },
    }),
    route({
      method: "get",
      path: "/v1/policy-scans",
      operationId: "listPolicyScans",
      tag: "policies",
      summary: "Scans without their results, the newest first",
      permission: "policies:scan",
      actor: "signed-in",
      audit: undefined,
      query: scanListQuery,
      responses: { 200: { description: "One page", schema: scanListSchema } },
      async handle({ query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        requireReach(access, {});
        return { status: 200, body: await store.findings.listScans({ ...query, limit }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/policy-scans/{id}",
      operationId: "getPolicyScan",
      tag: "policies",
      summary: "Where a scan stands, and what it said of each policy",
      permission: "policies:scan",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The scan", schema: scanSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        requireReach(access, {});
        const scan = await store.findings.getScan(id);
        if (!scan) throw notFound("policy-scan", id, "GET /v1/policy-scans lists them.");
        return { status: 200, body: scan };
      },
    }),
    route({
      method: "post",
      path: "/v1/policy-dry-runs",
      operationId: "tryPolicy",
      tag: "policies",
      summary: "What a policy would find now, or would have found",
      description:
        "Keeps nothing. With `from` it is held against what the inventory was then and after, one moment after the other: what a policy would have stopped last month. Exemptions don't count.",
      permission: "policies:scan",
      actor: "signed-in",
      audit: "policy.try",
      idempotent: true,
      duringFreeze: true,
      body: dryRunBody,
      responses: { 200: { description: "Moment by moment", schema: dryRunSchema } },
      async handle({
        body: { policy, draft: given, from, every_hours: everyHours = 24 },
        access,
        requestId,
      }): Promise<Answer> {
        requireReach(access, {});
        if ((policy === undefined) === (given === undefined)) {
          throw new ProblemError("InvalidInput", {
            detail: "Either `policy` or `draft` says what is tried",
            action: "Send one of the two.",
          });
        }
        const draft = given ? fromWire<PolicyDraft>(given as PolicyInput) : await knownPolicy(context, policy ?? "");
        refuseUnreadable(draft);
        const moments = from === undefined ? [] : momentsOf(from, everyHours * hour);
        return { status: 200, body: { moments: await runs.tryPolicy({ draft, moments }, requestId) } };
      },
    }),
  ];

  function momentsOf(from: string, everyMs: number): string[] {
    const now = Date.now();
    const first = Date.parse(readPast("from", from, { now, historyMs: context.historyMs }));
    const count = Math.floor((now - first) / everyMs) + 1;
    if (count <= mostMoments) {
      return Array.from({ length: count }, (_, index) => new Date(first + index * everyMs).toISOString());
    }
    throw new ProblemError("InvalidInput", {
      detail: `From ${from} on every ${everyMs / hour} h that would be ${count} moments, and ${mostMoments} is the most`,
      action: "Begin later, or leave more hours between them.",
    });
  }
}
