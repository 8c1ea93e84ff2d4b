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
    inventory: freshnessSchema,
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
