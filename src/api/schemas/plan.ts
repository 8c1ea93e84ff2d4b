import * as z from "zod";
import { isTimeZone, parseHours } from "../../domain/hours.ts";
import { capacityTypes } from "../../domain/instance-type.ts";
import { type MigrationRequest, moveModes } from "../../domain/migration.ts";
import type { Plan } from "../../domain/plan.ts";
import type { Subject } from "../../domain/policy/subject.ts";
import { identityChoices, prepareModes } from "../../domain/preparation.ts";
import type { Wire } from "../../domain/wire.ts";
import { bytes, entityId, facts, name, sha256, siteId, tags, timestamp } from "./common.ts";
import { mapMembers } from "./map.ts";
import { testRequestSchema } from "./migration-test.ts";
import { createVmSchema, operateVmsSchema } from "./operation.ts";
import { remediationRequestSchema } from "./policy.ts";
import { costSchema } from "./price.ts";
import { recoveryRequestSchema } from "./recovery-run.ts";
import { trafficSchema } from "./traffic.ts";
import { verifySchema } from "./verify.ts";

const milliseconds = z.int().min(0).max(86_400_000);

const hours = z
  .string()
  .max(100)
  .refine((text) => parseHours(text) !== undefined, "is not hours of the week, such as mon-fri 22:00-06:00")
  .meta({ description: "Days, hours or both: `mon-fri 22:00-06:00`, `sat,sun`, `08:00-18:00`" });

export const migrationRequestSchema = z
  .strictObject({
    vm: name.meta({ description: "Name or id at the source site" }),
    from: siteId,
    to: siteId,
    point: z
      .enum(["stop", "freeze"])
      .optional()
      .meta({ description: "`stop` (default): the target takes over. `freeze`: a copy of one moment" }),
    map: entityId.optional().meta({ description: "A map of these two sites; what is said here goes before it" }),
    ...mapMembers,
    verify: verifySchema.optional(),
    bandwidth_bytes_per_second: z.int().min(1024).optional(),
    stop_grace_ms: milliseconds.optional(),
    cpus: z.int().min(1).max(10_000).optional().meta({ description: "Default what the VM has" }),
    memory_bytes: z.int().min(1).optional().meta({ description: "Default what the VM has" }),
    gpus: z.int().min(0).max(64).optional(),
    instance_type: name.optional().meta({ description: "A size of the target, instead of the cheapest that fits" }),
    capacity_type: z.enum(capacityTypes).optional(),
    burstable: z
      .boolean()
      .optional()
      .meta({ description: "Whether sizes whose CPU above a baseline is on credit count too. Default false" }),
    incremental: z.boolean().optional(),
    schedule: z
      .strictObject({
        start_at: z.iso.datetime().optional().meta({ description: "It waits until then before it touches anything" }),
        deadline: z.iso
          .datetime()
          .optional()
          .meta({ description: "A warning says when the measured rate won't meet it" }),
        time_zone: z
          .string()
          .min(1)
          .max(60)
          .refine(isTimeZone, "is not a known time zone, such as UTC or Europe/Berlin")
          .optional()
          .meta({ description: "Of the hours below; default the configuration's, else UTC" }),
        allowed_hours: z.array(hours).max(50).optional().meta({
          description:
            "Outside of them it does not begin and nothing of a running VM is copied; default the configuration's. An empty list allows any time",
        }),
        bandwidth_hours: z
          .array(z.strictObject({ hours, bytes_per_second: z.int().min(1024) }))
          .max(50)
          .optional()
          .meta({ description: "Limits in certain hours; the lowest that holds counts. Default the configuration's" }),
      })
      .optional(),
    prepare: z
      .strictObject({
        mode: z.enum(prepareModes).optional().meta({
          description:
            "`auto`: what it lacks for the target is put in. `off`: its disk is not changed. Default the configuration's",
        }),
        identity: z.enum(identityChoices).optional().meta({
          description:
            "`keep`: cloud-init gives it no other name and host keys. `renew`: machine id and SSH host keys are taken out. Absent: nothing is done about it",
        }),
      })
      .optional()
      .meta({ description: "What may be changed in the guest, on a clone of its boot disk" }),
    traffic: trafficSchema.optional(),
    undo: z
      .strictObject({
        window_seconds: z
          .number()
          .min(1)
          .max(31 * 86_400),
        round_pause_seconds: z.number().min(0).max(86_400).optional(),
        map: entityId.optional().meta({
          description: "A map from the target to the source, for the way home; default the networks that it had there",
        }),
      })
      .optional()
      .meta({ description: "How long after the cutover `undo` brings the VM home with what it wrote" }),
    mode: z.enum(moveModes).optional().meta({
      description:
        "`cold` (default). `warm`: the source runs on while rounds of copies follow it, until the cutover. `live`: it never stops; warm where the sites can't do that, and the plan says why",
    }),
    warm: z
      .strictObject({
        cutover: z.enum(["when-ready", "manual", "at-time"]).optional(),
        cutover_at: z.iso.datetime().optional(),
        target_downtime_seconds: z.number().min(0).max(86_400).optional(),
        round_pause_seconds: z.number().min(0).max(86_400).optional(),
      })
      .optional(),
  })
  .meta({ id: "MigrationRequest" }) satisfies z.ZodType<Wire<MigrationRequest>>;

/** Told as it is, resource, document and all. */
const judged = z.record(z.string(), z.unknown()) as unknown as z.ZodType<Wire<Subject>>;

export const planBody = z
  .union([
    z.strictObject({ kind: z.literal("migrate_vm"), request: migrationRequestSchema }).meta({ id: "PlanMigration" }),
    z.strictObject({ kind: z.literal("operate_vms"), request: operateVmsSchema }).meta({ id: "PlanOperation" }),
    z
      .strictObject({ kind: z.literal("remediate_findings"), request: remediationRequestSchema })
      .meta({ id: "PlanRemediation" }),
    z.strictObject({ kind: z.literal("test_migration"), request: testRequestSchema }).meta({ id: "PlanTest" }),
    z.strictObject({ kind: z.literal("create_vm"), request: createVmSchema }).meta({ id: "PlanCreate" }),
    z.strictObject({ kind: z.literal("recover_group"), request: recoveryRequestSchema }).meta({ id: "PlanRecovery" }),
    z
      .strictObject({ kind: z.literal("finalize_migration"), request: z.strictObject({ migration_id: entityId }) })
      .meta({ id: "PlanFinalize", description: "What a finalize would delete, and what stays" }),
  ])
  .meta({ id: "PlanRequest" });

const resource = z.strictObject({ site: z.string(), kind: z.string(), id: z.string() });

export const planSchema = z
  .strictObject({
    plan_id: entityId,
    hash: sha256,
    created_at: timestamp,
    kind: z.string(),
    subjects: z
      .array(z.strictObject({ site: z.string().optional(), tags: tags.optional() }))
      .optional()
      .meta({ description: "What it touches: who reaches all of it may see and execute the plan" }),
    inputs: facts,
    observed: z.array(z.strictObject({ ...resource.shape, version: z.string() })),
    choices: z.array(z.strictObject({ what: z.string(), chosen: z.string(), why: z.string() })),
    actions: z.array(z.strictObject({ action: z.string(), resource, detail: z.string(), parameters: facts })),
    judged: z
      .array(judged)
      .optional()
      .meta({ description: "What would be there afterwards, as policies judge it, now and when the plan is executed" }),
    checks: z.array(
      z.strictObject({
        check: z.string(),
        result: z.enum(["pass", "warn", "fail"]),
        detail: z.string(),
        remedy: z.string().optional(),
      }),
    ),
    estimates: z.strictObject({
      bytes_to_move: bytes,
      bytes_nominal: bytes,
      seconds: z.number().optional(),
      downtime_seconds: z.number().optional(),
      basis: z.string(),
      moves: z
        .int()
        .min(0)
        .optional()
        .meta({ description: "Earlier moves that the predicted times rest on; 0: they are assumed" }),
      monthly: costSchema.optional().meta({ description: "Of the VM at the target, for a month, at list prices" }),
      egress: costSchema.optional().meta({ description: "Of the traffic of this move out of the source" }),
    }),
    executable: z.boolean(),
  })
  .meta({ id: "Plan" }) satisfies z.ZodType<Wire<Plan>>;
