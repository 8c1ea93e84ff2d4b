import * as z from "zod";
import { groupPointStates } from "../../domain/group-point.ts";
import { type RestoreRequest, type RestoreView, restoreStates, restoreSteps } from "../../domain/restore.ts";
import type { FilesWish } from "../../domain/restored-files.ts";
import type { Wire } from "../../domain/wire.ts";
import type { Backup } from "../../store/index.ts";
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
import { verifySchema } from "./verify.ts";

const restoreRequestSchema = z
  .strictObject({
    group_id: entityId,
    vm: name.meta({ description: "Name or id, as the group had it at the point's moment" }),
    point_id: entityId.optional().meta({ description: "Default the newest whole one that is not suspect" }),
    before: timestamp.optional().meta({ description: "The newest one from no later than that" }),
    suspect_too: z.boolean().optional(),
    to: siteId.optional().meta({ description: "Default where the point lies" }),
    name: name.optional().meta({ description: "Of the new VM; default the old one's with `-restored`" }),
    instance_type: name.optional(),
    network_map: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: "Network id as the VM had it → one at the site" }),
    start: z.boolean().optional().meta({
      description:
        "Whether it is started and proven. Default true, except at the site where its group serves: there the VM that it is a copy of may run",
    }),
    verify: verifySchema.optional(),
    bandwidth_bytes_per_second: z.int().min(1024).optional(),
  })
  .meta({ description: "A VM out of a point" }) satisfies z.ZodType<Wire<RestoreRequest>>;

const dryRun = z.boolean().optional().meta({ description: "Plan only; nothing is restored" });
export const startRestoreSchema = z.union([
  z.strictObject({ plan_id: entityId, plan_hash: sha256, dry_run: dryRun }).meta({ id: "ApprovedRestore" }),
  z.strictObject({ ...restoreRequestSchema.shape, dry_run: dryRun }).meta({ id: "DirectRestore" }),
]);

export const restoreSchema = z
  .strictObject({
    restore_id: entityId,
    plan_id: entityId,
    workflow_id: z.string(),
    group_id: entityId,
    point_id: entityId,
    vm_name: z.string(),
    from: siteId.meta({ description: "Where the point lies" }),
    to: siteId,
    state: z.enum(restoreStates),
    step: z.enum(restoreSteps).optional(),
    point_taken_at: timestamp.optional().meta({ description: "The moment that the disks show" }),
    bytes_copied: bytes.optional(),
    bytes_reread: bytes.optional(),
    vm_id: z.string().optional().meta({ description: "At the site where it was restored" }),
    boot: z
      .strictObject({ proven: z.boolean(), evidence: z.string().optional(), reason: z.string().optional() })
      .optional(),
    steps: z.array(z.strictObject({ step: z.enum(restoreSteps), seconds: z.number().min(0) })).optional(),
    problem: z
      .strictObject({
        code: z.string(),
        message: z.string(),
        step: z.string().optional(),
        left_behind: z
          .array(z.strictObject({ resource: z.string(), remove: z.string(), reason: z.string().optional() }))
          .optional(),
        facts: facts.optional(),
      })
      .optional(),
    created_by: z.string(),
    created_at: timestamp,
    ended_at: timestamp.optional(),
  })
  .meta({ id: "Restore" }) satisfies z.ZodType<Wire<RestoreView>>;

export const restoreListQuery = z.strictObject({
  ...cursorQuery,
  group_id: entityId.optional(),
  state: z.enum(restoreStates).optional(),
});
export const restoreListSchema = z
  .strictObject({ items: z.array(restoreSchema), next_cursor: nextCursor })
  .meta({ id: "RestoreList" });

export const filesBody = z
  .strictObject({
    group_id: entityId,
    vm: name.meta({ description: "Name or id, as the group had it at the point's moment" }),
    point_id: entityId.optional().meta({ description: "Default the newest whole one that is not suspect" }),
    before: timestamp.optional().meta({ description: "The newest one from no later than that" }),
    suspect_too: z.boolean().optional(),
    disk_id: name.optional().meta({ description: "Default the first that has the path" }),
    volume: name.optional().meta({
      description: "A partition (`partition 2`), a UUID or a label; default the first file system that has the path",
    }),
    path: z.string().min(1).max(4_096).meta({ description: "Within its file system, with slashes" }),
  })
  .meta({ id: "FilesToRestore" }) satisfies z.ZodType<Wire<FilesWish>>;

const backupSchema = z
  .strictObject({
    point_id: entityId,
    group_id: entityId,
    group_name: z.string(),
    resource_id: z.string().meta({ description: "Of the VM, where it served" }),
    name: z.string(),
    from: siteId,
    site: siteId.meta({ description: "Where it lies" }),
    taken_at: timestamp,
    state: z.enum(groupPointStates),
    consistency: consistencySchema.optional(),
    size_bytes: bytes.meta({ description: "Of its disks, as the VM sees them" }),
    verified_at: timestamp.optional(),
    suspect: z.boolean(),
    held_because: z.string().optional(),
  })
  .meta({ id: "Backup" }) satisfies z.ZodType<Wire<Backup>>;
export const backupListQuery = z.strictObject({
  ...cursorQuery,
  vm: name.optional().meta({ description: "A name, or the id where it served" }),
  group_id: entityId.optional(),
  site: siteId.optional().meta({ description: "Where it lies" }),
});
export const backupListSchema = z
  .strictObject({ items: z.array(backupSchema), next_cursor: nextCursor })
  .meta({ id: "BackupList" });
