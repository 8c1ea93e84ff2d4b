import * as z from "zod";
import {
  type MigrationTestRequest,
  type MigrationTestView,
  testStates,
  testSteps,
} from "../../domain/migration-test.ts";
import type { Wire } from "../../domain/wire.ts";
import {
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
import { verifySchema } from "./verify.ts";

export const testRequestSchema = z
  .strictObject({
    migration_id: entityId
      .optional()
      .meta({ description: "A warm migration that replicates: clones of its newest proven round are booted" }),
    vm: name.optional().meta({ description: "Without a migration: name or id at the source; a point of it is copied" }),
    from: siteId.optional(),
    to: siteId.optional(),
    map: entityId.optional().meta({ description: "A map of these two sites; its networks are of no matter here" }),
    instance_type: name.optional(),
    bandwidth_bytes_per_second: z.int().min(1024).optional(),
    verify: verifySchema.optional().meta({ description: "Default what the migration's plan verifies" }),
    hold_seconds: z
      .number()
      .min(0)
      .max(86_400)
      .optional()
      .meta({ description: "How long it stays up after it was proven, for people to look at. Default 0" }),
    max_life_seconds: z
      .number()
      .min(1)
      .max(7 * 86_400)
      .optional()
      .meta({
        description:
          "It is torn down by then, whatever it is at. Default an hour beside the predicted copy and `hold_seconds`",
      }),
  })
  .meta({ id: "MigrationTestRequest" }) satisfies z.ZodType<Wire<MigrationTestRequest>>;

const dryRun = z.boolean().optional().meta({ description: "Plan only; nothing is started" });
export const startTestSchema = z.union([
  z.strictObject({ plan_id: entityId, plan_hash: sha256, dry_run: dryRun }).meta({ id: "ApprovedTest" }),
  z.strictObject({ ...testRequestSchema.shape, dry_run: dryRun }).meta({ id: "DirectTest" }),
]);

export const migrationTestSchema = z
  .strictObject({
    test_id: entityId,
    plan_id: entityId,
    workflow_id: z.string(),
    migration_id: entityId.optional(),
    vm: z.strictObject({ name: z.string(), source_vm_id: z.string() }),
    from: siteId,
    to: siteId,
    state: z.enum(testStates).meta({ description: "`holding`: it was proven and stays up for people" }),
    step: z.enum(testSteps).optional(),
    point_taken_at: timestamp.optional().meta({ description: "The moment that the tested disks show" }),
    consistency: consistencySchema.optional(),
    round: z.int().min(0).optional().meta({ description: "Of the migration's replica" }),
    test_vm_id: z.string().optional(),
    steps: z.array(z.strictObject({ step: z.enum(testSteps), seconds: z.number().min(0) })).optional(),
    boot: z
      .strictObject({ proven: z.boolean(), evidence: z.string().optional(), reason: z.string().optional() })
      .optional(),
    probes: z
      .array(z.strictObject({ probe: z.string(), seconds: z.number().min(0) }))
      .optional()
      .meta({ description: "What answered, with the seconds from the VM's start" }),
    problem: z
      .strictObject({
        code: z.string(),
        message: z.string(),
        step: z.string().optional(),
        left_behind: z.array(z.strictObject({ resource: z.string(), remove: z.string() })).optional(),
        facts: facts.optional(),
      })
      .optional(),
    expires_at: timestamp.meta({ description: "It is torn down by then" }),
    created_by: z.string(),
    created_at: timestamp,
    ended_at: timestamp.optional(),
  })
  .meta({ id: "MigrationTest" }) satisfies z.ZodType<Wire<MigrationTestView>>;

export const testListQuery = z.strictObject({
  migration_id: entityId.optional(),
  vm: name.optional().meta({ description: "A name, or the id at the source" }),
  state: z.enum(testStates).optional(),
  ...cursorQuery,
});
export const testListSchema = z
  .strictObject({ items: z.array(migrationTestSchema), next_cursor: nextCursor })
  .meta({ id: "MigrationTestList" });
