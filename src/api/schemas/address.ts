import * as z from "zod";
import type { AddressPlan, PlannedRange } from "../../domain/address-plan.ts";
import type { AddressAllocation, AddressPool } from "../../domain/address-pool.ts";
import { readRange } from "../../domain/address-range.ts";
import type { Wire } from "../../domain/wire.ts";
import { cursorQuery, entityId, name, nextCursor, siteId, timestamp } from "./common.ts";

const cidr = z
  .string()
  .max(60)
  .refine((text) => text.includes("/") && readRange(text) !== undefined, { error: "must be a CIDR" })
  .meta({ description: "IPv4 or IPv6", example: "10.32.0.0/16" });

const rangeSchema = z
  .strictObject({
    site: siteId,
    network_id: z
      .string()
      .meta({ description: "The network that routes by itself: a VPC, VNet, VCN, or a host's network" }),
    name: z.string(),
    cidr: z.string(),
  })
  .meta({ id: "PlannedRange" }) satisfies z.ZodType<Wire<PlannedRange>>;

export const addressPlanQuery = z.strictObject({
  site: siteId.optional().meta({ description: "Only this site's ranges, and what they clash with" }),
});
export const addressPlanSchema = z
  .strictObject({
    ranges: z.array(rangeSchema).meta({ description: "In the order of addresses" }),
    overlaps: z.array(
      z.strictObject({
        first: rangeSchema,
        second: rangeSchema,
        relation: z.enum(["equal", "first-contains-second", "second-contains-first"]),
      }),
    ),
    proposals: z
      .array(
        z.strictObject({
          range: rangeSchema,
          clashes_with: z.array(rangeSchema),
          renumber_to: z
            .strictObject({ cidr: z.string(), pool: z.string().optional() })
            .optional()
            .meta({ description: "As large, and free everywhere; absent where nothing is" }),
          translate_to: z
            .strictObject({ cidr: z.string() })
            .optional()
            .meta({ description: "Where it can't be renumbered: what the others would see it as, address by address" }),
        }),
      )
      .meta({ description: "One for each range that would have to give way" }),
    unusable: z.array(z.strictObject({ range: rangeSchema, reason: z.string() })),
  })
  .meta({ id: "AddressPlan" }) satisfies z.ZodType<Wire<AddressPlan>>;

export const poolBody = z
  .strictObject({
    cidr,
    excluded: z
      .array(cidr)
      .max(200)
      .optional()
      .meta({ description: "Parts that nobody gets: what is in use where no site shows it" }),
  })
  .meta({ id: "NewAddressPool" });
export const poolSchema = z
  .strictObject({
    name: entityId,
    cidr: z.string(),
    excluded: z.array(z.string()),
    created_by: z.string(),
    created_at: timestamp,
  })
  .meta({ id: "AddressPool" }) satisfies z.ZodType<Wire<AddressPool>>;
export const poolListSchema = z.strictObject({ items: z.array(poolSchema) }).meta({ id: "AddressPoolList" });

export const allocationBody = z
  .strictObject({
    site: siteId,
    prefix_length: z.int().min(1).max(128).meta({ description: "How large: 24 is a range of 256 IPv4 addresses" }),
    name: name.meta({ description: "What it is for" }),
  })
  .meta({ id: "NewAddressAllocation" });
export const allocationSchema = z
  .strictObject({
    allocation_id: entityId,
    pool: z.string(),
    cidr: z.string(),
    site: siteId,
    name: z.string(),
    created_by: z.string(),
    created_at: timestamp,
  })
  .meta({ id: "AddressAllocation" }) satisfies z.ZodType<Wire<AddressAllocation>>;
export const allocationListQuery = z.strictObject({ ...cursorQuery, pool: entityId.optional() });
export const allocationListSchema = z
  .strictObject({ items: z.array(allocationSchema), next_cursor: nextCursor })
  .meta({ id: "AddressAllocationList" });
