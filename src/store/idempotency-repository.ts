import { type Kysely, sql } from "kysely";
import { toJson } from "./json.ts";
import type { Database } from "./schema.ts";

/** An answer kept for repeats; plain JSON. */
export interface StoredResponse {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type IdempotencyClaim =
  | { readonly status: "new" }
  | { readonly status: "repeat"; readonly response: StoredResponse }
  /** `other-body`: the key came with another request before. `in-progress`: the first request is still being answered. */
  | { readonly status: "conflict"; readonly reason: "other-body" | "in-progress" };

/** Keys are remembered for a day. */
const rememberFor = sql`interval '24 hours'`;
/** Whoever claimed the key and did neither answer nor renew by then has died: the repeat takes over. */
const abandonedAfter = sql`interval '8 seconds'`;

export class IdempotencyRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async claim(input: { key: string; route: string; bodyHash: string }): Promise<IdempotencyClaim> {
    const { key, route, bodyHash } = input;
    const { rows } = await sql`
      insert into idempotency_keys as k (route, key, body_hash) values (${route}, ${key}, ${bodyHash})
      on conflict (route, key) do update
        set body_hash = excluded.body_hash, response = null, claimed_at = now()
        where k.claimed_at < now() - ${rememberFor}
          or (k.response is null and k.body_hash = excluded.body_hash and k.claimed_at < now() - ${abandonedAfter})
      returning 1`.execute(this.#db);
    if (rows.length > 0) return { status: "new" };
    const earlier = await this.#db
      .selectFrom("idempotency_keys")
      .select(["body_hash", "response"])
      .where("route", "=", route)
      .where("key", "=", key)
      .executeTakeFirst();
    // Released by another request between the two statements.
    if (!earlier) return await this.claim(input);
    if (earlier.body_hash !== bodyHash) return { status: "conflict", reason: "other-body" };
    if (earlier.response === null) return { status: "conflict", reason: "in-progress" };
    return { status: "repeat", response: earlier.response as StoredResponse };
  }

  /** Says that the claim is still being answered; to be called every few seconds. */
  async renew(key: string, route: string): Promise<void> {
    await this.#db
      .updateTable("idempotency_keys")
      .set({ claimed_at: sql`now()` })
      .where("route", "=", route)
      .where("key", "=", key)
      .where("response", "is", null)
      .execute();
  }

  async complete(key: string, route: string, response: StoredResponse): Promise<void> {
    await this.#db
      .updateTable("idempotency_keys")
      .set({ response: toJson(response) })
      .where("route", "=", route)
      .where("key", "=", key)
      .execute();
  }

  /** Gives an unanswered key back, after a failure that a repeat may get past. */
  async release(key: string, route: string): Promise<void> {
    await this.#db
      .deleteFrom("idempotency_keys")
      .where("route", "=", route)
      .where("key", "=", key)
      .where("response", "is", null)
      .execute();
  }

  /** Forgets keys that are past their day; returns how many. */
  async sweep(): Promise<number> {
    const result = await this.#db
      .deleteFrom("idempotency_keys")
      .where(sql<boolean>`claimed_at < now() - ${rememberFor}`)
      .executeTakeFirst();
    return Number(result.numDeletedRows);
  }
}
