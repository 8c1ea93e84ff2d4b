import * as z from "zod";
import { memberStates, type WaveMemberView, type WaveRequest, type WaveView, waveStates } from "../../domain/wave.ts";
import type { Wire } from "../../domain/wire.ts";
import { bytes, cursorQuery, entityId, name, nextCursor, siteId, timestamp } from "./common.ts";
import { migrationSchema, migrationState } from "./migration.ts";
import { migrationRequestSchema } from "./plan.ts";

const pauseSeconds = z.number().min(0).max(604_800);
const groupSchema = z
  .strictObject({
    name,
    after: z.array(name).max(50).optional().meta({ description: "Groups of which every VM has to be moved before" }),
    pause_seconds: pauseSeconds.optional().meta({ description: "Before it begins; default the wave's" }),
  })
  .meta({ id: "WaveGroup" });

const { vm: _vm, ...options } = migrationRequestSchema.shape;
const optionsSchema = z.strictObject(options).partial();

export const directWaveSchema = z
  .strictObject({
    name: name.optional(),
    vms: z
      .array(
        z.strictObject({
          ...optionsSchema.shape,
          vm: name.meta({ description: "Name or id at the source site" }),
          group: name.optional(),
          after: z
            .array(name)
            .max(100)
            .optional()
            .meta({ description: "VMs of this wave that have to be moved before" }),
        }),
      )
      .max(500)
      .optional(),
    query: z
      .string()
      .min(1)
      .max(4_000)
      .optional()
      .meta({ description: "A search of the inventory: all VMs that it finds", example: "tag.env=prod state:running" }),
    csv: z
      .string()
      .min(1)
      .max(200_000)
      .optional()
      .meta({ description: "A head line, then a VM a line; columns vm, from, to, group, after" }),
    defaults: optionsSchema.optional().meta({ description: "For every VM that doesn't say otherwise" }),
    groups: z.array(groupSchema).max(100).optional().meta({ description: "In the order in which they begin" }),
    parallel: z.int().min(1).max(500).optional().meta({ description: "Of this wave at once" }),
    in_order: z
      .boolean()
      .optional()
      .meta({ description: "Whether a group begins only when the one before it has ended. Default true" }),
    pause_seconds: pauseSeconds.optional().meta({ description: "Between groups. Default 0" }),
    dry_run: z.boolean().optional().meta({ description: "Plan only; nothing is started" }),
  })
  .meta({ id: "DirectWave", description: "Planned now and executed as planned" }) satisfies z.ZodType<
  Wire<WaveRequest>
>;

const memberSchema = z
  .strictObject({
    position: z.int().min(0),
    vm: z.string(),
    group: z.string(),
    from: siteId,
    to: siteId,
    state: z.enum(memberStates),
    reason: z.string().optional().meta({ description: "Why it was not moved" }),
    migration_id: entityId,
    migration_state: migrationState.optional(),
    progress: z.number().min(0).max(100),
    bytes_to_move: bytes,
    bytes_copied: bytes,
    downtime_seconds: z.number().optional(),
    problem: migrationSchema.shape.problem,
    started_at: timestamp.optional(),
    ended_at: timestamp.optional(),
  })
  .meta({ id: "WaveMember" }) satisfies z.ZodType<Wire<WaveMemberView>>;

const count = z.int().min(0);
export const waveSchema = z
  .strictObject({
    wave_id: entityId,
    name: z.string(),
    plan_id: entityId,
    workflow_id: z.string(),
    state: z.enum(waveStates),
    parallel: z.int().min(1).optional(),
    groups: z.array(groupSchema),
    totals: z.strictObject({
      vms: count,
      waiting: count,
      running: count,
      moved: count,
      failed: count,
      skipped: count,
      cancelled: count,
      bytes_to_move: bytes,
      bytes_copied: bytes,
      seconds: z.number().min(0),
      downtime_seconds: z.number().min(0),
    }),
    members: z.array(memberSchema),
    created_at: timestamp,
    updated_at: timestamp,
    started_at: timestamp.optional(),
    ended_at: timestamp.optional(),
  })
  .meta({ id: "Wave" }) satisfies z.ZodType<Wire<WaveView>>;

export const waveListQuery = z.strictObject(cursorQuery);
export const waveListSchema = z
  .strictObject({ items: z.array(waveSchema), next_cursor: nextCursor })
  .meta({ id: "WaveList" });
