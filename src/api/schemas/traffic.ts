import * as z from "zod";
import {
  type GapReport,
  type HeldTraffic,
  shiftedRecordTypes,
  type TrafficOptions,
  type TrafficView,
  trafficStates,
} from "../../domain/traffic.ts";
import type { Wire } from "../../domain/wire.ts";
import { name, siteId, timestamp } from "./common.ts";

/** The site's own id of a zone or a pool. */
export const ownId = z.string().min(1).max(500);
export const port = z.int().min(1).max(65_535);
/** What a record answers with. */
export const recordValues = z.array(z.string().min(1).max(255)).min(1).max(20);
const guestPort = port.meta({ description: "Of the guest" });
const week = 604_800;

export const trafficSchema = z
  .strictObject({
    dns: z
      .array(
        z.strictObject({
          site: siteId.meta({ description: "Where its zone is kept" }),
          zone_id: ownId,
          name: z.string().min(1).max(255).meta({ description: "Whole, with the zone's" }),
          type: z.enum(shiftedRecordTypes),
          port: port
            .optional()
            .meta({ description: "A guest port: the record gets the host that it is reached at at the target" }),
          values: recordValues
            .optional()
            .meta({ description: "What it gets instead: addresses, or the one name of a CNAME" }),
          low_ttl_seconds: z
            .int()
            .min(0)
            .max(week)
            .optional()
            .meta({ description: "From ahead of the cutover until the finalize. Default 30" }),
          ttl_after_seconds: z.int().min(0).max(week).optional().meta({ description: "Default what it was" }),
        }),
      )
      .max(20)
      .optional(),
    pools: z
      .array(
        z.strictObject({
          site: siteId,
          pool_id: ownId,
          share_id: ownId.optional().meta({ description: "Where several shares of the pool could take the new VM" }),
          port: guestPort,
          replaces: ownId.optional().meta({ description: "The target that goes; default the VM's own" }),
          steps: z
            .array(z.int().min(1).max(100))
            .min(1)
            .max(20)
            .optional()
            .meta({ description: "Parts of 100 that the new target gets, one after the other. Default only 100" }),
          step_seconds: z.number().min(0).max(86_400).optional().meta({ description: "Between two. Default 10" }),
        }),
      )
      .max(20)
      .optional(),
    proxies: z
      .array(
        z.strictObject({
          proxy: name.meta({ description: "As the configuration calls it; `local` is the stack's own" }),
          listener: name,
          port: guestPort,
          hold_seconds: z
            .number()
            .min(1)
            .max(300)
            .optional()
            .meta({ description: "After so long it lets go by itself. Default 120" }),
          drain_seconds: z
            .number()
            .min(0)
            .max(300)
            .optional()
            .meta({ description: "How long what is under way may end before the source stops. Default 5" }),
          path: z
            .string()
            .max(1000)
            .startsWith("/")
            .optional()
            .meta({ description: "Asked before traffic is sent somewhere. Default `/`" }),
        }),
      )
      .max(20)
      .optional(),
    probe: z
      .strictObject({
        url: z.url({ protocol: /^https?$/ }).refine((text) => {
          const { username, password } = new URL(text);
          return username === "" && password === "";
        }, "It may not hold a name or password: plans and certificates keep it."),
        interval_ms: z.int().min(50).max(60_000).optional().meta({ description: "Default 250" }),
        expect_status: z.int().min(100).max(599).optional().meta({ description: "Default 200" }),
      })
      .optional()
      .meta({ description: "What the gap of the application's answers is measured with" }),
  })
  .meta({
    id: "MigrationTraffic",
    description: "Records, pools and proxies that lead users to the VM, and are moved with it",
  }) satisfies z.ZodType<Wire<TrafficOptions>>;

export const gapSchema = z
  .strictObject({
    url: z.string(),
    from: timestamp,
    until: timestamp,
    asked: z.int().min(0),
    failed: z.int().min(0).meta({ description: "Got no answer, or a wrong one" }),
    gap_seconds: z.number().min(0).meta({ description: "The longest time without a right answer" }),
    slowest_seconds: z.number().min(0).meta({ description: "The longest that a right answer took" }),
    unobserved_seconds: z
      .number()
      .min(0)
      .meta({ description: "While nobody looked; part of a gap that it falls into" }),
  })
  .meta({ id: "TrafficGap" }) satisfies z.ZodType<Wire<GapReport>>;

export const heldSchema = z
  .strictObject({
    proxy: z.string(),
    listener: z.string(),
    held: z.int().min(0),
    failed: z.int().min(0).meta({ description: "Got an error of the proxy instead of an answer" }),
    longest_seconds: z.number().min(0),
    lapsed: z.boolean().meta({ description: "It let go before it was told to" }),
  })
  .meta({ id: "HeldTraffic" }) satisfies z.ZodType<Wire<HeldTraffic>>;

export const trafficViewSchema = z
  .strictObject({
    state: z.enum(trafficStates),
    cutover_not_before: timestamp
      .optional()
      .meta({ description: "Until then resolvers may keep a record for its former TTL" }),
    targets: z.array(z.string()).optional(),
    held: z.array(heldSchema).optional(),
    gap: gapSchema.optional(),
  })
  .meta({ id: "TrafficView" }) satisfies z.ZodType<Wire<TrafficView>>;
