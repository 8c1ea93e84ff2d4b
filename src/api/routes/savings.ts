import type { FindingQuery } from "../../store/index.ts";
import { savingsAnalysisId } from "../../temporal/schedules.ts";
import { type Access, type Answer, route } from "../route.ts";
import {
  analysisStartedSchema,
  recommendationListQuery,
  recommendationListSchema,
  savingsSchema,
  unchangedListQuery,
  unchangedListSchema,
} from "../schemas/savings.ts";
import { type ApiContext, defaultPageSize, requireReach } from "./context.ts";

export function savingsRoutes(context: ApiContext) {
  const { store, runs } = context;
  const listed = async (access: Access, query: Omit<FindingQuery, "scopes">): Promise<Answer> => {
    const shown = await store.savings.shown();
    if (!shown) return { status: 200, body: { items: [] } };
    return { status: 200, body: await store.savings.list(shown.analysisId, { ...query, scopes: access.scopes }) };
  };
  return [
    route({
      method: "get",
      path: "/v1/savings",
      operationId: "getSavings",
      tag: "savings",
      summary: "What could cost less, by kind: potential, as the newest analysis found it",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "The newest analyses and the sums that you reach", schema: savingsSchema } },
      async handle({ access }): Promise<Answer> {
        const [newest, shown] = [await store.savings.newest(), await store.savings.shown()];
        const whole = access.covers({});
        const seen = <T extends { totals?: unknown }>(analysis: T) =>
          whole ? analysis : { ...analysis, totals: undefined };
        const potential = shown ? await store.savings.sums(shown.analysisId, access.scopes) : [];
        const body = { newest: newest && seen(newest), shown: shown && seen(shown), potential };
        return { status: 200, body };
      },
    }),
    route({
      method: "get",
      path: "/v1/savings/recommendations",
      operationId: "listRecommendations",
      tag: "savings",
      summary: "What to do to spend less; what saves most comes first",
      description: "Of each resource at most one: all of them can be done together.",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      query: recommendationListQuery,
      responses: { 200: { description: "One page", schema: recommendationListSchema } },
      async handle({ query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        return listed(access, { ...query, limit, recommended: true });
      },
    }),
    route({
      method: "get",
      path: "/v1/savings/unchanged",
      operationId: "listUnchanged",
      tag: "savings",
      summary: "Resources for which nothing is recommended, each with the reason",
      permission: "inventory:read",
      actor: "signed-in",
      audit: undefined,
      query: unchangedListQuery,
      responses: { 200: { description: "One page", schema: unchangedListSchema } },
      async handle({ query: { limit = defaultPageSize, ...query }, access }): Promise<Answer> {
        return listed(access, { ...query, limit, recommended: false });
      },
    }),
    route({
      method: "post",
      path: "/v1/savings/analyses",
      operationId: "startSavingsAnalysis",
      tag: "savings",
      summary: "Analyse now, instead of waiting for the weekly analysis",
      description: "Changes nothing. While one runs, that one is meant.",
      permission: "plans:write",
      actor: "signed-in",
      audit: "savings.analyse",
      duringFreeze: true,
      idempotent: true,
      responses: { 202: { description: "It runs", schema: analysisStartedSchema } },
      async handle({ access }): Promise<Answer> {
        requireReach(access, {});
        await runs.analyseSavings();
        return { status: 202, body: { workflowId: savingsAnalysisId }, workflowId: savingsAnalysisId };
      },
    }),
  ];
}
