import { type Kysely, type Selectable, sql } from "kysely";
import type { AuditCheckpoint, AuditEntry, ChainedEntry } from "../domain/audit.ts";
import { canonicalJson } from "../domain/plan.ts";
import { toWire } from "../domain/wire.ts";
import type { AuditTable } from "./access-schema.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import type { Database } from "./schema.ts";

export interface AuditQuery {
  readonly cursor?: string | undefined;
  readonly limit: number;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly resource?: string | undefined;
  readonly requestId?: string | undefined;
  readonly workflowId?: string | undefined;
  readonly outcome?: string | undefined;
  /** ISO 8601; from this moment on, and before that one. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

interface Waiting {
  readonly text: string;
  resolve(): void;
  reject(error: unknown): void;
}

/** More at once would hold the chain's end for longer than others should wait. */
const mostAtOnce = 200;
/** What nobody waits for goes with what somebody does, or by itself after this. */
const soonMs = 10;

export class AuditRepository {
  readonly #db: Kysely<Database>;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /**
   * Resolves when the entry is durable in the chain. The chain's end is held until a commit is on disk, so what comes
   * meanwhile goes together into the next statement: one wait for the disk serves them all.
   */
  append(entry: AuditEntry): Promise<void> {
    const durable = this.#add(entry);
    this.#begin();
    return durable;
  }

  /** The same for what nobody waits for: it stands in the chain behind what was appended before it, within moments. */
  appendSoon(entry: AuditEntry): Promise<void> {
    const durable = this.#add(entry);
    if (!this.#writing) this.#soon ??= setTimeout(() => this.#begin(), soonMs);
    return durable;
  }

  /** Resolves when everything that was appended here so far is in the chain, or could not be written. */
  async settled(): Promise<void> {
    this.#begin();
    await this.#writing;
  }

  #add(entry: AuditEntry): Promise<void> {
    const text = canonicalJson(toWire(keepable(entry)));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject });
    });
  }

  #begin(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (this.#waiting.length > 0) this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, mostAtOnce);
      try {
        await sql`select audit_append(${batch.map(({ text }) => text)}::text[])`.execute(this.#db);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    // At once: what is added from now on has to begin another.
    this.#writing = undefined;
  }

  /** Newest first. */
  async list(query: AuditQuery): Promise<Page<ChainedEntry>> {
    await this.settled();
    const limit = clampLimit(query.limit);
    const { cursor, actor, action, resource, requestId, workflowId, outcome, since, until } = query;
    let select = this.#db.selectFrom("audit").select(["sequence", "hash", "entry"]);
    const equal = { actor, action, resource, request_id: requestId, workflow_id: workflowId, outcome };
    for (const [column, value] of Object.entries(equal)) {
      if (value !== undefined) select = select.where(sql.ref(`audit.${column}`), "=", value);
    }
    if (since !== undefined) select = select.where("at", ">=", since);
    if (until !== undefined) select = select.where("at", "<", until);
    if (cursor !== undefined) select = select.where("sequence", "<", decodeCursor(cursor, "number")[0]);
    const rows = await select
      .orderBy("sequence", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, chained, (row) => [row.sequence]);
  }

  /** The chain in its order, from the entry after `after` on; read in parts. */
  async *chain(after = 0): AsyncGenerator<ChainedEntry> {
    await this.settled();
    for (let last = after; ; ) {
      const rows = await this.#db
        .selectFrom("audit")
        .select(["sequence", "hash", "entry"])
        .where("sequence", ">", last)
        .orderBy("sequence")
        .limit(1_000)
        .execute();
      yield* rows.map(chained);
      const end = rows.at(-1);
      if (!end) return;
      last = end.sequence;
    }
  }

  async head(): Promise<{ sequence: number; hash: string }> {
    await this.settled();
    return this.#db.selectFrom("audit_head").select(["sequence", "hash"]).executeTakeFirstOrThrow();
  }

  /** False when another process has signed this end already. */
  async addCheckpoint(checkpoint: AuditCheckpoint): Promise<boolean> {
    const { sequence, hash, at, keyId, publicKey, signature } = checkpoint;
    const added = await this.#db
      .insertInto("audit_checkpoints")
      .values({ sequence, hash, at, key_id: keyId, public_key: publicKey, signature })
      .onConflict((conflict) => conflict.column("sequence").doNothing())
      .returning("sequence")
      .execute();
    return added.length > 0;
  }

  /** In the chain's order. */
  async checkpoints(query: { cursor?: string | undefined; limit: number }): Promise<Page<AuditCheckpoint>> {
    const limit = clampLimit(query.limit);
    let select = this.#db.selectFrom("audit_checkpoints").selectAll();
    if (query.cursor !== undefined) select = select.where("sequence", ">", decodeCursor(query.cursor, "number")[0]);
    const rows = await select
      .orderBy("sequence")
      .limit(limit + 1)
      .execute();
    return toPage(
      rows,
      limit,
      ({ sequence, hash, at, key_id: keyId, public_key: publicKey, signature }) => ({
        sequence,
        hash,
        at,
        keyId,
        publicKey,
        signature,
      }),
      (row) => [row.sequence],
    );
  }
}

function chained({ sequence, hash, entry }: Pick<Selectable<AuditTable>, "sequence" | "hash" | "entry">): ChainedEntry {
  return { sequence, hash, entry };
}

/** PostgreSQL reads the entry as JSON, which can't hold U+0000 nor halves of characters. */
function keepable<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, member: unknown) =>
    typeof member === "string" ? member.replaceAll("\u0000", "\ufffd").toWellFormed() : member,
  ) as T;
}
