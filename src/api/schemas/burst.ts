import * as z from "zod";
import { type BurstDecisionRecord, type BurstLease, type BurstPoolView, leaseStates } from "../../domain/burst.ts";
import { burstReasons } from "../../domain/burst-decision.ts";
import type { BurstWhatIf } from "../../domain/burst-what-if.ts";
import { capacityTypes } from "../../domain/instance-type.ts";
import type { Wire } from "../../domain/wire.ts";
import { bytes, cursorQuery, entityId, name, nextCursor, siteId, tags, timestamp } from "./common.ts";

const money = z.strictObject({ micros: z.int().min(0), currency: z.string().length(3) });
const poolName = z
  .string()
  .max(40)
  .regex(/^[a-z][a-z0-9-]*[a-z0-9]$/)
  .meta({ description: "Its VMs are named after it", example: "web" });
const metricName = z
  .string()
  .max(100)
  .regex(/^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*$/);
const seconds = (least: number, most: number) => z.int().min(least).max(most);
const ratio = z.number().min(0).max(1);

const template = z
  .strictObject({
    cpus: z.int().min(1).max(1_024),
    memory_bytes: bytes,
    image: z.string().min(1).max(300).meta({ description: "By its name or id at each of the sites" }),
    instance_type: z.string().max(100).optional(),
    burstable: z.boolean().optional(),
    network: z.string().max(200).optional(),
    security_groups: z.array(z.string()).max(20).optional(),
    public_address: z.boolean().optional(),
    user_data: z.string().max(16_384).optional().meta({ description: "cloud-init" }),
    port: z.int().min(1).max(65_535).optional().meta({ description: "What its VMs serve on" }),
  })
  .meta({ id: "BurstTemplate" });
const balancer = z
  .strictObject({ site: siteId, pool_id: z.string().min(1).max(500), share_id: z.string().max(500).optional() })
  .meta({ id: "BurstBalancer", description: "Where its VMs take traffic" });
const signalMembers = {
  metric: metricName,
  resource_id: z.string().max(300).optional().meta({ description: "Absent: all resources of the site that have it" }),
};
const bounds = {
  threshold: z.number().positive(),
  target: z.number().positive().meta({ description: "What the pool is sized to" }),
  release_under: z.number().min(0),
  sustain_seconds: seconds(0, 86_400),
};
const measures = z.enum(["utilisation", "backlog"]);
const signal = z.strictObject({ ...signalMembers, measures, ...bounds }).meta({ id: "BurstSignal" });
const newSignal = z
  .strictObject({ ...signalMembers, measures: measures.optional() })
  .extend(z.strictObject(bounds).partial().shape)
  .meta({ id: "NewBurstSignal", description: "What is left out has the metric's defaults" });

const shared = {
  name: poolName,
  site: siteId.meta({ description: "Whose load it is" }),
  sites: z.array(siteId).min(1).max(50).meta({ description: "Where its VMs may be" }),
  template,
  own_vms: z.number().positive().meta({ description: "How many of the pool's VMs the site itself is worth" }),
  regions: z.array(z.string().max(100)).max(50).optional().meta({ description: "Exact, or a beginning and `*`" }),
  residency: z.string().max(50).optional().meta({ description: "A place that a site's configuration must name" }),
  monthly_budget: money.optional(),
  egress_gib_per_hour: z.number().min(0).optional().meta({ description: "What one VM sends, for its price" }),
  balancer: balancer.optional(),
};
const settled = {
  enabled: z.boolean(),
  sample_seconds: seconds(1, 3_600),
  cooldown_seconds: seconds(0, 86_400),
  max_vms: z.int().min(1).max(1_000),
  on_demand_share: ratio.meta({ description: "The part that must not be capacity which a site may take back" }),
  lease_seconds: seconds(60, 31 * 86_400).meta({ description: "How long one VM may be there at most" }),
  least_billed_seconds: seconds(0, 3_600).meta({ description: "None is given back before; clouds bill it anyway" }),
  owner: name,
  tags,
};
const forecast = { lead_seconds: seconds(60, 3_600), over_minute_worth: z.number().positive() };

export const burstPoolBody = z
  .strictObject({
    ...shared,
    signals: z.array(newSignal).min(1).max(10).optional(),
    forecast: z.strictObject(forecast).partial().optional(),
    ...z.strictObject(settled).partial().shape,
  })
  .meta({ id: "NewBurstPool" });

export const burstPoolSchema = z
  .strictObject({
    pool_id: entityId,
    ...shared,
    ...settled,
    signals: z.array(signal),
    forecast: z.strictObject(forecast).optional(),
    state: z.enum(["active", "deleting", "deleted"]),
    ordered: z.int().meta({ description: "By a person: at least so many VMs" }),
    created_by: z.string(),
    created_at: timestamp,
  })
  .meta({ id: "BurstPool" }) satisfies z.ZodType<Wire<BurstPoolView>>;
export const burstPoolListSchema = z.strictObject({ items: z.array(burstPoolSchema) }).meta({ id: "BurstPoolList" });

export const burstOrderBody = z
  .strictObject({ vms: z.int().min(0).max(1_000) })
  .meta({ id: "BurstOrder", description: "At least so many VMs whatever the load is; 0 leaves it to the load" });

const candidate = z.strictObject({
  site: siteId,
  instance_type: z.string().optional(),
  capacity_type: z.enum(capacityTypes).optional(),
  hourly: money.optional(),
  detail: z.string(),
});
const reading = z.strictObject({
  metric: z.string(),
  state: z.enum(["unknown", "under", "between", "over", "sustained"]),
  value: z.number().optional(),
  threshold: z.number(),
  over_since_ms: z.number().optional(),
  detail: z.string(),
});
const decisionSchema = z
  .strictObject({
    decision_id: z.int(),
    pool_id: entityId,
    from: timestamp,
    until: timestamp,
    looks: z.int().meta({ description: "How often it was looked at meanwhile" }),
    action: z.enum(["burst", "release", "hold"]),
    reason: z.enum(burstReasons),
    wanted: z.int(),
    have: z.int(),
    detail: z.string(),
    readings: z.array(reading),
    candidates: z.array(candidate).meta({ description: "Of a burst: the best first, then those left out" }),
  })
  .meta({ id: "BurstDecision" }) satisfies z.ZodType<Wire<BurstDecisionRecord>>;
export const burstPageQuery = z.strictObject({ ...cursorQuery });
export const burstDecisionListSchema = z
  .strictObject({ items: z.array(decisionSchema), next_cursor: nextCursor })
  .meta({ id: "BurstDecisionList" });

const leaseSchema = z
  .strictObject({
    lease_id: entityId,
    pool_id: entityId,
    owner: z.string(),
    state: z.enum(leaseStates),
    site: siteId.optional(),
    vm_id: z.string().optional(),
    vm_name: z.string(),
    instance_type: z.string().optional(),
    capacity_type: z.enum(capacityTypes).optional(),
    hourly: money.optional(),
    budget: money.optional(),
    deadline: timestamp,
    ordered_at: timestamp,
    serving_at: timestamp.optional(),
    ended_at: timestamp.optional(),
    leave_reason: z.string().optional(),
    steps: z.array(z.strictObject({ step: z.string(), at: timestamp })),
    problems: z.array(z.strictObject({ site: siteId.optional(), code: z.string(), message: z.string() })),
  })
  .meta({ id: "BurstLease" }) satisfies z.ZodType<Wire<BurstLease>>;
export const burstLeaseListSchema = z
  .strictObject({ items: z.array(leaseSchema), next_cursor: nextCursor })
  .meta({ id: "BurstLeaseList" });

export const burstWhatIfBody = z
  .strictObject({
    from: timestamp.optional().meta({ description: "Default 30 days ago" }),
    to: timestamp.optional(),
    ...z.strictObject(bounds).partial().shape,
    cooldown_seconds: settled.cooldown_seconds.optional(),
    max_vms: settled.max_vms.optional(),
    own_vms: shared.own_vms.optional(),
    forecast: z.strictObject({ over_minute_worth: z.number().positive() }).optional(),
  })
  .meta({ id: "BurstChange" });
const outcome = z
  .strictObject({
    vm_hours: z.number(),
    minutes_over: z.int(),
    direction_changes: z.int(),
    most_vms: z.int(),
    cost: money.optional(),
  })
  .meta({ id: "BurstOutcome" });
export const burstWhatIfSchema = z
  .strictObject({
    metric: z.string(),
    from: timestamp,
    to: timestamp,
    minutes_known: z.int(),
    as_it_is: outcome,
    as_asked: outcome,
  })
  .meta({ id: "BurstWhatIf" }) satisfies z.ZodType<Wire<BurstWhatIf>>;
