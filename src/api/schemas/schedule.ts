import * as z from "zod";
import type { Wire } from "../../domain/wire.ts";
import type { ListedSchedule } from "../../temporal/listed-schedules.ts";
import { timestamp } from "./common.ts";

const schedule = z.strictObject({
  schedule_id: z.string(),
  workflow: z.string().meta({ description: "What is run" }),
  every_seconds: z.number().optional(),
  paused: z.boolean(),
  next_at: timestamp.optional(),
  last_at: timestamp.optional(),
  last_workflow_id: z.string().optional(),
}) satisfies z.ZodType<Wire<ListedSchedule>>;

export const scheduleListSchema = z.strictObject({ items: z.array(schedule) }).meta({ id: "ScheduleList" });
export const triggeredSchema = z.strictObject({ schedule_id: z.string() }).meta({ id: "TriggeredSchedule" });
