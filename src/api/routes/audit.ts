import { once as event } from "node:events";
import type { AuditEntry, ChainedEntry } from "../../domain/audit.ts";
import { toOcsf } from "../../domain/ocsf.ts";
import type { Wire } from "../../domain/wire.ts";
import { type Answer, route } from "../route.ts";
import { pageQuery } from "../schemas/access.ts";
import { auditExportQuery, auditListQuery, auditListSchema, checkpointListSchema } from "../schemas/audit.ts";
import { type ApiContext, defaultPageSize, requireReach } from "./context.ts";

/** The trail speaks of everything: only an auditor without limits reads it. */
export function auditRoutes({ store }: ApiContext) {
  return [
    route({
      method: "get",
      path: "/v1/audit",
      operationId: "listAudit",
      tag: "audit",
      summary: "The audit trail, the newest first",
      permission: "audit:read",
      actor: "signed-in",
      audit: undefined,
      query: auditListQuery,
      responses: { 200: { description: "One page", schema: auditListSchema } },
      async handle({ query, access }): Promise<Answer> {
        requireReach(access, {});
        const { request_id: requestId, workflow_id: workflowId, limit = defaultPageSize, ...rest } = query;
        const page = await store.audit.list({ ...rest, requestId, workflowId, limit });
        const next = page.nextCursor === undefined ? "" : `,"next_cursor":${JSON.stringify(page.nextCursor)}`;
        return { status: 200, json: `{"items":[${page.items.map(toLine).join()}]${next}}` };
      },
    }),
    route({
      method: "get",
      path: "/v1/audit/export",
      operationId: "exportAudit",
      tag: "audit",
      summary: "The audit trail in its order, a line an entry, to be kept and verified elsewhere",
      permission: "audit:read",
      actor: "signed-in",
      audit: undefined,
      query: auditExportQuery,
      responses: { 200: { description: "JSON lines", mediaType: "application/x-ndjson" } },
      async handle({ query: { format = "jsonl", after = 0 }, access, response, signal }): Promise<undefined> {
        requireReach(access, {});
        response.status(200).setHeader("Content-Type", "application/x-ndjson; charset=utf-8");
        for await (const entry of store.audit.chain(after)) {
          if (signal.aborted) break;
          const ready = response.write(`${format === "jsonl" ? toLine(entry) : toOcsfLine(entry)}\n`);
          if (!ready) await event(response, "drain", { signal }).catch(() => undefined);
        }
        response.end();
      },
    }),
    route({
      method: "get",
      path: "/v1/audit/checkpoints",
      operationId: "listAuditCheckpoints",
      tag: "audit",
      summary: "Signed ends of the chain, the oldest first, and its end now",
      permission: "audit:read",
      actor: "signed-in",
      audit: undefined,
      query: pageQuery,
      responses: { 200: { description: "One page", schema: checkpointListSchema } },
      async handle({ query: { limit = defaultPageSize, cursor }, access }): Promise<Answer> {
        requireReach(access, {});
        const [head, page] = await Promise.all([store.audit.head(), store.audit.checkpoints({ cursor, limit })]);
        return { status: 200, body: { head, ...page } };
      },
    }),
  ];
}

/** The entry goes out as it was hashed. */
function toLine({ sequence, hash, entry }: ChainedEntry): string {
  return `{"sequence":${sequence},"hash":"${hash}","entry":${entry}}`;
}

function toOcsfLine({ sequence, hash, entry }: ChainedEntry): string {
  return JSON.stringify(toOcsf(sequence, hash, JSON.parse(entry) as Wire<AuditEntry>));
}
