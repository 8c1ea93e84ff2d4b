import * as z from "zod";
import { resourceKinds } from "../../domain/resource.ts";
import { bytes, entityId, nextCursor, siteId, tags, timestamp } from "./common.ts";
import { freshnessSchema } from "./freshness.ts";
import { moneySchema } from "./price.ts";

const kind = z.enum(resourceKinds);

const resourceFields = {
  site: siteId,
  kind,
  resource_id: z.string().meta({ description: "The site's own id; unique among the kind's at the site" }),
  provider: z.string(),
  region: z.string().optional(),
  name: z.string(),
  state: z.string().optional(),
  state_since: timestamp.optional(),
  cpus: z.int().optional(),
  memory_bytes: bytes.optional(),
  size_bytes: bytes.optional(),
  monthly_cost: moneySchema.optional().meta({ description: "At list price; absent means unknown, which is not 0" }),
  type: z.string().optional().meta({ description: "The site's word for its size", example: "m6i.large" }),
  owner: z.string().optional(),
  project: z.string().optional(),
  tags,
  created_at: timestamp.optional(),
  first_seen_at: timestamp,
  changed_at: timestamp.meta({ description: "Since when it is as it is" }),
  observed_at: timestamp.meta({ description: "When it was seen last; in a view of the past, the moment of the view" }),
  details: z.record(z.string(), z.unknown()).meta({ description: "All that the site says of it" }),
};

export const resourceSchema = z.strictObject(resourceFields).meta({ id: "Resource" });
export type ResourceView = z.output<typeof resourceSchema>;

/** Sort values are part of a cursor, and names can be long. */
const longCursor = z
  .string()
  .min(1)
  .max(4_000)
  .optional()
  .meta({ description: "The `next_cursor` of the page before" });
export const moment = z.string().min(1).max(50);
export const searchText = z
  .string()
  .max(4_000)
  .meta({ description: "What to look for, in the search language", example: 'provider:aws state:running "web"' });

export const exportFormats = ["json", "csv", "jsonl"] as const;

export const resourceListQuery = z.strictObject({
  q: searchText.optional(),
  search: entityId.optional().meta({ description: "Only what this saved search finds, too; its id" }),
  sort: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "Up to three fields, `-` for downwards; goes before `sort:` in the query", example: "-cost" }),
  as_of: moment.optional().meta({ description: "The inventory as it was then: a time, a day or an age (`2h`)" }),
  format: z
    .enum(exportFormats)
    .optional()
    .meta({ description: "`csv` and `jsonl` export all that matches, or `limit` of it. Default: as Accept says" }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .optional()
    .meta({ description: "Rows in one page (default 50, at most 1000), or in an export (default all)" }),
  cursor: longCursor,
});

export const resourceListSchema = z
  .strictObject({
    items: z.array(resourceSchema),
    next_cursor: nextCursor,
    as_of: timestamp.optional(),
    freshness: freshnessSchema,
  })
  .meta({ id: "ResourceList" });

export const resourceParams = z.strictObject({ site: siteId, kind, id: z.string().min(1).max(1_000) });

export const resourceAnswerSchema = z
  .strictObject({
    ...resourceFields,
    gone_at: timestamp
      .optional()
      .meta({ description: "Since when it is no longer there, or not within your reach; the rest is as it was then" }),
    history: z
      .array(
        z.strictObject({
          valid_from: timestamp,
          valid_to: timestamp.optional().meta({ description: "Absent for what it is now" }),
          gone: z.boolean().meta({ description: "It was gone after this" }),
          resource: resourceSchema,
        }),
      )
      .meta({ description: "What it was and is, the newest first; 200 at most" }),
    freshness: freshnessSchema,
  })
  .meta({ id: "ResourceAnswer" });

export const changesQuery = z.strictObject({
  from: moment.meta({ description: "A time, a day or an age (`2h`)" }),
  to: moment.optional().meta({ description: "Default: now" }),
  q: searchText.optional().meta({ description: "Only what matches before or after" }),
  limit: z.coerce.number().int().min(1).max(1_000).optional().meta({ description: "Rows in one page. Default 50" }),
  cursor: longCursor,
});

export const changesSchema = z
  .strictObject({
    from: timestamp,
    to: timestamp,
    items: z.array(
      z.strictObject({
        change: z.enum(["added", "changed", "removed"]),
        site: siteId,
        kind,
        resource_id: z.string(),
        before: resourceSchema.optional(),
        after: resourceSchema.optional(),
      }),
    ),
    next_cursor: nextCursor,
    freshness: freshnessSchema,
  })
  .meta({ id: "ResourceChanges" });

export const refreshBody = z
  .strictObject({
    sites: z.array(siteId).min(1).max(100).optional().meta({ description: "Default: all that the caller reaches" }),
    resources: z
      .array(z.strictObject({ site: siteId, kind, resource_id: z.string().min(1).max(1_000) }))
      .min(1)
      .max(100)
      .optional()
      .meta({
        description: "Only these: what is known to have changed. A kind that can't be read one by one is read whole",
      }),
  })
  .meta({ id: "RefreshInventory" });

export const refreshedSchema = z
  .strictObject({
    sites: z.array(
      z.strictObject({
        site: siteId,
        read: z.boolean(),
        error: z.string().optional().meta({ description: "Why nothing of it could be read; its rows keep their age" }),
      }),
    ),
    freshness: freshnessSchema,
  })
  .meta({ id: "RefreshedInventory" });
