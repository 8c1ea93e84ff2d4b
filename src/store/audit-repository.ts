import type { Kysely } from "kysely";
import { toJson, toText } from "./json.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";

export interface AuditEntry {
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly resource: string;
  readonly requestId: string;
  readonly workflowId?: string;
  readonly outcome: string;
  /** Plain JSON without credentials. */
  readonly before?: unknown;
  readonly after?: unknown;
}

export type AuditRecord = AuditEntry & { readonly sequence: number };

export class AuditRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Returns the entry's sequence. */
  async append(entry: AuditEntry): Promise<number> {
    const row = await this.#db
      .insertInto("audit")
      .values({
        at: entry.at,
        actor: toText(entry.actor),
        action: entry.action,
        resource: toText(entry.resource),
        request_id: entry.requestId,
        workflow_id: entry.workflowId ?? null,
        outcome: entry.outcome,
        before: entry.before === undefined ? null : toJson(entry.before),
        after: entry.after === undefined ? null : toJson(entry.after),
      })
      .returning("sequence")
      .executeTakeFirstOrThrow();
    return row.sequence;
  }

  /** Newest first. */
  async list(query: { cursor?: string; limit: number; resource?: string }): Promise<Page<AuditRecord>> {
    const limit = clampLimit(query.limit);
    let select = this.#db.selectFrom("audit").selectAll();
    if (query.resource !== undefined) select = select.where("resource", "=", query.resource);
    if (query.cursor !== undefined) select = select.where("sequence", "<", decodeCursor(query.cursor, "number")[0]);
    const rows = await select
      .orderBy("sequence", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(
      rows,
      limit,
      (row): AuditRecord => ({
        sequence: row.sequence,
        at: row.at,
        actor: row.actor,
        action: row.action,
        resource: row.resource,
        requestId: row.request_id,
        outcome: row.outcome,
        ...present({ workflowId: row.workflow_id, before: row.before, after: row.after }),
      }),
      (row) => [row.sequence],
    );
  }
}
