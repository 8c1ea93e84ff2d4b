import * as z from "zod";
import { type GroupPointView, groupPointKinds, groupPointStates } from "../../domain/group-point.ts";
import {
  backupStates,
  groupStates,
  type ProtectionEvent,
  type ProtectionGroupView,
  type ProtectionStatus,
  protectionEventTypes,
} from "../../domain/protection.ts";
import type { ProtectionRequest } from "../../domain/protection-plan.ts";
import { askedConsistencies, type ProtectionPolicy, replicationModes } from "../../domain/protection-policy.ts";
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
  tags,
  timestamp,
} from "./common.ts";

const seconds = z.number().min(1).max(315_360_000);
const thinningSchema = z
  .strictObject({ after_seconds: z.number().min(0), every_seconds: seconds })
  .meta({ id: "Thinning", description: "From that age on, so much time lies between two points that are kept" });

const policyMembers = {
  primary_site: siteId,
  recovery_site: siteId,
  rpo_seconds: seconds.meta({ description: "Most that may be lost, as time" }),
  rto_seconds: seconds.meta({ description: "Longest that a takeover may last" }),
  backup_interval_seconds: seconds,
  replication: z.enum(replicationModes).meta({
    description:
      "`interval`: a round again and again. `continuous`: one round after the other, where the site keeps track of changes itself. `off`: backups only",
  }),
  replication_interval_seconds: z
    .number()
    .min(10)
    .max(315_360_000)
    .optional()
    .meta({ description: "Between the beginnings of two rounds; with replication by interval. Default half the RPO" }),
  consistency: z.enum(askedConsistencies).meta({ description: "Of each point at least" }),
  encryption_key: name.optional().meta({ description: "The recovery site's name of a customer's key" }),
  bandwidth_bytes_per_second: z.int().min(1).optional(),
  verify_interval_seconds: seconds.meta({
    description: "How often the newest point is read again as a whole, and held against its hashes",
  }),
  auto_failover: z.boolean().meta({ description: "Whether a failover may start without a person" }),
  watchdog: z.boolean().meta({
    description: "Whether workers of the primary site cut the group off when they can't renew its lease",
  }),
  health_check_interval_seconds: seconds,
  failover_threshold: z.int().min(1).max(100),
};
const retention = {
  count: z.int().min(2).max(10_000),
  max_age_seconds: seconds,
  thinning: z.array(thinningSchema).max(20),
};

export const policySchema = z
  .strictObject({ ...policyMembers, retention: z.strictObject(retention) })
  .meta({ id: "ProtectionPolicy" }) satisfies z.ZodType<Wire<ProtectionPolicy>>;

export const protectionBody = z
  .strictObject({
    name,
    vms: z.array(name).max(200).optional().meta({ description: "Names or ids at the primary site" }),
    query: z
      .string()
      .min(1)
      .max(4_000)
      .optional()
      .meta({ description: "All VMs that a search of the inventory finds" }),
    ...z.strictObject(policyMembers).partial().shape,
    retention: z.strictObject(retention).partial().optional(),
    dry_run: z.boolean().optional().meta({ description: "Plan only; nothing is protected" }),
  })
  .meta({
    id: "NewProtectionGroup",
    description: "Planned now and carried out as planned. What is left out is as the configuration says",
  }) satisfies z.ZodType<Wire<ProtectionRequest>>;

const memberSchema = z
  .strictObject({
    position: z.int().min(0),
    name: z.string(),
    vm_id: z.string().meta({ description: "At the site that may write" }),
    tags,
    plan_id: entityId.optional().meta({ description: "What is copied, and created at the other site" }),
    plan_version: z.string().optional(),
    problem: z.string().optional(),
  })
  .meta({ id: "ProtectedVm" });

export const groupSchema = z
  .strictObject({
    group_id: entityId,
    name: z.string(),
    workflow_id: z.string(),
    policy: policySchema,
    state: z.enum(groupStates),
    epoch: z.int().min(0).meta({ description: "Raised each time another site may write" }),
    writable_site: siteId.optional().meta({ description: "Absent while a failover decides" }),
    current_site: siteId.meta({ description: "Where it serves, or served last" }),
    replicates_to: siteId.optional(),
    takeover: z.strictObject({ failover_id: entityId, since: timestamp, before: z.enum(groupStates) }).optional(),
    recovery_plan_id: entityId.optional(),
    unprotected_since: timestamp.optional(),
    newest_point: z.strictObject({ point_id: entityId, taken_at: timestamp }).optional(),
    lag_seconds: z.number().min(0).optional().meta({ description: "Age of what the newest complete point shows" }),
    breached: z.boolean().meta({ description: "It is older than the RPO, or there is none after that time" }),
    members: z.array(memberSchema),
    created_by: z.string(),
    created_at: timestamp,
  })
  .meta({ id: "ProtectionGroup" }) satisfies z.ZodType<Wire<ProtectionGroupView>>;

export const reprotectBody = z
  .strictObject({ to: siteId.optional().meta({ description: "Default where it served before" }) })
  .meta({ id: "Reprotect" });

export const groupListQuery = z.strictObject({ ...cursorQuery, name: name.optional() });
export const groupListSchema = z
  .strictObject({ items: z.array(groupSchema), next_cursor: nextCursor })
  .meta({ id: "ProtectionGroupList" });

export const protectionStatusSchema = z
  .strictObject({
    failover: z.strictObject({ is_active: z.boolean(), current_site: siteId }),
    backups: z.array(
      z.strictObject({
        resource_id: z.string(),
        name: z.string(),
        last_backup: timestamp.optional(),
        state: z.enum(backupStates),
        predicted_rto_seconds: z.number().min(0).optional().meta({
          description: "As earlier moves between the two sites took; absent where there were none",
        }),
      }),
    ),
  })
  .meta({ id: "ProtectionStatus" }) satisfies z.ZodType<Wire<ProtectionStatus>>;

const eventSchema = z
  .strictObject({
    group_id: entityId,
    sequence: z.int().min(1),
    at: timestamp,
    type: z.enum(protectionEventTypes),
    message: z.string(),
    data: facts,
  })
  .meta({ id: "ProtectionEvent" }) satisfies z.ZodType<Wire<ProtectionEvent>>;
export const eventListQuery = z.strictObject({ ...cursorQuery, type: z.enum(protectionEventTypes).optional() });
export const eventListSchema = z
  .strictObject({ items: z.array(eventSchema), next_cursor: nextCursor })
  .meta({ id: "ProtectionEventList" });

const pointMembers = {
  point_id: entityId,
  group_id: entityId,
  sequence: z.int().min(0),
  kind: z.enum(groupPointKinds),
  state: z.enum(groupPointStates).meta({ description: "Only complete ones are offered for a recovery" }),
  epoch: z.int().min(0),
  from: siteId,
  to: siteId,
  taken_at: timestamp.optional().meta({ description: "The earliest moment that one of its VMs shows" }),
  spread_ms: z.int().min(0).optional().meta({ description: "Between the first VM's moment and the last one's" }),
  together: z.boolean().optional().meta({ description: "No guest wrote in between" }),
  consistency: consistencySchema.optional().meta({ description: "Of the least consistent VM" }),
  proven_at: timestamp.optional(),
  verified_at: timestamp.optional().meta({ description: "When its disks were last read again and found whole" }),
  suspicion: z
    .strictObject({
      reason: z.string(),
      change_ratio: z.number().optional(),
      entropy: z.number().optional().meta({ description: "Bits a byte of what changed" }),
      usual_entropy: z.number().optional(),
    })
    .optional(),
  held_because: z.string().optional(),
  bytes_copied: bytes,
  entropy: z.number().optional().meta({ description: "Of what was copied, in bits a byte" }),
  reason: z.string().optional(),
  created_at: timestamp,
};
const pointSchema = z.strictObject(pointMembers).meta({ id: "GroupPoint" }) satisfies z.ZodType<Wire<GroupPointView>>;
export const pointListQuery = z.strictObject({ ...cursorQuery, state: z.enum(groupPointStates).optional() });
export const pointListSchema = z
  .strictObject({ items: z.array(pointSchema), next_cursor: nextCursor })
  .meta({ id: "GroupPointList" });

const pointVmSchema = z
  .strictObject({
    position: z.int().min(0),
    name: z.string(),
    vm_id: z.string(),
    plan_id: entityId,
    source_point_id: z.string(),
    taken_at: timestamp,
    consistency: consistencySchema.optional(),
    disks: z.array(
      z.strictObject({
        disk_id: z.string(),
        generation_id: z.string(),
        replica_id: z.string(),
        size_bytes: bytes,
        encryption_key: z.string().optional(),
        root_hash: sha256.or(z.literal("")).meta({ description: "Root of its manifest; empty until it was copied" }),
        tracking: z.string(),
        bytes_copied: bytes,
        bytes_reread: bytes,
        entropy: z.number().optional(),
      }),
    ),
  })
  .meta({ id: "GroupPointVm" });
export const pointDecisionBody = z
  .strictObject({ reason: z.string().min(3).max(1_000).meta({ description: "Why, for the group's story" }) })
  .meta({ id: "PointDecision" });

export const wholePointSchema = z
  .strictObject({ ...pointMembers, vms: z.array(pointVmSchema) })
  .meta({ id: "WholeGroupPoint" });
