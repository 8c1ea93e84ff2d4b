import * as z from "zod";
import type { Lease } from "../../domain/lease.ts";
import { type HealthSample, healthActions, probeKinds, sights, verdicts } from "../../domain/site-health.ts";
import type { Wire } from "../../domain/wire.ts";
import type { HealthDecision } from "../../store/index.ts";
import type { ReleaseGroupResult } from "../../workflows/release-group/types.ts";
import { cursorQuery, entityId, name, nextCursor, siteId, timestamp } from "./common.ts";

const sampleSchema = z
  .strictObject({
    site: siteId,
    vantage: z.string().meta({ description: "Who looked: a worker of another site, or `control-plane`" }),
    failure_domain: z.string(),
    at: timestamp,
    sees: z.enum(sights).meta({ description: "`blind`: it saw nothing else either, and may be cut off itself" }),
    probes: z.array(
      z.strictObject({
        kind: z.enum(probeKinds),
        target: z.string(),
        result: z.enum(["ok", "slow", "failed"]),
        took_ms: z.number(),
        reason: z.string().optional(),
      }),
    ),
  })
  .meta({ id: "HealthSample", description: "What one vantage point saw of a site in one round" }) satisfies z.ZodType<
  Wire<HealthSample>
>;

export const decisionSchema = z
  .strictObject({
    decision_id: entityId,
    site: siteId,
    group_id: z.string().optional().meta({ description: "Absent of a decision about the site itself" }),
    epoch: z.int().optional(),
    at: timestamp,
    verdict: z.enum(verdicts),
    action: z.enum(healthActions),
    reasons: z.array(z.string()),
    samples: z.array(sampleSchema).meta({ description: "What it was decided on" }),
    deadline: timestamp.optional().meta({ description: "Until when a person is asked" }),
    make_sure_of: z.array(z.string()).optional().meta({ description: "Before a failover is answered for" }),
    answered_at: timestamp.optional(),
    answered_by: z.string().optional(),
    answer: z.strictObject({ failover: z.boolean(), made_sure_of: z.string().optional() }).optional(),
  })
  .meta({ id: "HealthDecision" }) satisfies z.ZodType<Wire<HealthDecision>>;

export const healthSchema = z
  .strictObject({
    site: siteId,
    verdict: z
      .enum(verdicts)
      .meta({ description: "`unknown`: nobody looks at it, as no protected group is served there" }),
    reasons: z.array(z.string()),
    decided_at: timestamp.optional(),
    failure_domain: z.string(),
    automatic_failover: z.boolean().meta({
      description:
        "Whether it is looked at from enough failure domains, so that groups can opt into automatic failover",
    }),
    vantages: z.array(sampleSchema).meta({ description: "The newest sample of each within the last ten minutes" }),
  })
  .meta({ id: "SiteHealth" });

export const decisionListQuery = z.strictObject(cursorQuery);
export const decisionListSchema = z
  .strictObject({ items: z.array(decisionSchema), next_cursor: nextCursor })
  .meta({ id: "HealthDecisionList" });

export const answerBody = z
  .strictObject({
    failover: z.boolean(),
    made_sure_of: name.max(2_000).optional().meta({ description: "What you have made sure of, in your own words" }),
  })
  .meta({ id: "OutageAnswer" });

export const leaseSchema = z
  .strictObject({
    group_id: z.string(),
    at: siteId.meta({ description: "The site that it lies at" }),
    lease: z
      .strictObject({
        group_id: z.string(),
        holder: siteId,
        epoch: z.int(),
        duration_ms: z.number(),
        margin_ms: z.number(),
        watched: z.boolean().meta({ description: "A watchdog cuts the holder off when it can't renew the lease" }),
        renewals: z.int(),
        renewed_at: timestamp,
        taken_at: timestamp,
        proof: z.enum(["expired", "fenced", "handed-over", "confirmed"]).optional().meta({
          description: "Why nobody else could still write when it changed hands last",
        }),
        confirmed_by: z.string().optional(),
      })
      .optional() satisfies z.ZodType<Wire<Lease> | undefined>,
  })
  .meta({ id: "GroupLease" });

export const releaseBody = z
  .strictObject({
    made_sure_of: z
      .string()
      .min(1)
      .max(2_000)
      .meta({ description: "That nothing else writes as the group, in your words; it is recorded" }),
  })
  .meta({ id: "ReleaseGroup" });

export const releasedSchema = z
  .strictObject({
    site: siteId,
    vm_ids: z.array(z.string()).meta({ description: "They are off, and may be started" }),
  })
  .meta({ id: "ReleasedGroup" }) satisfies z.ZodType<Wire<ReleaseGroupResult>>;
