import { type Kysely, sql } from "kysely";
import type { RateLease, RateLeases } from "../transfer/ports.ts";
import type { Database } from "./schema.ts";

/**
 * Rates shared by all workers. Whether a lease is current is decided by the database's clock alone, and a holder learns
 * its expiry on its own clock, counted from before it asked: clocks that disagree change nothing.
 * A newcomer gets its share at once, while the others keep theirs until they renew: for at most one `ttlMs` the sum may
 * exceed the limit.
 */
export class PostgresRateLeases implements RateLeases {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async renew(input: { resource: string; holder: string; limitPerSecond: number; ttlMs: number }): Promise<RateLease> {
    const { resource, holder, limitPerSecond, ttlMs } = input;
    const askedAt = Date.now();
    const holders = await this.#db.transaction().execute(async (tx) => {
      // One division at a time for a resource, so that two newcomers see each other.
      await sql`select pg_advisory_xact_lock(hashtextextended(${`rate/${resource}`}, 0))`.execute(tx);
      await sql`
        insert into rate_leases (resource, holder, expires_at)
        values (${resource}, ${holder}, clock_timestamp() + ${ttlMs} * interval '1 millisecond')
        on conflict (resource, holder) do update set expires_at = excluded.expires_at`.execute(tx);
      await sql`delete from rate_leases where resource = ${resource} and expires_at <= clock_timestamp()`.execute(tx);
      const counted = await tx
        .selectFrom("rate_leases")
        .select((e) => e.fn.countAll<number>().as("holders"))
        .where("resource", "=", resource)
        .executeTakeFirstOrThrow();
      return Math.max(1, counted.holders);
    });
    return { perSecond: limitPerSecond / holders, expiresAt: new Date(askedAt + ttlMs) };
  }

  async release(input: { resource: string; holder: string }): Promise<void> {
    await this.#db
      .deleteFrom("rate_leases")
      .where("resource", "=", input.resource)
      .where("holder", "=", input.holder)
      .execute();
  }
}
