import { type Kysely, type Selectable, sql } from "kysely";
import type { AuditCheckpoint, AuditEntry, ChainedEntry } from "../domain/audit.ts";
import { isProviderError } from "../domain/errors.ts";
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
/** A longer one fits into no index of the database (2,704 bytes), which would refuse the entry. */
const longestResource = 800;

export class AuditRepository {
  readonly #db: Kysely<Database>;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
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

  /** Resolves when everything that was appended here so far is in the chain, or could not be written; what is appended
   *  meanwhile is not waited for. */
  async settled(): Promise<void> {
    this.#begin();
    await this.#last.catch(() => undefined);
  }

  #add(entry: AuditEntry): Promise<void> {
    let text: string;
    try {
      text = canonicalJson(toWire(keepable({ ...entry, resource: entry.resource.slice(0, longestResource) })));
    } catch (error) {
      // As any other that can't be written: those who don't wait for it don't see what is thrown at once.
      return Promise.reject(error);
    }
    this.#last = new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject });
    });
    return this.#last;
  }

  #begin(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (this.#waiting.length > 0) this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writeTogether(this.#waiting.splice(0, mostAtOnce));
    // At once: what is added from now on has to begin another.
    this.#writing = undefined;
  }

  /** An entry that the database refuses takes none of the others with it: whoever asks for one would else decide what is
   *  on record of those who ask at the same time. */
  async #writeTogether(batch: readonly Waiting[]): Promise<void> {
    try {
      await sql`select audit_append(${batch.map(({ text }) => text)}::text[])`.execute(this.#db);
      for (const { resolve } of batch) resolve();
    } catch (error) {
      if (batch.length > 1 && isProviderError(error, "Unknown")) {
        const half = batch.length >> 1;
        await this.#writeTogether(batch.slice(0, half));
        await this.#writeTogether(batch.slice(half));
        return;
      }
      for (const { reject } of batch) reject(error);
    }
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

/** As JSON has both of what PostgreSQL's JSON can't hold: U+0000 and halves of characters. */
const unkeepable = /\\u(?:0000|d[89a-f])/;

/** PostgreSQL reads the entry as JSON, which can't hold them, in no member's name either. */
function keepable<T>(value: T): T {
  const text = JSON.stringify(value);
  if (!unkeepable.test(text)) return JSON.parse(text) as T;
  return JSON.parse(text, (_key, member: unknown) => {
    if (typeof member === "string") return keptText(member);
    if (member === null || typeof member !== "object" || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).map(([key, inner]) => [keptText(key), inner]));
  }) as T;
}

function keptText(text: string): string {
  return text.replaceAll("\u0000", "\ufffd").toWellFormed();
}
