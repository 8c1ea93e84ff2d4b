import * as z from "zod";
import type { AuditCheckpoint, AuditEntry } from "../../domain/audit.ts";
import type { Wire } from "../../domain/wire.ts";
import { cursorQuery, nextCursor, sha256, timestamp } from "./common.ts";

const term = z.string().min(1).max(500);

export const auditEntrySchema = z
  .strictObject({
    at: timestamp,
    actor: z.string().meta({ description: "user/…, token/…, workflow/…, schedule/…, system/… or anyone" }),
    actor_name: z.string().optional(),
    action: z.string(),
    resource: z.string(),
    request_id: z.string(),
    workflow_id: z.string().optional(),
    outcome: z.string().meta({ description: "`asked` before anything happens, then `done` or the failure's code" }),
    address: z.string().optional(),
    request: z.unknown().optional(),
    before: z.unknown().optional(),
    after: z.unknown().optional(),
  })
  .meta({ id: "AuditEntry" }) satisfies z.ZodType<Wire<AuditEntry>>;

export const auditRecordSchema = z
  .strictObject({
    sequence: z.int().min(1),
    hash: sha256.meta({
      description: "SHA-256 of: the hash before, \\n, the sequence, \\n, the entry as canonical JSON",
    }),
    entry: auditEntrySchema,
  })
  .meta({ id: "AuditRecord" });

export const auditListQuery = z.strictObject({
  actor: term.optional(),
  action: term.optional(),
  resource: term.optional(),
  request_id: term.optional(),
  workflow_id: term.optional(),
  outcome: term.optional(),
  since: timestamp.optional(),
  until: timestamp.optional(),
  ...cursorQuery,
});
export const auditListSchema = z
  .strictObject({ items: z.array(auditRecordSchema), next_cursor: nextCursor })
  .meta({ id: "AuditList" });

export const auditExportQuery = z.strictObject({
  format: z.enum(["jsonl", "ocsf"]).optional().meta({ description: "Default jsonl: an AuditRecord a line" }),
  after: z.coerce.number().int().min(0).optional().meta({ description: "Only what follows this sequence" }),
});

export const checkpointSchema = z
  .strictObject({
    sequence: z.int().min(0),
    hash: sha256,
    at: timestamp,
    key_id: sha256,
    public_key: z.string(),
    signature: z.string().meta({ description: "Ed25519, base64" }),
  })
  .meta({ id: "AuditCheckpoint" }) satisfies z.ZodType<Wire<AuditCheckpoint>>;
export const checkpointListSchema = z
  .strictObject({
    head: z.strictObject({ sequence: z.int().min(0), hash: sha256 }).meta({ description: "The chain's end now" }),
    items: z.array(checkpointSchema),
    next_cursor: nextCursor,
  })
  .meta({ id: "AuditCheckpointList" });
