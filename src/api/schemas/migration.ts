import * as z from "zod";
import { changeTrackings } from "../../domain/change-tracking.ts";
import {
  type MigrationEvent,
  type MigrationRequest,
  type MigrationView,
  migrationStates,
  migrationSteps,
} from "../../domain/migration.ts";
import { undoStates } from "../../domain/undo.ts";
import type { Wire } from "../../domain/wire.ts";
import {
  bytes,
  consistencySchema,
  cursorQuery,
  entityId,
  facts,
  name,
  nextCursor,
  sha256,
  siteId,
  timestamp,
} from "./common.ts";
import { migrationRequestSchema } from "./plan.ts";
import { trafficViewSchema } from "./traffic.ts";

export const migrationState = z.enum(migrationStates);
const step = z.enum([...migrationSteps, "rollback", "finalize"]);
const tracking = z.enum(["full", ...changeTrackings]);

export const migrationSchema = z
  .strictObject({
    migration_id: entityId,
    plan_id: entityId,
    workflow_id: z.string(),
    vm: z.strictObject({ name: z.string(), source_vm_id: z.string(), target_vm_id: z.string().optional() }),
    from: siteId,
    to: siteId,
    state: migrationState,
    step: step.optional(),
    progress: z.number().min(0).max(100),
    steps: z.array(
      z.strictObject({
        step,
        state: z.enum(["running", "done", "failed", "skipped"]),
        started_at: timestamp,
        ended_at: timestamp.optional(),
        detail: z.string().optional(),
      }),
    ),
    bytes_to_move: bytes,
    bytes_copied: bytes,
    bytes_resent: bytes,
    disks: z.array(
      z.strictObject({
        disk_id: z.string(),
        size_bytes: bytes,
        allocated_bytes: bytes,
        bytes_copied: bytes,
        bytes_resent: bytes,
        bytes_on_wire: bytes
          .optional()
          .meta({ description: "As they travelled between two workers of sites, compressed; absent for other ways" }),
        tracking,
        generation_id: z.string(),
        point_id: z.string(),
        root_hash: z.string(),
        prepared_point_id: z.string().optional().meta({
          description: "The point on top of it that the VM's disk is a clone of, where the guest was prepared",
        }),
      }),
    ),
    downtime_seconds: z.number().optional(),
    times: z
      .strictObject({
        predicted_seconds: z.number().min(0).optional(),
        predicted_downtime_seconds: z.number().min(0).optional(),
        basis: z.string().optional().meta({ description: "What the prediction rests on" }),
        seconds: z
          .number()
          .min(0)
          .optional()
          .meta({ description: "From its first step to the end of its last; absent until it was moved" }),
        bulk_copy_seconds: z.number().min(0).optional().meta({
          description:
            "Of these the copying: all bytes of a cold move; the rounds of a warm one, while its source ran; disks and memory of a live one",
        }),
      })
      .optional()
      .meta({ description: "What its plan predicted, and what it took" }),
    boot_proof: z.enum(["proven", "not-asked", "unavailable"]).optional(),
    certificate_id: z.string().optional(),
    warm: z
      .strictObject({
        rounds: z.int().min(1),
        proven_up_to: timestamp,
        change_bytes_per_second: z.number().min(0).optional(),
        predicted_downtime_seconds: z.number().min(0),
        last_round_bytes: bytes,
        consistency: consistencySchema.optional(),
      })
      .optional()
      .meta({ description: "What is replicated of a running source, and what a cutover would cost now" }),
    live: z
      .strictObject({
        phase: z.enum(["disks", "memory"]),
        disk_bytes_done: bytes,
        disk_bytes_left: bytes,
        memory_bytes_done: bytes,
        memory_bytes_left: bytes,
        dirty_bytes_per_second: z.number().min(0).optional().meta({ description: "Of memory, as it is rewritten" }),
        pause_ms: z
          .number()
          .min(0)
          .optional()
          .meta({ description: "For how long the guest stood still at the switch" }),
        switched_at: timestamp.optional(),
        restarted: z
          .boolean()
          .optional()
          .meta({ description: "It ended after the switch and was started anew: its memory is lost" }),
      })
      .optional()
      .meta({ description: "How far the move of a running guest is" }),
    traffic: trafficViewSchema.optional().meta({ description: "How the way of users to it stands" }),
    undo: z
      .strictObject({
        state: z.enum(undoStates),
        until: timestamp,
        migration_id: entityId.optional().meta({ description: "The migration that carries changes home" }),
        reason: z.string().optional(),
      })
      .optional()
      .meta({ description: "The way home with what the target wrote" }),
    left_alone: z
      .array(z.strictObject({ site: siteId, kind: z.string(), id: z.string(), why: z.string() }))
      .optional()
      .meta({ description: "What its finalize did not touch, as the confirmed plan did not name it" }),
    tests: z
      .strictObject({ passed: z.int().min(0), failed: z.int().min(0) })
      .optional()
      .meta({ description: "How its tests ended; GET /v1/migration-tests has them" }),
    wave_id: entityId.optional().meta({ description: "The wave that it is part of" }),
    problem: z
      .strictObject({
        code: z.string(),
        message: z.string(),
        step: z.string().optional(),
        left_behind: z.array(z.strictObject({ resource: z.string(), remove: z.string() })).optional(),
        facts: facts.optional(),
      })
      .optional(),
    created_at: timestamp,
    updated_at: timestamp,
    ended_at: timestamp.optional(),
  })
  .meta({ id: "Migration" }) satisfies z.ZodType<Wire<MigrationView>>;

export const migrationListQuery = z.strictObject({
  state: migrationState.optional(),
  vm: z.string().min(1).max(200).optional().meta({ description: "A name, or the id at the source" }),
  ...cursorQuery,
});
export const migrationListSchema = z
  .strictObject({ items: z.array(migrationSchema), next_cursor: nextCursor })
  .meta({ id: "MigrationList" });

const dryRun = z.boolean().optional().meta({ description: "Plan only; nothing is started" });

export const approvedPlanSchema = z
  .strictObject({ plan_id: entityId, plan_hash: sha256, dry_run: dryRun })
  .meta({ id: "ApprovedPlan", description: "A plan as it was approved: its id and its hash" });
export const directMigrationSchema = z
  .strictObject({ ...migrationRequestSchema.shape, dry_run: dryRun })
  .meta({ id: "DirectMigration", description: "Planned now and executed as planned" }) satisfies z.ZodType<
  Wire<MigrationRequest>
>;

export const finalizeSchema = z
  .strictObject({
    plan_id: entityId,
    plan_hash: sha256,
    confirm: z.array(name).min(1).max(10).meta({ description: "The plan's `inputs.names`: whose source goes" }),
  })
  .meta({ id: "FinalizeMigration", description: "A dry run of the finalize as it was confirmed" });

export const migrationEventSchema = z
  .strictObject({
    sequence: z.int(),
    migration_id: entityId,
    at: timestamp,
    type: z.enum(["state", "step", "progress", "note", "problem"]),
    message: z.string(),
    data: facts,
  })
  .meta({ id: "MigrationEvent" }) satisfies z.ZodType<Wire<MigrationEvent>>;
