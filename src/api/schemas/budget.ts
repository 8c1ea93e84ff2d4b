import * as z from "zod";
import { type Budget, type BudgetStatus, budgetPeriods } from "../../domain/budget.ts";
import type { Chargeback, SplitRule } from "../../domain/chargeback.ts";
import type { Wire } from "../../domain/wire.ts";
import { entityId } from "./common.ts";
import { moneySchema } from "./price.ts";

const name = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u);
const where = z.string().max(2_000).meta({
  description: "Which costs: `dimension=value`, with `;` between; nothing is everything",
  example: "tag:project=web",
});
const share = z.number().min(0).max(10);
const micros = z.int().meta({ description: "Millionths of the currency's unit" });

export const budgetBody = z.strictObject({
  name,
  where: where.optional(),
  amount: moneySchema,
  period: z.enum(budgetPeriods).optional().meta({ description: "Default month" }),
  cost: z.enum(["effective", "billed"]).optional().meta({ description: "Which cost counts. Default effective" }),
  warn_at: z.array(share).max(10).optional().meta({ description: "Shares of it. Default 0.8" }),
});

const statusSchema = z.strictObject({
  from: z.iso.date(),
  to: z.iso.date().meta({ description: "The day after the last" }),
  spent: moneySchema,
  used: z.number().meta({ description: "Of the amount" }),
  forecast: z.strictObject({ expected: moneySchema, low: moneySchema, high: moneySchema }).optional().meta({
    description: "What the whole period comes to, and between what four of five fall. Absent under two weeks of costs",
  }),
  state: z.enum(["within", "warning", "forecast-over", "over", "unknown"]),
  reason: z.string(),
  known_until: z.iso.date().optional().meta({ description: "The last day that has costs" }),
}) satisfies z.ZodType<Wire<BudgetStatus>>;

export const budgetSchema = z
  .strictObject({
    budget_id: entityId,
    name: z.string(),
    where: z.string(),
    amount: moneySchema,
    period: z.enum(budgetPeriods),
    cost: z.enum(["effective", "billed"]),
    warn_at: z.array(share),
    created_by: z.string(),
    status: statusSchema,
  })
  .meta({ id: "Budget" }) satisfies z.ZodType<Wire<Budget & { status: BudgetStatus }>>;
export const budgetListSchema = z.strictObject({ items: z.array(budgetSchema) }).meta({ id: "BudgetList" });

const rule = {
  name,
  where: where.min(3).meta({ description: "What it divides" }),
  method: z.enum(["even", "weight", "use"]).meta({
    description: "`even`: each the same; `weight`: as the weights say; `use`: as their own effective costs are",
  }),
  weights: z.record(z.string(), z.number().positive()).optional().meta({ description: "Who gets how many parts" }),
  among: z.array(z.string().min(1)).min(1).optional().meta({ description: "The only ones who share it" }),
};
export const splitRuleBody = z
  .strictObject(rule)
  .refine(({ method, weights }) => (method === "weight") === (weights !== undefined), {
    error: "weights belong to the method weight, and only to it",
  });
export const splitRuleSchema = z
  .strictObject({ rule_id: entityId, ...rule })
  .meta({ id: "SplitRule" }) satisfies z.ZodType<Wire<SplitRule>>;
export const splitRuleListSchema = z.strictObject({ items: z.array(splitRuleSchema) }).meta({ id: "SplitRuleList" });

export const chargebackQuery = z.strictObject({
  from: z.iso.date().optional().meta({ description: "Default: the first day of this month" }),
  to: z.iso.date().optional().meta({ description: "Not part of it. Default: tomorrow" }),
  by: z.string().max(200).optional().meta({ description: "Who pays: account, or tag:KEY. Default tag:project" }),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional(),
});
const shareSchema = z.strictObject({ rule: z.string(), micros });
export const chargebackListSchema = z
  .strictObject({
    by: z.string(),
    items: z
      .array(
        z.strictObject({
          currency: z.string(),
          lines: z.array(
            z.strictObject({
              owner: z.string().optional().meta({ description: "Absent: what carries no such tag" }),
              direct_micros: micros,
              shares: z.array(shareSchema),
              total_micros: micros,
            }),
          ),
          undivided: z.array(z.strictObject({ rule: z.string(), micros, reason: z.string() })),
          total_micros: micros,
        }) satisfies z.ZodType<Wire<Chargeback>>,
      )
      .meta({ description: "One a currency" }),
  })
  .meta({ id: "Chargeback" });
