import * as z from "zod";
import { comparisons } from "../../domain/alert-rule.ts";
import type { CloudAlarm } from "../../domain/cloud-alarm.ts";
import { vmMetrics } from "../../domain/metric.ts";
import type { Wire } from "../../domain/wire.ts";
import { siteId } from "./common.ts";

type VmMetricNames = [keyof typeof vmMetrics, ...(keyof typeof vmMetrics)[]];

export const alarmBody = z
  .strictObject({
    name: z.string().min(1).max(200),
    vm: z.string().min(1).max(300).meta({ description: "A VM of the site, by its id or name" }),
    metric: z.enum(Object.keys(vmMetrics) as VmMetricNames),
    threshold: z.number().meta({ description: "In the metric's unit: ratios are 0 to 1, rates bytes a second" }),
    comparison: z.enum(comparisons),
    duration_seconds: z
      .int()
      .min(0)
      .max(604_800)
      .default(300)
      .meta({ description: "So long it has to hold. A cloud takes the next longer time that it knows" }),
    actions: z
      .array(z.string().min(1).max(500))
      .max(5)
      .default([])
      .meta({
        description: "Whom the cloud tells, in its own words: a topic, an action group, a channel",
        example: ["arn:aws:sns:us-east-1:123456789012:ops"],
      }),
  })
  .meta({ id: "AlarmRequest" });

export const alarmSchema = z
  .strictObject({
    alarm_id: z.string(),
    name: z.string(),
    vm_id: z.string().optional().meta({ description: "Absent where it is not about one VM" }),
    metric: z.string().meta({ description: "Ours, or the cloud's own name where it watches something else" }),
    threshold: z.number().optional(),
    comparison: z.enum(comparisons).optional(),
    duration_seconds: z.number().optional(),
    actions: z.array(z.string()),
    state: z
      .enum(["ok", "alarm", "unknown"])
      .optional()
      .meta({ description: "Absent where the cloud does not tell; `unknown` where it has too few figures" }),
    enabled: z.boolean(),
    tags: z.record(z.string(), z.string()),
  })
  .meta({ id: "Alarm" }) satisfies z.ZodType<Wire<CloudAlarm>>;
export const alarmListSchema = z.strictObject({ site: siteId, items: z.array(alarmSchema) }).meta({ id: "AlarmList" });
export const deletedAlarmSchema = z.strictObject({ site: siteId, alarm_id: z.string() }).meta({ id: "DeletedAlarm" });
export const alarmParams = z.strictObject({ site: siteId, alarm: z.string().min(1).max(300) });
