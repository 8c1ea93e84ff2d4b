import { randomUUID } from "node:crypto";
import * as z from "zod";
import { leastDomains } from "../../domain/site-health.ts";
import { ProblemError } from "../problem.ts";
import { type Access, type Answer, type Route, route } from "../route.ts";
import { entityId, siteId } from "../schemas/common.ts";
import {
  answerBody,
  decisionListQuery,
  decisionListSchema,
  decisionSchema,
  healthSchema,
  leaseSchema,
  releaseBody,
  releasedSchema,
} from "../schemas/site-health.ts";
import { foundGroup, knownGroup } from "../start-protection.ts";
import { type ApiContext, configuredSite, defaultPageSize, idParams, notFound } from "./context.ts";

const siteParams = z.strictObject({ site: siteId });
const shownMs = 10 * 60_000;

/** How sites are, what was decided about them, and who holds which lease. */
export function siteHealthRoutes(context: ApiContext): readonly Route[] {
  const { store } = context;
  const knownDecision = async (access: Access, site: string, id: string) => {
    configuredSite(context, access, site, "whole");
    const decision = await store.health.decision(id);
    if (decision?.site === site) return decision;
    throw notFound("health-decision", id, `GET /v1/sites/${site}/health/decisions lists them.`);
  };
  return [
    route({
      method: "get",
      path: "/v1/sites/{site}/health",
      operationId: "getSiteHealth",
      tag: "recovery",
      summary: "How a site is, judged from other failure domains",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      params: siteParams,
      responses: { 200: { description: "What was decided last, and what is seen now", schema: healthSchema } },
      async handle({ params: { site }, access }): Promise<Answer> {
        const { failureDomain = site } = configuredSite(context, access, site);
        const [latest, { samples }] = await Promise.all([
          store.health.latest(site),
          store.health.samples(site, shownMs),
        ]);
        const newest = [...Map.groupBy(samples, ({ vantage }) => vantage).values()].flatMap((of) => of.at(-1) ?? []);
        const domains = new Set(newest.map((sample) => sample.failureDomain));
        domains.delete(failureDomain);
        const body = {
          site,
          failureDomain,
          verdict: newest.length === 0 ? ("unknown" as const) : (latest?.verdict ?? ("unknown" as const)),
          reasons: newest.length === 0 ? ["nobody looks at it now"] : (latest?.reasons ?? []),
          ...(latest ? { decidedAt: latest.at } : {}),
          automaticFailover: domains.size >= leastDomains,
          vantages: newest,
        };
        return { status: 200, body };
      },
    }),
    route({
      method: "get",
      path: "/v1/sites/{site}/health/decisions",
      operationId: "listHealthDecisions",
      tag: "recovery",
      summary: "What was decided about a site, also that nothing is done, with the samples; the newest first",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      params: siteParams,
      query: decisionListQuery,
      responses: { 200: { description: "One page", schema: decisionListSchema } },
      async handle({ params: { site }, query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        configuredSite(context, access, site, "whole");
        return { status: 200, body: await store.health.decisions({ ...query, site, limit }) };
      },
    }),
    route({
      method: "post",
      path: "/v1/sites/{site}/health/decisions/{decision}/answer",
      operationId: "answerOutage",
      tag: "recovery",
      summary: "Answer whether a group is to fail over",
      description:
        "Before `failover: true`, make sure of what the decision's `make_sure_of` lists: two sites that write as one group lose data.",
      permission: "protection:write",
      actor: "signed-in",
      audit: "site-health.answer",
      stepUp: true,
      idempotent: true,
      params: z.strictObject({ site: siteId, decision: entityId }),
      body: answerBody,
      responses: { 200: { description: "The decision, answered", schema: decisionSchema } },
      async handle({ params: { site, decision }, body, access, actor }): Promise<Answer> {
        const before = await knownDecision(access, site, decision);
        const { failover, made_sure_of: madeSureOf } = body;
        const by = actor?.responsible ?? actor?.id ?? "";
        const said = { decisionId: decision, by, failover, ...(madeSureOf === undefined ? {} : { madeSureOf }) };
        await context.runs.answerOutage(site, said, randomUUID());
        const after = await knownDecision(access, site, decision);
        return { status: 200, body: after, before: { answer: before.answer }, after: { answer: after.answer } };
      },
    }),
    route({
      method: "post",
      path: "/v1/protection-groups/{id}/release",
      operationId: "releaseGroup",
      tag: "recovery",
      summary: "Release the VMs of a group that were cut off at the site that may write",
      description:
        "They stay off, and may be started then. Refused while another site holds the lease, or a failover has the group.",
      permission: "protection:write",
      actor: "signed-in",
      audit: "protection.release",
      stepUp: true,
      idempotent: true,
      params: idParams,
      body: releaseBody,
      responses: { 200: { description: "Released", schema: releasedSchema } },
      async handle({ params: { id }, body, access, actor }): Promise<Answer> {
        const { state } = await knownGroup(context, access, id);
        if (state === "failing-over" || state === "deleting" || state === "deleted") {
          throw new ProblemError("Conflict", {
            detail: `Group ${id} is ${state}`,
            action: "See novacron protection show.",
            resource: `protection-group/${id}`,
            facts: { state },
          });
        }
        const by = actor?.responsible ?? actor?.id ?? "";
        const released = await context.runs.releaseGroup({
          ...{ groupId: id, key: randomUUID(), by, madeSureOf: body.made_sure_of },
        });
        return { status: 200, body: released, after: { released } };
      },
    }),
    route({
      method: "get",
      path: "/v1/protection-groups/{id}/lease",
      operationId: "getGroupLease",
      tag: "recovery",
      summary: "Which site may write as a group, as its recovery site has it now",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      responses: { 200: { description: "The lease", schema: leaseSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        await foundGroup(context, access, id);
        const group = await store.protection.get(id);
        const at = group?.replicatesTo ?? group?.currentSite ?? "";
        const { lease } = await context.runs.readLease({ groupId: id, at });
        return { status: 200, body: { groupId: id, at, ...(lease ? { lease } : {}) } };
      },
    }),
  ];
}
