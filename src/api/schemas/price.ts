import * as z from "zod";
import type { Money } from "../../domain/money.ts";
import { type Cost, type Price, priceKinds, priceTerms, priceUnits } from "../../domain/prices.ts";
import type { Wire } from "../../domain/wire.ts";
import { bytes, cursorQuery, nextCursor } from "./common.ts";

export const moneySchema = z
  .strictObject({
    micros: z.int().meta({ description: "Millionths of the currency's unit" }),
    currency: z.string().meta({ description: "ISO 4217", example: "USD" }),
  })
  .meta({ id: "Money" }) satisfies z.ZodType<Wire<Money>>;

const day = z.iso.date();
const derived = z.string().optional().meta({ description: "How it was made, where it is not the list's own figure" });

export const costSchema = z
  .strictObject({
    total: moneySchema.optional().meta({ description: "What is known of it; absent when nothing is" }),
    complete: z.boolean().meta({ description: "False when a line is unknown: it costs more than the total" }),
    items: z.array(
      z.strictObject({
        what: z.string(),
        quantity: z.number(),
        unit: z.string(),
        amount: moneySchema.optional(),
        unit_price: moneySchema.optional(),
        priced_on: day.optional(),
        source: z.string().optional(),
        derived,
        unknown: z.string().optional().meta({ description: "Instead of an amount: what it would take to know it" }),
      }),
    ),
  })
  .meta({ id: "Cost" }) satisfies z.ZodType<Wire<Cost>>;

const architecture = z.enum(["x86_64", "aarch64"]);

const priceSchema = z
  .strictObject({
    provider: z.string(),
    region: z.string(),
    kind: z.enum(priceKinds),
    item: z.string().meta({ description: "An instance type, a disk type, or where traffic goes" }),
    terms: z.enum(priceTerms),
    above: z.int().min(0).meta({ description: "From how many units a month on it holds" }),
    price: moneySchema,
    unit: z.enum(priceUnits),
    priced_on: day.meta({ description: "The day of the list" }),
    age_days: z.int().min(0),
    source: z.string(),
    derived,
    size: z
      .strictObject({
        cpus: z.number(),
        memory_bytes: bytes,
        architecture,
        gpus: z.int().min(0),
        burstable: z.boolean(),
        interruption_band: z.int().min(0).max(4).optional().meta({
          description: "How often it is taken back: 0 below 5 % a month, then in steps of five, 4 above 20 %",
        }),
      })
      .optional()
      .meta({ description: "What an instance type has" }),
  })
  .meta({ id: "Price" }) satisfies z.ZodType<Wire<Price & { ageDays: number }>>;

export const priceListQuery = z.strictObject({
  provider: z.string().min(1).max(100).optional(),
  region: z.string().min(1).max(100).optional(),
  kind: z.enum(priceKinds).optional(),
  terms: z.enum(priceTerms).optional(),
  item: z.string().min(1).max(200).optional().meta({ description: "The exact name, or its beginning and `*`" }),
  min_cpus: z.coerce
    .number()
    .min(0)
    .max(10_000)
    .optional()
    .meta({ description: "Instance types with at least so many" }),
  min_memory_bytes: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  architecture: architecture.optional(),
  order: z.enum(["name", "price"]).optional().meta({ description: "`price`: the cheapest first. Default `name`" }),
  ...cursorQuery,
});

export const priceListSchema = z
  .strictObject({ items: z.array(priceSchema), next_cursor: nextCursor })
  .meta({ id: "PriceList", description: "What is not here is not known; it is not free" });
