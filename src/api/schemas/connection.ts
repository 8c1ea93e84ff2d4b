import * as z from "zod";
import { readRange } from "../../domain/address-range.ts";
import { type Connection, type ConnectionPlan, connectionStates, type FarDevice } from "../../domain/connection.ts";
import { type DeviceConfig, deviceKinds } from "../../domain/devices/device.ts";
import { dhGroups, ikeCiphers, integrities } from "../../domain/ipsec.ts";
import type { Wire } from "../../domain/wire.ts";
import { cursorQuery, entityId, nextCursor, siteId, timestamp } from "./common.ts";

const ipv4 = z
  .string()
  .max(20)
  .refine((text) => readRange(text)?.family === 4, { error: "must be IPv4" });

export const deviceSchema = z
  .strictObject({
    name: entityId.meta({ description: "How you call it; no site's name" }),
    kind: z.enum(deviceKinds),
    addresses: z.array(ipv4).min(1).max(2).meta({ description: "Where tunnels end; two where it has two ways out" }),
    networks: z.array(ipv4).min(1).max(50).meta({ description: "What is behind it, as CIDRs" }),
    probe_address: ipv4.optional().meta({ description: "An address behind it that answers pings" }),
  })
  .meta({ id: "FarDevice", description: "A device that a person configures" }) satisfies z.ZodType<Wire<FarDevice>>;

const endSchema = z
  .strictObject({
    site: siteId.meta({ description: "The site, or the name of the device" }),
    device: z.enum(deviceKinds).optional(),
    addresses: z.array(z.string()).meta({ description: "Where tunnels may end" }),
    networks: z.array(z.string()).meta({ description: "What is reached through them" }),
    probe_address: z.string().optional(),
  })
  .meta({ id: "ConnectionEnd" });

export const connectionPlanSchema = z
  .strictObject({
    near: endSchema.meta({ description: "It begins" }),
    far: endSchema,
    parameters: z.strictObject({
      ike: z.enum(ikeCiphers),
      esp: z.enum(ikeCiphers),
      integrity: z.enum(integrities),
      dh: z.enum(dhGroups),
      ike_seconds: z.int(),
      esp_seconds: z.int(),
    }),
    tunnels: z.array(z.strictObject({ index: z.int(), near_address: z.string(), far_address: z.string() })),
    separate_paths: z.boolean().meta({ description: "No single link takes both tunnels" }),
  })
  .meta({ id: "ConnectionPlan", description: "What both ends are told; keys are no part of it" }) satisfies z.ZodType<
  Wire<ConnectionPlan>
>;

export const connectionSchema = z
  .strictObject({
    connection_id: entityId,
    near: siteId,
    far: siteId,
    device: deviceSchema.optional(),
    state: z.enum(connectionStates),
    generation: z.int().min(1).meta({ description: "Of the keys; one more with each exchange" }),
    plan: connectionPlanSchema.optional(),
    problem: z
      .strictObject({
        code: z.string(),
        message: z.string(),
        left_behind: z
          .array(z.strictObject({ resource: z.string(), remove: z.string(), reason: z.string() }))
          .optional(),
      })
      .optional(),
    keys_at: timestamp.optional(),
    seen: z
      .strictObject({
        at: timestamp,
        up: z.array(z.boolean()).meta({ description: "Of each tunnel" }),
        path: z
          .strictObject({
            loss_ratio: z.number().min(0).max(1),
            round_trip_ms: z.number().optional(),
            jitter_ms: z.number().optional(),
          })
          .optional(),
        degraded: z.string().optional().meta({ description: "Why it counts as degraded; absent where it does not" }),
      })
      .optional()
      .meta({ description: "What was seen last; looked at every 30 seconds" }),
    drill: z
      .strictObject({
        at: timestamp,
        passed: z
          .boolean()
          .meta({ description: "Traffic went on by the other tunnel each time, and all are set again" }),
        tunnels: z.array(
          z.strictObject({ index: z.int(), failure: z.string().optional(), not_set_again: z.string().optional() }),
        ),
      })
      .optional()
      .meta({ description: "The last one" }),
    created_by: z.string(),
    created_at: timestamp,
    ended_at: timestamp.optional(),
  })
  .meta({ id: "Connection" }) satisfies z.ZodType<Wire<Connection>>;

export const connectionBody = z
  .strictObject({
    near: siteId.meta({ description: "The end that begins" }),
    far: siteId.optional().meta({ description: "The other site; or a `device` instead" }),
    device: deviceSchema.optional(),
    dry_run: z.boolean().optional().meta({ description: "Only ask both ends; nothing is built" }),
  })
  .meta({ id: "NewConnection" });

export const deviceConfigSchema = z
  .strictObject({
    files: z.array(z.strictObject({ name: z.string(), content: z.string() })),
    steps: z.array(z.string()).meta({ description: "What a person does, in this order" }),
  })
  .meta({ id: "DeviceConfig", description: "With keys: secret" }) satisfies z.ZodType<Wire<DeviceConfig>>;

export const connectionListQuery = z.strictObject(cursorQuery);
export const connectionListSchema = z
  .strictObject({ items: z.array(connectionSchema), next_cursor: nextCursor })
  .meta({ id: "ConnectionList" });
