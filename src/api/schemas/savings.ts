import * as z from "zod";
import {
  analysisStates,
  type Finding,
  type NoRecommendation,
  type Recommendation,
  recommendationTypes,
  risks,
  type SavingsAnalysis,
} from "../../domain/savings/recommendation.ts";
import type { Wire } from "../../domain/wire.ts";
import { cursorQuery, nextCursor, siteId, timestamp } from "./common.ts";
import { moneySchema } from "./price.ts";

const share = z.number().min(0).max(1);
const count = z.int().min(0);

const offHours = z.strictObject({
  name: z.string(),
  nights: z.strictObject({ from: z.int().min(0).max(23), hours: z.int().min(1).max(24) }).optional(),
  weekends: z.boolean(),
});

const subject = {
  site: siteId,
  resource_kind: z.string().meta({ description: "`vm`, `volume`, `address`; of a commitment `instance-type`" }),
  resource_id: z.string(),
  name: z.string(),
  tags: z.record(z.string(), z.string()),
};

const recommendationSchema = z
  .strictObject({
    ...subject,
    recommended: z.literal(true),
    type: z.enum(recommendationTypes),
    current_cost: moneySchema.meta({ description: "Of a month at list price" }),
    optimized_cost: moneySchema,
    potential_savings: moneySchema.meta({ description: "Of a month; nothing was saved yet" }),
    savings_percent: z.number(),
    action: z.string(),
    confidence: share.meta({ description: "That nobody is harmed by it; less when the price is old" }),
    risk: z.enum(risks),
    evidence: z.array(z.string()),
    reversal: z.string(),
    instance_type: z.string().optional().meta({ description: "The new size" }),
    off: offHours.optional(),
    count: count.optional().meta({ description: "How many to commit to" }),
    finding_id: z.string(),
  })
  .meta({ id: "Recommendation" }) satisfies z.ZodType<Wire<Recommendation & Pick<Finding, "findingId">>>;

const noRecommendationSchema = z
  .strictObject({ ...subject, recommended: z.literal(false), reason: z.string(), finding_id: z.string() })
  .meta({ id: "NoRecommendation" }) satisfies z.ZodType<Wire<NoRecommendation & Pick<Finding, "findingId">>>;

export const recommendationListQuery = z.strictObject({
  ...cursorQuery,
  site: siteId.optional(),
  type: z.enum(recommendationTypes).optional(),
});
export const unchangedListQuery = z.strictObject({ ...cursorQuery, site: siteId.optional() });
export const recommendationListSchema = z.strictObject({
  items: z.array(recommendationSchema),
  next_cursor: nextCursor,
});
export const unchangedListSchema = z.strictObject({ items: z.array(noRecommendationSchema), next_cursor: nextCursor });

const settingsSchema = z.strictObject({
  lookback_days: z.number(),
  least_days: z.number(),
  least_saving_micros: z.number(),
  horizon_days: z.number(),
  harm_limit: share,
  harm_aim: share,
  headroom: z.strictObject({ cpu: z.number(), memory: z.number(), network: z.number(), disk: z.number() }),
  idle: z.strictObject({
    cpu_share: share,
    network_bytes_per_second: z.number(),
    disk_bytes_per_second: z.number(),
  }),
  schedules: z.boolean(),
  architectures: z.boolean(),
});

const analysisSchema = z
  .strictObject({
    analysis_id: z.string(),
    state: z.enum(analysisStates),
    reason: z.string().optional(),
    started_at: timestamp,
    ended_at: timestamp.optional(),
    settings: settingsSchema,
    totals: z
      .strictObject({
        resources: count,
        recommendations: count,
        current_cost: moneySchema.optional(),
        potential_savings: moneySchema.optional(),
        savings_percent: z.number().optional(),
        expected_harm: z.number().min(0).meta({ description: "VMs that may be harmed if all of it was done" }),
      })
      .optional()
      .meta({ description: "Of everything; absent for who does not reach everything" }),
  })
  .meta({ id: "SavingsAnalysis" }) satisfies z.ZodType<Wire<SavingsAnalysis>>;

export const savingsSchema = z
  .strictObject({
    newest: analysisSchema.optional().meta({ description: "The newest analysis, whatever became of it" }),
    shown: analysisSchema.optional().meta({ description: "The newest that was completed: what the lists show" }),
    potential: z.array(
      z.strictObject({ type: z.enum(recommendationTypes), count, saving_micros: count }).meta({
        description: "What you reach of what can be saved a month, in millionths of a dollar",
      }),
    ),
  })
  .meta({ id: "Savings" });

export const analysisStartedSchema = z.strictObject({ workflow_id: z.string() }).meta({ id: "SavingsAnalysisStarted" });
