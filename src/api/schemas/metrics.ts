import * as z from "zod";
import { isMetricName, type MetricSeries, vmMetrics } from "../../domain/metric.ts";
import type { Wire } from "../../domain/wire.ts";
import { siteId, timestamp } from "./common.ts";

export const metricName = z
  .string()
  .min(1)
  .max(100)
  .refine(isMetricName, { error: "small letters, digits, `_` and `-`, in words joined by dots" })
  .meta({
    description: `Of VMs: ${Object.keys(vmMetrics).join(", ")}; or a name of what others push`,
    example: "cpu.utilisation",
  });
const resourceId = z.string().min(1).max(200).meta({ description: "A VM's id, or what else the figure is of" });

export const sampleQuery = z.strictObject({
  site: siteId,
  metric: metricName,
  resource_id: resourceId.optional().meta({ description: "Without it: all that have the metric" }),
  from: timestamp.optional().meta({ description: "Default: an hour before `to`" }),
  to: timestamp.optional().meta({ description: "Default: now" }),
  step_seconds: z.coerce
    .number()
    .int()
    .min(1)
    .max(31_536_000)
    .optional()
    .meta({ description: "The span of a point. Default: one that gives some hundred points" }),
});

const point = z
  .strictObject({
    at: timestamp.meta({ description: "The beginning of the span" }),
    value: z.number().meta({ description: "The mean. Ratios are 0 to 1, rates are a second" }),
    low: z.number(),
    high: z.number(),
    samples: z.int().min(1),
  })
  .meta({ id: "MetricPoint" });
export const metricSeriesSchema = z
  .strictObject({
    site: z.string(),
    resource_id: z.string(),
    metric: z.string(),
    points: z.array(point).meta({ description: "The oldest first; what was not measured has none" }),
  })
  .meta({ id: "MetricSeries" }) satisfies z.ZodType<Wire<MetricSeries>>;
export const metricSeriesListSchema = z
  .strictObject({ step_seconds: z.int().min(1), items: z.array(metricSeriesSchema) })
  .meta({ id: "MetricSeriesList" });

export const metricNamesQuery = z.strictObject({ site: siteId.optional() });
export const metricNamesSchema = z
  .strictObject({
    items: z.array(z.strictObject({ site: z.string(), metric: z.string(), resources: z.int().min(0) })),
  })
  .meta({ id: "MetricNames" });

export const pushBody = z
  .strictObject({
    samples: z
      .array(
        z.strictObject({
          site: siteId,
          resource_id: resourceId,
          metric: metricName,
          at: timestamp.optional().meta({ description: "Default: now" }),
          value: z.number(),
        }),
      )
      .min(1)
      .max(1_000),
  })
  .meta({ id: "MetricPush" });
export const pushedSchema = z.strictObject({ samples: z.int().min(1) }).meta({ id: "MetricPushed" });
