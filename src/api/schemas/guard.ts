import * as z from "zod";
import { entityId, sha256, timestamp } from "./common.ts";

const reason = z.string().min(3).max(1_000);

export const freezeSchema = z
  .strictObject({
    frozen: z.boolean(),
    since: timestamp.optional(),
    by: z.string().optional(),
    reason: z.string().optional(),
  })
  .meta({ id: "Freeze" });
export const freezeBody = z.strictObject({ reason }).meta({ id: "FreezeChanges" });

export const decisionBody = z
  .strictObject({
    plan_hash: sha256.meta({ description: "The decision is about exactly this plan" }),
    decision: z.enum(["approve", "reject"]),
    note: z.string().max(2_000).optional(),
  })
  .meta({ id: "PlanDecision" });
export const approvalsSchema = z
  .strictObject({
    plan_id: entityId,
    required: z.boolean().meta({ description: "A rule wants a second person" }),
    rule: z.string().optional(),
    requested_by: z.array(z.string()).meta({ description: "They can't approve it" }),
    items: z.array(
      z.strictObject({
        plan_id: entityId,
        plan_hash: sha256,
        decided_by: z.string(),
        decided_by_name: z.string(),
        decision: z.enum(["approve", "reject"]),
        note: z.string().optional(),
        decided_at: timestamp,
      }),
    ),
  })
  .meta({ id: "PlanApprovals" });

export const sealedSchema = z
  .strictObject({
    secret: z.string().meta({ description: "Print it and seal it. Shown this once and kept nowhere" }),
  })
  .meta({ id: "SealedSecret" });
export const breakGlassBody = z
  .strictObject({ secret: z.string().min(16).max(200), reason })
  .meta({ id: "BreakGlass" });
