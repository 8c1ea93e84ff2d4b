import * as z from "zod";
import type { AlertChange } from "../../domain/alert.ts";
import { type AlertRule, comparisons, groupings, severities } from "../../domain/alert-rule.ts";
import type { Silence } from "../../domain/alert-silence.ts";
import type { NotifiedAlert } from "../../domain/notification.ts";
import type { Wire } from "../../domain/wire.ts";
import type { AlertEvent, Delivery, ToldNotification } from "../../store/index.ts";
import { cursorQuery, entityId, name, nextCursor, siteId, timestamp } from "./common.ts";
import { metricName } from "./metrics.ts";

const seconds = z.int().min(0).max(604_800);
const resourceId = z.string().min(1).max(200);
/** A site, or `novacron` for figures of the installation. */
const place = { site: siteId.optional(), resource_id: resourceId.optional() };
const action = z.string().min(1).max(320);

const ruleMembers = {
  name,
  metric: metricName,
  threshold: z.number(),
  comparison: z.enum(comparisons),
};
const ruleOptions = {
  ...place,
  duration_seconds: seconds.optional().meta({ description: "So long it has to hold until it fires. Default 300" }),
  resolve_after_seconds: seconds
    .optional()
    .meta({ description: "So long it must not hold until it is resolved. Default: the duration, 60 at least" }),
  actions: z
    .array(action)
    .max(20)
    .optional()
    .meta({
      description: "`email:ADDRESS`, `pagerduty:CHANNEL`, `slack:CHANNEL`, `webhook:CHANNEL`",
      example: ["email:ops@example.com"],
    }),
  severity: z.enum(severities).optional().meta({ description: "Default `warning`" }),
  group_by: z.enum(groupings).optional().meta({ description: "What is told together. Default `site`" }),
  missing: z
    .enum(["ignore", "fire"])
    .optional()
    .meta({ description: "Whether a series that ends is a reason, too. Default `ignore`" }),
  missing_after_seconds: z.int().min(60).max(86_400).optional().meta({ description: "Default 900" }),
  enabled: z.boolean().optional().meta({ description: "Default true" }),
};
export const alertRuleBody = z.strictObject({ ...ruleMembers, ...ruleOptions }).meta({ id: "AlertRuleRequest" });
export const alertRulePatch = z
  .strictObject({
    name: ruleMembers.name.optional(),
    threshold: ruleMembers.threshold.optional(),
    comparison: ruleMembers.comparison.optional(),
    ...ruleOptions,
  })
  .meta({ id: "AlertRulePatch" });

export const alertRuleSchema = z
  .strictObject({
    rule_id: z.string(),
    name: z.string(),
    metric: z.string(),
    site: z.string().optional(),
    resource_id: z.string().optional(),
    threshold: z.number(),
    comparison: z.enum(comparisons),
    duration_seconds: z.int(),
    resolve_after_seconds: z.int(),
    actions: z.array(z.string()),
    severity: z.enum(severities),
    group_by: z.enum(groupings),
    missing: z.enum(["ignore", "fire"]),
    missing_after_seconds: z.int(),
    enabled: z.boolean(),
    created_by: z.string(),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: "AlertRule" }) satisfies z.ZodType<Wire<AlertRule>>;
export const alertRuleListSchema = z.strictObject({ items: z.array(alertRuleSchema) }).meta({ id: "AlertRuleList" });

const state = z.enum(["pending", "firing", "resolved"]);
export const alertListQuery = z.strictObject({
  state: state.optional(),
  rule: z.string().min(1).max(200).optional().meta({ description: "A rule's id or name" }),
  site: siteId.optional(),
});
export const alertSchema = z
  .strictObject({
    rule_id: z.string(),
    rule: z.string(),
    severity: z.enum(severities),
    condition: z.string(),
    site: z.string(),
    resource_id: z.string(),
    state,
    since: timestamp.meta({ description: "Since when it holds; of a resolved one, since when it doesn't" }),
    last_at: timestamp.meta({ description: "The newest sample that was looked at" }),
    value: z.number().optional(),
    clear_since: timestamp.optional(),
    fired_at: timestamp.optional(),
    occurrence: z.int().meta({ description: "How often it has fired" }),
    note: z.string().optional(),
    silenced: z.boolean(),
  })
  .meta({ id: "Alert" });
export const alertListSchema = z
  .strictObject({
    evaluated_at: timestamp.optional().meta({ description: "When all rules were looked at last" }),
    items: z.array(alertSchema),
  })
  .meta({ id: "AlertList" });

export const alertEventsQuery = z.strictObject({
  ...cursorQuery,
  rule: alertListQuery.shape.rule,
  site: siteId.optional(),
});
const alertEventSchema = z
  .strictObject({
    sequence: z.int(),
    rule_id: z.string(),
    rule_name: z.string(),
    site: z.string(),
    resource_id: z.string(),
    occurrence: z.int(),
    to: z.enum(["firing", "resolved"] satisfies AlertChange["to"][]),
    at: timestamp,
    value: z.number().optional(),
    note: z.string().optional(),
  })
  .meta({ id: "AlertEvent" }) satisfies z.ZodType<Wire<AlertEvent>>;
export const alertEventListSchema = z
  .strictObject({ items: z.array(alertEventSchema), next_cursor: nextCursor })
  .meta({ id: "AlertEventList" });

export const notificationsQuery = z.strictObject({ ...cursorQuery, rule: alertListQuery.shape.rule });
const notifiedSchema = z
  .strictObject({
    site: z.string(),
    resource_id: z.string(),
    value: z.number().optional(),
    since: timestamp,
    note: z.string().optional(),
  })
  .meta({ id: "NotifiedAlert" }) satisfies z.ZodType<Wire<NotifiedAlert>>;
const deliverySchema = z
  .strictObject({
    notification_id: z.string(),
    action: z.string(),
    state: z.enum(["waiting", "delivered", "failed"]),
    attempts: z.int(),
    last_error: z.string().optional(),
    ended_at: timestamp.optional(),
  })
  .meta({ id: "AlertDelivery" }) satisfies z.ZodType<Wire<Delivery>>;
const notificationSchema = z
  .strictObject({
    notification_id: z.string(),
    group_key: z.string(),
    rule_id: z.string(),
    rule: z.string(),
    condition: z.string(),
    severity: z.enum(severities),
    state: z.enum(["firing", "resolved"]),
    firing: z.array(notifiedSchema),
    resolved: z.array(notifiedSchema),
    at: timestamp,
    deliveries: z.array(deliverySchema),
  })
  .meta({ id: "AlertNotification" }) satisfies z.ZodType<Wire<ToldNotification>>;
export const notificationListSchema = z
  .strictObject({ items: z.array(notificationSchema), next_cursor: nextCursor })
  .meta({ id: "AlertNotificationList" });

export const silenceBody = z
  .strictObject({
    rule: alertListQuery.shape.rule,
    ...place,
    severity: z.enum(severities).optional(),
    from: timestamp.optional().meta({ description: "Default: now" }),
    until: timestamp,
    reason: z.string().min(1).max(500),
  })
  .meta({ id: "SilenceRequest" });
export const silenceSchema = z
  .strictObject({
    silence_id: z.string(),
    rule_id: z.string().optional(),
    site: z.string().optional(),
    resource_id: z.string().optional(),
    severity: z.enum(severities).optional(),
    from: timestamp,
    until: timestamp,
    reason: z.string(),
    created_by: z.string(),
  })
  .meta({ id: "Silence" }) satisfies z.ZodType<Wire<Silence>>;
export const silenceListSchema = z.strictObject({ items: z.array(silenceSchema) }).meta({ id: "SilenceList" });
export const ruleParams = z.strictObject({ id: entityId });
