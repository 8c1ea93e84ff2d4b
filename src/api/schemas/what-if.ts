import * as z from "zod";
import { priceTerms } from "../../domain/prices.ts";
import type { WhatIfRow } from "../../domain/what-if.ts";
import type { Wire } from "../../domain/wire.ts";
import { searchText } from "./resource.ts";

const micros = z.int().meta({ description: "Millionths of the currency's unit, a month" });

export const whatIfQuery = z.strictObject({
  q: searchText.optional().meta({ description: "Which VMs, in the search language; default: all" }),
  providers: z
    .string()
    .max(200)
    .optional()
    .meta({ description: "With commas between; default: all with a price list" }),
  region: z.string().max(100).optional().meta({ description: "Only this one" }),
  terms: z.enum(priceTerms).optional().meta({ description: "Only these; default: all" }),
});

const row = z.strictObject({
  provider: z.string(),
  region: z.string(),
  terms: z.enum(priceTerms),
  machines_micros: micros.optional().meta({ description: "Absent: no price is known" }),
  disks_micros: micros.optional().meta({ description: "Absent: the price of disks there is not known" }),
  currency: z.string().optional(),
  priced: z.int().min(0).meta({ description: "VMs" }),
  unpriced: z.array(z.strictObject({ reason: z.string(), vms: z.int().min(1) })),
  priced_on: z.iso.date().optional().meta({ description: "The oldest price's day" }),
  derived: z.boolean().meta({ description: "Some prices are no list's own figures" }),
  confidence: z.enum(["high", "medium", "low"]),
}) satisfies z.ZodType<Wire<WhatIfRow>>;

export const whatIfSchema = z
  .strictObject({
    vms: z.int().min(0),
    today: z.strictObject({
      micros: micros.meta({ description: "At list price in US dollars, of the VMs whose price is known" }),
      unknown: z.int().min(0).meta({ description: "VMs whose price today is not known" }),
    }),
    items: z.array(row).meta({ description: "The cheapest whole ones first" }),
  })
  .meta({ id: "WhatIf" });
