import { type Kysely, type Selectable, sql } from "kysely";
import { type KeptLine, type LineLevel, type LogLine, lineLevels } from "../domain/log-line.ts";
import { toJson, toText } from "./json.ts";
import type { LogLineTable } from "./log-schema.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";

export interface LogFilter {
  /** With the runs that belong to it: those whose id has this one and a `/` in front. */
  readonly workflowId?: string | undefined;
  readonly traceId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly site?: string | undefined;
  /** This one and what tells more. */
  readonly level?: LineLevel | undefined;
  /** A part of the message, or of what else a line says; in any case of letters. */
  readonly text?: string | undefined;
  /** ISO 8601; from this moment on, and before that one. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

export interface LogQuery extends LogFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Any fixed number: whoever adds lines holds it, so that they become visible in their order. */
const orderLock = 7_238_114_530;
const rowsDroppedAtOnce = 10_000;

/** Lines of all processes' logs. */
export class LogRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async append(lines: readonly LogLine[]): Promise<void> {
    if (lines.length === 0) return;
    await this.#db.transaction().execute(async (tx) => {
      // A reader who follows has seen all up to the newest it saw: none comes in below that later.
      await sql`select pg_advisory_xact_lock(${orderLock})`.execute(tx);
      await tx.insertInto("log_lines").values(lines.map(toRow)).execute();
    });
  }

  /** The newest first. */
  async list(query: LogQuery): Promise<Page<KeptLine>> {
    const limit = clampLimit(query.limit);
    let select = this.#matching(query);
    if (query.cursor !== undefined) {
      const [at, sequence] = decodeCursor(query.cursor, "string", "number");
      select = select.where(sql<boolean>`(at, sequence) < (${at}::timestamptz, ${sequence})`);
    }
    const rows = await select
      .orderBy("at", "desc")
      .orderBy("sequence", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toLine, (row) => [row.at, row.sequence]);
  }

  /** What was added after a line, in the order of adding. */
  async after(sequence: number, filter: LogFilter, limit: number): Promise<readonly KeptLine[]> {
    const rows = await this.#matching(filter)
      .where("sequence", ">", sequence)
      .orderBy("sequence")
      .limit(clampLimit(limit))
      .execute();
    return rows.map(toLine);
  }

  /** The newest line's; 0 without any. */
  async last(): Promise<number> {
    const { rows } = await sql<{ last: number }>`select coalesce(max(sequence), 0) as last from log_lines`.execute(
      this.#db,
    );
    return rows[0]?.last ?? 0;
  }

  /** Removes what is older; returns how many lines. */
  async drop(before: string): Promise<number> {
    let dropped = 0;
    for (;;) {
      // In parts, so that no statement holds up a writer for long.
      const part = await sql`delete from log_lines where sequence in (
        select sequence from log_lines where at < ${before}::timestamptz order by at limit ${rowsDroppedAtOnce})`.execute(
        this.#db,
      );
      const count = Number(part.numAffectedRows ?? 0n);
      dropped += count;
      if (count < rowsDroppedAtOnce) return dropped;
    }
  }

  #matching(filter: LogFilter) {
    const { workflowId, traceId, requestId, site, level, text, since, until } = filter;
    let select = this.#db.selectFrom("log_lines").selectAll();
    if (workflowId !== undefined) {
      // "0" follows "/".
      select = select.where(
        sql<boolean>`(workflow_id = ${workflowId} or (workflow_id > ${`${workflowId}/`} and workflow_id < ${`${workflowId}0`}))`,
      );
    }
    if (traceId !== undefined) select = select.where("trace_id", "=", traceId);
    if (requestId !== undefined) select = select.where("request_id", "=", requestId);
    if (site !== undefined) select = select.where("site", "=", site);
    if (level !== undefined) select = select.where("level", ">=", numberOf(level));
    if (since !== undefined) select = select.where("at", ">=", since);
    if (until !== undefined) select = select.where("at", "<", until);
    if (text !== undefined) {
      const pattern = `%${text.replaceAll(/[\\%_]/g, "\\$&")}%`;
      select = select.where(sql<boolean>`(message ilike ${pattern} or facts::text ilike ${pattern})`);
    }
    return select;
  }
}

/** As pino counts: 10, 20, … */
function numberOf(level: LineLevel): number {
  return (lineLevels.indexOf(level) + 1) * 10;
}

function toRow(line: LogLine) {
  const optional = (text: string | undefined) => (text === undefined ? null : toText(text));
  return {
    at: line.at,
    level: numberOf(line.level),
    process: toText(line.process),
    message: toText(line.message),
    trace_id: optional(line.traceId),
    request_id: optional(line.requestId),
    workflow_id: optional(line.workflowId),
    run_id: optional(line.runId),
    activity: optional(line.activity),
    attempt: line.attempt ?? null,
    site: optional(line.site),
    vm_id: optional(line.vmId),
    facts: toJson(line.facts),
  };
}

function toLine(row: Selectable<LogLineTable>): KeptLine {
  return {
    sequence: row.sequence,
    at: row.at,
    level: lineLevels[row.level / 10 - 1] ?? "info",
    process: row.process,
    message: row.message,
    ...present({
      traceId: row.trace_id,
      requestId: row.request_id,
      workflowId: row.workflow_id,
      runId: row.run_id,
      activity: row.activity,
      attempt: row.attempt,
      site: row.site,
      vmId: row.vm_id,
    }),
    facts: row.facts,
  };
}
