import * as z from "zod";
import {
  type RecoveryRequest,
  type RecoveryRun,
  type RecoveryStepRecord,
  recoveryModes,
  recoveryStates,
  recoveryStepStates,
} from "../../domain/recovery-run.ts";
import type { Wire } from "../../domain/wire.ts";
import { cursorQuery, entityId, name, nextCursor, sha256, siteId, timestamp } from "./common.ts";
import { costSchema } from "./price.ts";

export const recoveryRequestSchema = z
  .strictObject({
    group_id: entityId,
    mode: z.enum(recoveryModes).meta({
      description:
        "`failover`: the site is lost. `switchover`: the VMs are stopped first and nothing is lost. `drill`: clones where nobody is reached, while everything goes on",
    }),
    reason: z.string().min(1).max(1000).meta({ description: "Why; kept with the run" }),
    point_id: entityId.optional().meta({ description: "A recovery point instead of the newest" }),
    before: timestamp.optional().meta({ description: "The newest point that is no later than this" }),
    suspect_too: z.boolean().optional().meta({ description: "Also points that may show what an attacker left" }),
    stop_grace_ms: z
      .int()
      .min(0)
      .max(86_400_000)
      .optional()
      .meta({ description: "Of a planned one: how long a guest may take to shut down. Default the configuration's" }),
    outage_at: timestamp.optional().meta({ description: "When the outage began; what is lost is counted from then" }),
  })
  .meta({ id: "RecoveryRequest" }) satisfies z.ZodType<Wire<Omit<RecoveryRequest, "epoch">>>;

const dryRun = z.boolean().optional().meta({ description: "Plan only; nothing is started" });
export const startRecoverySchema = z.union([
  z.strictObject({ plan_id: entityId, plan_hash: sha256, dry_run: dryRun }).meta({ id: "ApprovedRecovery" }),
  z.strictObject({ ...recoveryRequestSchema.shape, dry_run: dryRun }).meta({ id: "DirectRecovery" }),
]);

const stepSchema = z
  .strictObject({
    position: z.int().min(0),
    step: z.string(),
    detail: z.string(),
    boot_group: z.string().optional(),
    vm: z.string().optional(),
    state: z.enum(recoveryStepStates),
    started_at: timestamp,
    ended_at: timestamp.optional(),
    outcome: z.string().optional().meta({ description: "What came of it: what was there before, who did it" }),
    problem: z.strictObject({ code: z.string(), message: z.string() }).optional(),
  })
  .meta({ id: "RecoveryRunStep" }) satisfies z.ZodType<Wire<RecoveryStepRecord>>;

const seconds = z.number().min(0);
const reportSchema = z
  .strictObject({
    rto_seconds: seconds.meta({
      description: "Measured: from the decision until users were led there and the last probe passed",
    }),
    rto_objective_seconds: seconds,
    rpo_seconds: seconds.meta({
      description:
        "Measured: from what the point shows to the outage, or until nothing could write at the old site any more. At most so much was lost",
    }),
    rpo_objective_seconds: seconds,
    point_id: entityId,
    point_taken_at: timestamp,
    vms: z.array(
      z.strictObject({
        ...{ position: z.int().min(0), vm: z.string(), boot_group: z.string(), vm_id: z.string() },
        instance_type: z.string().optional(),
        proven_after_seconds: seconds.meta({ description: "From the decision" }),
        boot_proven: z.boolean(),
      }),
    ),
    cost: costSchema.optional(),
    left_over: z
      .int()
      .min(0)
      .optional()
      .meta({ description: "What a drill left at the site, counted when it had ended" }),
  })
  .meta({ id: "RecoveryReport" }) satisfies z.ZodType<Wire<NonNullable<RecoveryRun["report"]>>>;

export const recoveryRunSchema = z
  .strictObject({
    run_id: entityId,
    group_id: entityId,
    workflow_id: z.string(),
    plan_id: entityId,
    mode: z.enum(recoveryModes),
    reason: z.string(),
    from: siteId,
    to: siteId,
    state: z.enum(recoveryStates).meta({
      description:
        "`waiting`: a person has to do or confirm something. `attention`: a step failed; a person says whether it is tried again or given up",
    }),
    waits_for: z.string().optional(),
    report: reportSchema.optional(),
    problem: z
      .strictObject({
        code: z.string(),
        message: z.string(),
        left_behind: z.array(z.strictObject({ resource: z.string(), remove: z.string() })).optional(),
      })
      .optional(),
    created_by: z.string(),
    created_at: timestamp,
    ended_at: timestamp.optional(),
  })
  .meta({ id: "RecoveryRun" }) satisfies z.ZodType<Wire<RecoveryRun>>;

export const recoveryRunDetailSchema = z
  .strictObject({
    ...recoveryRunSchema.shape,
    steps: z.array(stepSchema),
    plan_hash: sha256.optional().meta({ description: "Of the plan that was carried out" }),
    approvals: z.array(z.strictObject({ by: z.string(), decision: z.string(), at: timestamp })),
    disks: z
      .array(z.strictObject({ vm: z.string(), disk_id: z.string(), root_hash: z.string() }))
      .meta({ description: "Of the recovery point that was taken, with the SHA-256 of each disk's manifest" }),
  })
  .meta({ id: "RecoveryRunDetail" });
export const recoveryRunListQuery = z.strictObject({
  group_id: entityId,
  mode: z.enum(recoveryModes).optional(),
  ...cursorQuery,
});
export const recoveryRunListSchema = z
  .strictObject({ items: z.array(recoveryRunSchema), next_cursor: nextCursor })
  .meta({ id: "RecoveryRunList" });
export const stepDoneBody = z
  .strictObject({ boot_group: name, step: name, note: z.string().min(1).max(1000).optional() })
  .meta({ id: "StepDone" });
export const confirmFencingBody = z
  .strictObject({
    made_sure_of: z.string().min(1).max(1000).meta({
      description: "What you have made sure of, in your words: it is kept with the lease and in the audit trail",
    }),
  })
  .meta({ id: "ConfirmFencing" });
