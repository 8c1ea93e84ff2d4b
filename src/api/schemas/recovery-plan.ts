import * as z from "zod";
import type { RecoveryPlan, RecoveryPlanContent } from "../../domain/recovery-plan.ts";
import { type PlanReadiness, readinessStates } from "../../domain/recovery-run.ts";
import { shiftedRecordTypes } from "../../domain/traffic.ts";
import type { Wire } from "../../domain/wire.ts";
import { entityId, name, siteId, timestamp } from "./common.ts";
import { ownId, port, recordValues } from "./traffic.ts";
import { verifySchema } from "./verify.ts";

const week = 604_800;
const withinSeconds = (what: string) =>
  z
    .number()
    .min(1)
    .max(week)
    .optional()
    .meta({ description: `After so long it has failed. Default ${what}` });
/** Plans are kept and shown: what lets somebody in must not be in them. */
const url = z.url({ protocol: /^https?$/ }).refine((text) => {
  const { username, password } = new URL(text);
  return username === "" && password === "";
}, "It may not hold a name or password: plans are kept and shown.");

const stepSchema = z
  .union([
    z
      .strictObject({
        kind: z.literal("manual"),
        name,
        instruction: z.string().min(1).max(2000),
        within_seconds: withinSeconds("a day"),
      })
      .meta({ id: "ManualStep", description: "Waits until a person says that it is done; passed over in a drill" }),
    z
      .strictObject({
        ...{ kind: z.literal("webhook"), name, url, within_seconds: withinSeconds("300") },
        in_drills: z.boolean().optional().meta({ description: "Default false: a drill must not reach what is in use" }),
      })
      .meta({ id: "WebhookStep", description: "A script, called with POST, signed, until it answers with 2xx" }),
    z
      .strictObject({
        ...{ kind: z.literal("probe"), name, url, within_seconds: withinSeconds("300") },
        expect_status: z.int().min(100).max(599).optional().meta({ description: "Default 200" }),
      })
      .meta({ id: "ProbeStep", description: "Waits until the URL answers so; passed over in a drill" }),
  ])
  .meta({ id: "RecoveryStep" });

const bootGroupSchema = z
  .strictObject({
    name,
    after: z
      .array(name)
      .max(50)
      .optional()
      .meta({ description: "Groups that are up before this one begins; default the one before it in the list" }),
    first: z.array(stepSchema).max(20).optional().meta({ description: "In front of its VMs" }),
    vms: z
      .array(
        z.strictObject({
          vm: name.meta({ description: "As the protection group calls it" }),
          instance_types: z
            .array(name)
            .min(1)
            .max(10)
            .optional()
            .meta({ description: "Sizes of the recovery site, the next one where there is no capacity for one" }),
          placements: z.array(z.array(name).min(1).max(8)).min(1).max(8).optional().meta({
            description:
              "Networks of the recovery site, one for each NIC; the next list (another zone) where there is no capacity in one",
          }),
          verify: verifySchema.optional().meta({ description: "Default what is verified of it when it is moved" }),
        }),
      )
      .max(200)
      .meta({ description: "Brought up at the same time; none: a group of steps" }),
    last: z.array(stepSchema).max(20).optional().meta({ description: "When its VMs are proven" }),
    wait_seconds: z
      .number()
      .min(0)
      .max(86_400)
      .optional()
      .meta({ description: "Before what comes after it. Default 0" }),
  })
  .meta({ id: "BootGroup" });

export const recoveryPlanBody = z
  .strictObject({
    boot_groups: z.array(bootGroupSchema).min(1).max(50),
    dns: z
      .array(
        z.strictObject({
          site: siteId.meta({ description: "Where its zone is kept: not the site that is lost" }),
          zone_id: ownId,
          name: z.string().min(1).max(255).meta({ description: "Whole, with the zone's" }),
          type: z.enum(shiftedRecordTypes),
          vm: name.optional(),
          port: port
            .optional()
            .meta({ description: "The record gets the host that this port of the VM is reached at" }),
          values: recordValues
            .optional()
            .meta({ description: "What it gets instead: addresses, or the one name of a CNAME" }),
          home_values: recordValues
            .optional()
            .meta({ description: "And when the group comes back to its primary site" }),
          low_ttl_seconds: z.int().min(0).max(week).optional().meta({ description: "Default 30" }),
        }),
      )
      .max(20)
      .optional(),
    pools: z
      .array(
        z.strictObject({
          ...{ site: siteId, pool_id: ownId, vm: name },
          share_id: ownId.optional().meta({ description: "Where several shares of the pool could take the VM" }),
          port: port.meta({ description: "Of the guest" }),
        }),
      )
      .max(20)
      .optional(),
    last: z
      .array(stepSchema)
      .max(20)
      .optional()
      .meta({ description: "When users are led to the group: what proves that they reach it" }),
    reprotect: z.boolean().optional().meta({
      description: "Whether it is followed back to the site that it came from, as soon as that is there. Default true",
    }),
    drills: z
      .strictObject({
        every_seconds: z
          .number()
          .min(3600)
          .optional()
          .meta({ description: "One begins by itself so long after the last one began; default only by hand" }),
        max_age_seconds: z
          .number()
          .min(3600)
          .optional()
          .meta({ description: "An older drill degrades the plan's state. Default 31 days" }),
      })
      .optional(),
  })
  .meta({ id: "NewRecoveryPlan", description: "The whole of what the plan says from now on" }) satisfies z.ZodType<
  Wire<RecoveryPlanContent>
>;

const readinessSchema = z
  .strictObject({ state: z.enum(readinessStates), because: z.string(), last_drill_at: timestamp.optional() })
  .meta({
    id: "PlanReadiness",
    description: "How far the plan can be trusted, by its newest drill",
  }) satisfies z.ZodType<Wire<PlanReadiness>>;

export const recoveryPlanSchema = z
  .strictObject({
    group_id: entityId,
    version: z.int().min(0).meta({ description: "One more with each change; 0 of a group without a plan of its own" }),
    ...recoveryPlanBody.shape,
    readiness: readinessSchema,
    created_by: z.string(),
    created_at: z.string().meta({ description: "Empty of a group without a plan of its own" }),
  })
  .meta({ id: "RecoveryPlan" }) satisfies z.ZodType<Wire<RecoveryPlan & { readonly readiness: PlanReadiness }>>;
