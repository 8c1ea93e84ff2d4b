import * as z from "zod";
import { type KeptLine, lineLevels } from "../../domain/log-line.ts";
import type { Wire } from "../../domain/wire.ts";
import { cursorQuery, facts, nextCursor, siteId, timestamp } from "./common.ts";

const id = z.string().min(1).max(300);
const level = z.enum(lineLevels);
const traceId = z.string().regex(/^[0-9a-f]{32}$/);

export const logLineSchema = z
  .strictObject({
    sequence: z.int().min(1),
    at: timestamp,
    level,
    process: z.string().meta({ description: "Which of ours said it: api or worker" }),
    message: z.string(),
    trace_id: z.string().optional().meta({ description: "The same in all that one request set off" }),
    request_id: z.string().optional(),
    workflow_id: z.string().optional(),
    run_id: z.string().optional(),
    activity: z.string().optional(),
    attempt: z.int().optional(),
    site: z.string().optional(),
    vm_id: z.string().optional(),
    facts: facts.meta({ description: "What else the line says" }),
  })
  .meta({ id: "LogLine" }) satisfies z.ZodType<Wire<KeptLine>>;

const logFilter = {
  workflow_id: id
    .optional()
    .meta({ description: "Of this run, and of those that belong to it", example: "migration/m-1" }),
  trace_id: traceId.optional().meta({ description: "32 hex digits, as in the `Traceparent` of an answer" }),
  request_id: id.optional(),
  site: siteId.optional(),
  level: level.optional().meta({ description: "This level and what is more urgent" }),
  text: z.string().min(1).max(200).optional().meta({ description: "A part of what the line says, in any case" }),
  since: timestamp.optional(),
  until: timestamp.optional(),
};
export const logListQuery = z.strictObject({ ...logFilter, ...cursorQuery });
export const logListSchema = z
  .strictObject({ items: z.array(logLineSchema), next_cursor: nextCursor })
  .meta({ id: "LogLineList" });
export const logFilterQuery = z.strictObject(logFilter);
