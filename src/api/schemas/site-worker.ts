import * as z from "zod";
import { siteId, timestamp } from "./common.ts";

export const siteWorkerSchema = z
  .object({
    worker_id: z.string(),
    site: siteId,
    name: z.string().describe("What the machine calls itself"),
    state: z
      .enum(["live", "silent", "draining", "removed"])
      .describe("`live`: it takes work; `silent`: it was not heard of for 15 seconds; `draining`: it gets nothing new"),
    data_address: z
      .string()
      .optional()
      .describe("Where workers of other sites reach it; absent for one that only calls out"),
    certificate_ends_at: timestamp,
    joined_at: timestamp,
    seen_at: timestamp.optional(),
    removed_at: timestamp.optional(),
  })
  .meta({ id: "SiteWorker" });

export const siteWorkerListSchema = z.object({ items: z.array(siteWorkerSchema) }).meta({ id: "SiteWorkerList" });

export const joinTokenBody = z.strictObject({
  expires_in_minutes: z.number().int().min(1).max(1_440).optional().describe("Default 60"),
});

export const joinTokenSchema = z
  .object({
    site: siteId,
    token: z.string().describe("Shown once; good for one machine"),
    url: z.string().describe("What the machine must reach"),
    expires_at: timestamp,
  })
  .meta({ id: "JoinToken" });
