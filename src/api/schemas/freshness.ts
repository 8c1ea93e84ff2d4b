import * as z from "zod";
import type { Freshness } from "../../domain/freshness.ts";
import { resourceKinds } from "../../domain/resource.ts";
import type { Wire } from "../../domain/wire.ts";
import { siteId, timestamp } from "./common.ts";

const age = {
  observed_at: timestamp.optional().meta({ description: "The oldest reading that this comes from; absent if never" }),
  age_seconds: z.int().min(0).optional(),
};

export const freshnessSchema = z
  .strictObject({
    complete: z.boolean().meta({ description: "Whether the newest attempt to read everything concerned succeeded" }),
    summary: z.string().meta({ example: "aws: 4 of 5 regions, 12 min old" }),
    ...age,
    providers: z.array(
      z.strictObject({
        provider: z.string(),
        sites: z.int().min(0),
        sites_up_to_date: z.int().min(0),
        ...age,
        summary: z.string(),
      }),
    ),
    sites: z.array(
      z.strictObject({
        site: siteId,
        provider: z.string(),
        region: z.string().optional(),
        up_to_date: z.boolean(),
        ...age,
        problems: z
          .array(
            z.strictObject({
              kinds: z.array(z.enum(resourceKinds)),
              error: z.string(),
              failed_at: timestamp.optional(),
            }),
          )
          .meta({ description: "Why rows of the site are older than they should be, or missing" }),
      }),
    ),
  })
  .meta({
    id: "InventoryFreshness",
    description: "How old an answer is and what it lacks; only sites and kinds that it can speak of",
  }) satisfies z.ZodType<Wire<Freshness>>;
