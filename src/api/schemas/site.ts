import * as z from "zod";
import { censusKinds } from "../../domain/census.ts";
import { siteId } from "./common.ts";
import { freshnessSchema } from "./vm.ts";

export const siteSchema = z
  .strictObject({
    site: siteId,
    kind: z.string().meta({ description: "The provider's kind", example: "libvirt" }),
    region: z.string().optional(),
    enabled: z.boolean(),
    simulated: z
      .boolean()
      .meta({ description: "A simulated cloud of the sandbox; its libvirt hosts and folders are real" }),
    failure_domain: z.string().optional().meta({ description: "What fails together with it" }),
    residency: z
      .array(z.string())
      .optional()
      .meta({ description: "Places where its data stays, as the configuration says" }),
    inventory: freshnessSchema,
    change_events: z
      .strictObject({
        listening: z.boolean(),
        since: z.iso.datetime().optional(),
        changed_at: z.iso.datetime().optional().meta({ description: "When it told of a change last" }),
        changes: z.int().meta({ description: "How many changes it told of, ever" }),
        error: z.string().optional().meta({ description: "Why nobody listens" }),
      })
      .optional()
      .meta({ description: "What the site tells of changes by itself; absent where it was never listened to" }),
  })
  .meta({ id: "Site" });

export const siteListSchema = z.strictObject({ items: z.array(siteSchema) }).meta({ id: "SiteList" });

export const providerSchema = z
  .strictObject({
    kind: z.string(),
    sites: z.array(siteId),
    supported: z.boolean().meta({ description: "False where this version has no provider for the kind yet" }),
    capabilities: z.array(
      z.strictObject({
        capability: z.string(),
        supported: z.boolean(),
        reason: z.string().optional().meta({ description: "Why not" }),
      }),
    ),
  })
  .meta({ id: "Provider" });

export const providerListSchema = z.strictObject({ items: z.array(providerSchema) }).meta({ id: "ProviderList" });

export const censusSchema = z
  .strictObject({
    site: siteId,
    items: z.array(
      z.strictObject({
        site: siteId,
        kind: z.enum(censusKinds),
        id: z.string(),
        name: z.string().optional(),
        migration_id: z.string().optional().meta({ description: "The migration that it belongs to" }),
        tags: z.record(z.string(), z.string()),
      }),
    ),
  })
  .meta({ id: "Census" });

export const siteCheckSchema = z
  .strictObject({
    site: siteId,
    ok: z.boolean(),
    checks: z.array(
      z.strictObject({
        check: z.string(),
        result: z.enum(["pass", "warn", "fail"]),
        detail: z.string(),
        remedy: z.string().optional(),
      }),
    ),
  })
  .meta({ id: "SiteCheck" });
