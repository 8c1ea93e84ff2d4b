import { describeRule } from "../../domain/alert-rule.ts";
import { isSilenced, type Silence } from "../../domain/alert-silence.ts";
import { ProblemError } from "../problem.ts";
import { type Access, type Answer, route } from "../route.ts";
import {
  alertEventListSchema,
  alertEventsQuery,
  alertListQuery,
  alertListSchema,
  notificationListSchema,
  notificationsQuery,
  ruleParams,
  silenceBody,
  silenceListSchema,
  silenceSchema,
} from "../schemas/alerts.ts";
import { reachedRule, scopeOf } from "./alert-rules.ts";
import { type ApiContext, defaultPageSize, notFound, requireReach } from "./context.ts";

/** How alerts stand, what happened, who was told, and what keeps people from being told. */
export function alertRoutes(context: ApiContext) {
  const { store } = context;
  return [
    route({
      method: "get",
      path: "/v1/alerts",
      operationId: "listAlerts",
      tag: "alerts",
      summary: "How alerts stand, those that fire first",
      description: "What never held has none. `evaluated_at` says how old it is: nobody looks when it is minutes old.",
      permission: "alerts:read",
      actor: "signed-in",
      audit: undefined,
      query: alertListQuery,
      responses: { 200: { description: "At most 1,000", schema: alertListSchema } },
      async handle({ query: { state, rule, site }, access }): Promise<Answer> {
        const only = rule === undefined ? undefined : await reachedRule(context, access, rule);
        const [rules, silences, { evaluatedAt }] = await Promise.all([
          store.alertRules.list(),
          store.alertRules.silences(new Date().toISOString()),
          store.alerts.standing(),
        ]);
        const byId = new Map(rules.map((each) => [each.ruleId, each]));
        const found = await store.alerts.list({
          ...(state === undefined ? {} : { state }),
          ...(site === undefined ? {} : { site }),
          ...(only === undefined ? {} : { ruleId: only.ruleId }),
        });
        const items = found.flatMap((tracked) => {
          const { groupKey: _group, told: _told, toldOccurrence: _occurrence, ...alert } = tracked;
          const of = byId.get(alert.ruleId);
          if (!of || !access.covers(scopeOf(alert))) return [];
          const silenced = isSilenced(alert, of, silences, Date.now());
          return [{ ...alert, rule: of.name, severity: of.severity, condition: describeRule(of), silenced }];
        });
        return { status: 200, body: { items, ...(evaluatedAt === undefined ? {} : { evaluatedAt }) } };
      },
    }),
    route({
      method: "get",
      path: "/v1/alerts/events",
      operationId: "listAlertEvents",
      tag: "alerts",
      summary: "What fired and was resolved, the newest first",
      description: "For who reaches the whole installation, or a rule of their site by `rule`.",
      permission: "alerts:read",
      actor: "signed-in",
      audit: undefined,
      query: alertEventsQuery,
      responses: { 200: { description: "One page", schema: alertEventListSchema } },
      async handle({ query: { limit = defaultPageSize, cursor, rule, site }, access }): Promise<Answer> {
        const ruleId = await namedRule(context, access, rule, site);
        const page = await store.alerts.events({
          limit,
          ...(cursor === undefined ? {} : { cursor }),
          ...(site === undefined ? {} : { site }),
          ...ruleId,
        });
        return { status: 200, body: page };
      },
    }),
    route({
      method: "get",
      path: "/v1/alerts/notifications",
      operationId: "listAlertNotifications",
      tag: "alerts",
      summary: "What people were told, the newest first, and how it got to each of them",
      description: "For who reaches the whole installation, or a rule of their site by `rule`.",
      permission: "alerts:read",
      actor: "signed-in",
      audit: undefined,
      query: notificationsQuery,
      responses: { 200: { description: "One page", schema: notificationListSchema } },
      async handle({ query: { limit = defaultPageSize, cursor, rule }, access }): Promise<Answer> {
        const ruleId = await namedRule(context, access, rule);
        const page = await store.alertDeliveries.list({
          limit,
          ...(cursor === undefined ? {} : { cursor }),
          ...ruleId,
        });
        return { status: 200, body: page };
      },
    }),
    route({
      method: "get",
      path: "/v1/silences",
      operationId: "listSilences",
      tag: "alerts",
      summary: "Silences that are not over",
      permission: "alerts:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "The last to end first", schema: silenceListSchema } },
      async handle({ access }): Promise<Answer> {
        const all = await store.alertRules.silences(new Date().toISOString());
        return { status: 200, body: { items: all.filter((silence) => access.covers(scopeOf(silence))) } };
      },
    }),
    route({
      method: "post",
      path: "/v1/silences",
      operationId: "createSilence",
      tag: "alerts",
      summary: "Tell nobody of what matches, for a while",
      description:
        "What is silenced is judged and shown all the same. What still fires when the silence ends is told then; what fired and ended within it is not.",
      permission: "alerts:write",
      actor: "signed-in",
      audit: "silence.create",
      duringFreeze: true,
      idempotent: true,
      body: silenceBody,
      responses: { 201: { description: "The silence", schema: silenceSchema } },
      async handle({ body, access, actor, stableId }): Promise<Answer> {
        const { rule, site, resource_id: resourceId, severity, until, reason } = body;
        requireReach(access, scopeOf({ site }));
        const now = new Date().toISOString();
        const from = body.from ?? now;
        if (Date.parse(until) <= Math.max(Date.parse(from), Date.now())) {
          throw new ProblemError("InvalidInput", { detail: "`until` is over", action: "Name a later moment." });
        }
        const ruleId = rule === undefined ? undefined : (await reachedRule(context, access, rule)).ruleId;
        const silence: Silence = {
          ...{ silenceId: stableId("silence"), from, until, reason, createdBy: actor?.responsible ?? "" },
          ...(ruleId === undefined ? {} : { ruleId }),
          ...(site === undefined ? {} : { site }),
          ...(resourceId === undefined ? {} : { resourceId }),
          ...(severity === undefined ? {} : { severity }),
        };
        await store.alertRules.silence(silence);
        return { status: 201, body: silence, after: silence };
      },
    }),
    route({
      method: "delete",
      path: "/v1/silences/{id}",
      operationId: "endSilence",
      tag: "alerts",
      summary: "End a silence now",
      permission: "alerts:write",
      actor: "signed-in",
      audit: "silence.end",
      stepUp: true,
      duringFreeze: true,
      idempotent: true,
      params: ruleParams,
      responses: { 200: { description: "As it ended", schema: silenceSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const all = await store.alertRules.silences(new Date().toISOString());
        const before = all.find(({ silenceId }) => silenceId === id);
        if (!before || !access.covers(scopeOf(before))) throw notFound("silence", id, "GET /v1/silences lists them.");
        const after = (await store.alertRules.endSilence(id)) ?? before;
        return { status: 200, body: after, before, after };
      },
    }),
  ];
}

/** @throws ProblemError Forbidden for who names no rule or site that they reach and doesn't reach all. */
async function namedRule(context: ApiContext, access: Access, rule: string | undefined, site?: string) {
  if (rule !== undefined) return { ruleId: (await reachedRule(context, access, rule)).ruleId };
  requireReach(access, scopeOf({ site }));
  return {};
}
