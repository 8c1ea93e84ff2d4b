import { type Kysely, sql } from "kysely";
import type { RateLease, RateLeases } from "../transfer/ports.ts";
import type { Database } from "./schema.ts";

/**
 * Rates shared by all workers. Whether a lease is current is decided by the database's clock alone, and a holder learns
 * its expiry on its own clock, counted from before it asked: clocks that disagree change nothing.
 * The shares together never exceed the limit: a newcomer gets what the others leave, and the rest of its share as soon as
 * they have renewed and given some up.
 */
export class PostgresRateLeases implements RateLeases {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async renew(input: { resource: string; holder: string; limitPerSecond: number; ttlMs: number }): Promise<RateLease> {
    const { resource, holder, limitPerSecond, ttlMs } = input;
    const askedAt = Date.now();
    const perSecond = await this.#db.transaction().execute(async (tx) => {
      // One division at a time for a resource, so that two newcomers see each other.
      await sql`select pg_advisory_xact_lock(hashtextextended(${`rate/${resource}`}, 0))`.execute(tx);
      await sql`delete from rate_leases where resource = ${resource} and expires_at <= clock_timestamp()`.execute(tx);
      const { rows } = await sql<{ others: number; given: number }>`
        select count(*)::integer as others, coalesce(sum(per_second), 0) as given
        from rate_leases where resource = ${resource} and holder <> ${holder}`.execute(tx);
      const { others = 0, given = 0 } = rows[0] ?? {};
      const share = Math.max(0, Math.min(limitPerSecond / (others + 1), limitPerSecond - given));
      await sql`
        insert into rate_leases (resource, holder, expires_at, per_second)
        values (${resource}, ${holder}, clock_timestamp() + ${ttlMs} * interval '1 millisecond', ${share})
        on conflict (resource, holder) do update
          set expires_at = excluded.expires_at, per_second = excluded.per_second`.execute(tx);
      return share;
    });
    return { perSecond, expiresAt: new Date(askedAt + ttlMs) };
  }

  /** The shares that are current, by what they are shares of. */
  async current(): Promise<readonly { resource: string; holders: number; perSecond: number }[]> {
    const { rows } = await sql<{ resource: string; holders: number; perSecond: number }>`
      select resource, count(*)::int as holders, sum(per_second)::float8 as "perSecond"
      from rate_leases where expires_at > clock_timestamp() group by resource`.execute(this.#db);
    return rows;
  }

  async release(input: { resource: string; holder: string }): Promise<void> {
    await this.#db
      .deleteFrom("rate_leases")
      .where("resource", "=", input.resource)
      .where("holder", "=", input.holder)
      .execute();
  }
}
