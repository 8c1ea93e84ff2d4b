import { chargesOf, statusOf } from "../../costs/index.ts";
import type { Budget } from "../../domain/budget.ts";
import type { SplitRule } from "../../domain/chargeback.ts";
import { daysOf, readDimension, readFilters } from "../cost-filters.ts";
import { type Answer, route } from "../route.ts";
import {
  budgetBody,
  budgetListSchema,
  budgetSchema,
  chargebackListSchema,
  chargebackQuery,
  splitRuleBody,
  splitRuleListSchema,
  splitRuleSchema,
} from "../schemas/budget.ts";
import { type ApiContext, idParams, notFound, requireReach } from "./context.ts";

/** What may be spent, and who pays for it. */
export function budgetRoutes({ store, costs }: ApiContext) {
  const withStatus = async (budget: Budget) => ({
    ...budget,
    status: await statusOf(costs, budget, readFilters(budget.where), Date.now()),
  });
  return [
    route({
      method: "get",
      path: "/v1/budgets",
      operationId: "listBudgets",
      tag: "costs",
      summary: "Budgets, with what is spent of them and what their period comes to",
      permission: "costs:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "All of them", schema: budgetListSchema } },
      async handle({ access }): Promise<Answer> {
        requireReach(access, {});
        const items = [];
        // One after the other: each reads whole columns.
        for (const budget of await store.budgets.list()) items.push(await withStatus(budget));
        return { status: 200, body: { items } };
      },
    }),
    route({
      method: "post",
      path: "/v1/budgets",
      operationId: "setBudget",
      tag: "costs",
      summary: "Make a budget, or change the one of that name",
      permission: "costs:write",
      actor: "signed-in",
      audit: "budget.set",
      duringFreeze: true,
      idempotent: true,
      body: budgetBody,
      responses: { 200: { description: "The budget as it stands", schema: budgetSchema } },
      async handle({ body, access, actor, stableId }): Promise<Answer> {
        requireReach(access, {});
        const { name, where = "", amount, period = "month", cost = "effective", warn_at: warnAt = [0.8] } = body;
        readFilters(where);
        const budget = await store.budgets.set({
          ...{ budgetId: stableId("budget"), name, where, amount, period, cost, warnAt },
          createdBy: actor?.id ?? "",
        });
        return { status: 200, body: await withStatus(budget), after: budget };
      },
    }),
    route({
      method: "delete",
      path: "/v1/budgets/{id}",
      operationId: "removeBudget",
      tag: "costs",
      summary: "Remove a budget",
      permission: "costs:write",
      actor: "signed-in",
      audit: "budget.remove",
      stepUp: true,
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: { 200: { description: "The budget that was removed", schema: budgetSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const before = await store.budgets.get(id);
        if (!before || !access.covers({})) throw notFound("budget", id, "GET /v1/budgets lists them.");
        const body = await withStatus(before);
        await store.budgets.remove(id);
        return { status: 200, body, before };
      },
    }),
    route({
      method: "get",
      path: "/v1/costs/split-rules",
      operationId: "listSplitRules",
      tag: "costs",
      summary: "How shared costs are divided, in the order in which the rules apply",
      permission: "costs:read",
      actor: "signed-in",
      audit: undefined,
      responses: { 200: { description: "All of them", schema: splitRuleListSchema } },
      async handle(): Promise<Answer> {
        return { status: 200, body: { items: await store.budgets.rules() } };
      },
    }),
    route({
      method: "post",
      path: "/v1/costs/split-rules",
      operationId: "setSplitRule",
      tag: "costs",
      summary: "Say how a shared cost is divided, or change the rule of that name",
      permission: "costs:write",
      actor: "signed-in",
      audit: "costs.split-rule",
      duringFreeze: true,
      idempotent: true,
      body: splitRuleBody,
      responses: { 200: { description: "The rule", schema: splitRuleSchema } },
      async handle({ body, access, actor, stableId }): Promise<Answer> {
        requireReach(access, {});
        readFilters(body.where);
        const { weights, among, ...rest } = body;
        const wished: SplitRule = {
          ...{ ruleId: stableId("split-rule"), ...rest },
          ...(weights ? { weights } : {}),
          ...(among ? { among } : {}),
        };
        const after = await store.budgets.setRule(wished, actor?.id ?? "");
        return { status: 200, body: after, after };
      },
    }),
    route({
      method: "delete",
      path: "/v1/costs/split-rules/{id}",
      operationId: "removeSplitRule",
      tag: "costs",
      summary: "Remove a rule: its costs are those of whoever they carry the tag of",
      permission: "costs:write",
      actor: "signed-in",
      audit: "costs.split-rule-removed",
      stepUp: true,
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: { 200: { description: "The rule that was removed", schema: splitRuleSchema } },
      async handle({ params: { id }, access }): Promise<Answer> {
        const before = (await store.budgets.rules()).find(({ ruleId }) => ruleId === id);
        if (!before || !access.covers({})) throw notFound("split rule", id, "GET /v1/costs/split-rules lists them.");
        await store.budgets.removeRule(id);
        return { status: 200, body: before, before };
      },
    }),
    route({
      method: "get",
      path: "/v1/costs/chargeback",
      operationId: "chargeBackCosts",
      tag: "costs",
      summary:
        "Who pays what: own effective costs, and shares of what the rules divide; what carries no tag stays visible",
      permission: "costs:read",
      actor: "signed-in",
      audit: undefined,
      query: chargebackQuery,
      responses: { 200: { description: "By currency", schema: chargebackListSchema } },
      async handle({ query, access }): Promise<Answer> {
        // A share is of everybody's costs: whoever reaches only some of them would see a wrong one.
        requireReach(access, {});
        const { from, to, by = "tag:project", currency } = query;
        const rules = (await store.budgets.rules()).map((rule) => ({ ...rule, filters: readFilters(rule.where) }));
        const asked = { ...daysOf(from, to), by: readDimension(by), ...(currency ? { currency } : {}) };
        return { status: 200, body: { by, items: await chargesOf(costs, asked, rules) } };
      },
    }),
  ];
}
