import { type AlertRule, type AlertRuleRequest, actionProblem, completeRule } from "../../domain/alert-rule.ts";
import { ownSite } from "../../domain/metric.ts";
import { fromWire } from "../../domain/wire.ts";
import { ProblemError } from "../problem.ts";
import { type Access, type Answer, route } from "../route.ts";
import { alertRuleBody, alertRuleListSchema, alertRulePatch, alertRuleSchema, ruleParams } from "../schemas/alerts.ts";
import { type ApiContext, configuredSite, notFound, requireReach } from "./context.ts";

/** When a figure is a reason to tell somebody. */
export function alertRuleRoutes(context: ApiContext) {
  const { store } = context;
  return [
    route({
      method: "get",
      path: "/v1/alert-rules",
      operationId: "listAlertRules",
      tag: "alerts",
      summary: "Rules that the caller reaches, in the order of their names",
      permission: "alerts:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "The rules", schema: alertRuleListSchema } },
      async handle({ access }): Promise<Answer> {
        const items = (await store.alertRules.list()).filter((rule) => access.covers(scopeOf(rule)));
        return { status: 200, body: { items } };
      },
    }),
    route({
      method: "get",
      path: "/v1/alert-rules/{id}",
      operationId: "getAlertRule",
      tag: "alerts",
      summary: "One rule, by its id",
      permission: "alerts:read",
      actor: "signed-in",
      audit: undefined,
      params: ruleParams,
      responses: { 200: { description: "The rule", schema: alertRuleSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        return { status: 200, body: await reachedRule(context, access, id) };
      },
    }),
    route({
      method: "post",
      path: "/v1/alert-rules",
      operationId: "createAlertRule",
      tag: "alerts",
      summary: "Have people told when a figure crosses a threshold",
      description:
        "Of one site, or of all sites by who reaches the whole installation. Actions name mail addresses, or channels of the configuration.",
      permission: "alerts:write",
      actor: "signed-in",
      audit: "alert-rule.create",
      // It tells people and changes nothing at a site.
      duringFreeze: true,
      idempotent: true,
      body: alertRuleBody,
      responses: { 201: { description: "The rule", schema: alertRuleSchema } },
      async handle({ body, access, actor, stableId }): Promise<Answer> {
        const asked = fromWire<AlertRuleRequest>(body);
        const at = new Date().toISOString();
        const made = {
          ruleId: stableId("alert-rule"),
          createdBy: actor?.responsible ?? "",
          createdAt: at,
          updatedAt: at,
        };
        const rule = completeRule(asked, made);
        await admit(context, access, rule);
        await store.alertRules.set(rule);
        return { status: 201, body: rule, after: rule };
      },
    }),
    route({
      method: "post",
      path: "/v1/alert-rules/{id}",
      operationId: "changeAlertRule",
      tag: "alerts",
      summary: "Change a rule; its alerts go on by what it says then",
      permission: "alerts:write",
      actor: "signed-in",
      audit: "alert-rule.change",
      duringFreeze: true,
      idempotent: true,
      params: ruleParams,
      body: alertRulePatch,
      responses: { 200: { description: "The rule as it is now", schema: alertRuleSchema } },
      async handle({ params: { id }, body, access }): Promise<Answer> {
        const before = await reachedRule(context, access, id);
        const changes = fromWire<Partial<AlertRuleRequest>>(body);
        const after: AlertRule = { ...before, ...changes, updatedAt: new Date().toISOString() };
        await admit(context, access, after);
        await store.alertRules.set(after);
        return { status: 200, body: after, before, after };
      },
    }),
    route({
      method: "delete",
      path: "/v1/alert-rules/{id}",
      operationId: "removeAlertRule",
      tag: "alerts",
      summary: "Remove a rule; what fires by it is resolved, and people are told so",
      permission: "alerts:write",
      actor: "signed-in",
      audit: "alert-rule.remove",
      stepUp: true,
      duringFreeze: true,
      idempotent: true,
      params: ruleParams,
      responses: { 200: { description: "The rule that was removed", schema: alertRuleSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const before = await reachedRule(context, access, id);
        await store.alertRules.remove(before.ruleId);
        return { status: 200, body: before, before };
      },
    }),
  ];
}

/** One of one site is that site's; others are the installation's. */
export function scopeOf({ site }: { readonly site?: string | undefined }) {
  return site === undefined || site === ownSite ? {} : { site };
}

/** By its id or name. @throws ProblemError NotFound, also for one that is not reached. */
export async function reachedRule(context: ApiContext, access: Access, idOrName: string): Promise<AlertRule> {
  const rule = await context.store.alertRules.get(idOrName);
  if (rule && access.covers(scopeOf(rule))) return rule;
  throw notFound("alert-rule", idOrName, "GET /v1/alert-rules lists those that you reach.");
}

async function admit(context: ApiContext, access: Access, rule: AlertRule): Promise<void> {
  requireReach(access, scopeOf(rule));
  if (rule.site !== undefined && rule.site !== ownSite) configuredSite(context, access, rule.site);
  const problems = rule.actions.flatMap((action) => actionProblem(action, context.notifyTargets ?? []) ?? []);
  if (problems.length === 0) return;
  throw new ProblemError("InvalidInput", {
    detail: problems.join("; "),
    action: "Name actions that the configuration has, or add the channel there and start API and worker anew.",
  });
}
