import * as z from "zod";
import "zod-openapi";
import { type Consistency, consistencyLevels } from "../../domain/consistency.ts";
import { errorCodes } from "../../domain/errors.ts";
import type { Wire } from "../../domain/wire.ts";
import { httpMeanings } from "../problem.ts";

export const siteId = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
  .meta({ description: "A site's id, as in the configuration", example: "onprem-a" });
export const entityId = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]*$/);
export const name = z.string().min(1).max(200);
export const timestamp = z.iso.datetime().meta({ description: "ISO 8601, UTC" });
export const bytes = z.int().min(0).meta({ description: "Bytes" });
export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: "SHA-256 in hex" });
export const tags = z.record(z.string(), z.string()).meta({ description: "Keys and values as the site has them" });
export const facts = z.record(z.string(), z.unknown());

export const consistencySchema = z
  .strictObject({
    level: z.enum(consistencyLevels),
    why: z.string(),
    frozen_ms: z.int().min(0).optional().meta({ description: "How long the guest's writes stood still" }),
  })
  .meta({ id: "Consistency", description: "What the disks of a point show together" }) satisfies z.ZodType<
  Wire<Consistency>
>;

export const cursorQuery = {
  limit: z.coerce.number().int().min(1).max(200).optional().meta({ description: "Rows in one page. Default 50" }),
  cursor: z.string().min(1).max(500).optional().meta({ description: "The `next_cursor` of the page before; opaque" }),
};
export const nextCursor = z.string().optional().meta({ description: "Absent on the last page" });

export const problemSchema = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.enum([...errorCodes, ...(Object.keys(httpMeanings) as (keyof typeof httpMeanings)[])]),
    action: z.string().meta({ description: "What to do next" }),
    request_id: z.string(),
    resource: z.string().optional(),
    facts: facts.optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457 problem details with a stable code and a remedy" });
