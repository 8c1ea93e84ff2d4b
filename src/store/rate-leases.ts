import { type Kysely, sql } from "kysely";
import { sharesInOrder } from "../domain/rate-shares.ts";
import type { RateLease, RateLeases } from "../transfer/ports.ts";
import type { Database } from "./schema.ts";

/**
 * Rates shared by all workers. Whether a lease is current is decided by the database's clock alone, and a holder learns
 * its expiry on its own clock, counted from before it asked: clocks that disagree change nothing.
 * The shares together never exceed the limit: a newcomer gets what the others leave, and the rest of its share as soon as
 * they have renewed and given some up. Who goes before whom is said by their ranks, and of one rank by who came first.
 */
export class PostgresRateLeases implements RateLeases {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async renew(input: Parameters<RateLeases["renew"]>[0]): Promise<RateLease> {
    const { resource, holder, limitPerSecond, ttlMs, needsPerSecond, rank = 0 } = input;
    const askedAt = Date.now();
    const perSecond = await this.#db.transaction().execute(async (tx) => {
      // One division at a time for a resource, so that two newcomers see each other.
      await sql`select pg_advisory_xact_lock(hashtextextended(${`rate/${resource}`}, 0))`.execute(tx);
      await sql`delete from rate_leases where resource = ${resource} and expires_at <= clock_timestamp()`.execute(tx);
      // What it asks for now counts, at the place that it has now.
      await sql`
        insert into rate_leases (resource, holder, expires_at, per_second, rank, needs)
        values (${resource}, ${holder}, clock_timestamp() + ${ttlMs} * interval '1 millisecond', 0, ${rank},
          ${needsPerSecond ?? null})
        on conflict (resource, holder) do update
          set expires_at = excluded.expires_at, rank = excluded.rank, needs = excluded.needs`.execute(tx);
      const { rows } = await sql<Line>`
        select holder, per_second as given, needs from rate_leases
        where resource = ${resource} order by rank, ticket`.execute(tx);
      const share = shareOf(holder, rows, limitPerSecond);
      await sql`
        update rate_leases set per_second = ${share} where resource = ${resource} and holder = ${holder}`.execute(tx);
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

interface Line {
  readonly holder: string;
  readonly given: number;
  readonly needs: number | null;
}

/** `line`: all that are current, in their order. */
function shareOf(holder: string, line: readonly Line[], limit: number): number {
  const shares = sharesInOrder(
    limit,
    line.map(({ needs }) => needs ?? undefined),
  );
  const place = line.findIndex((row) => row.holder === holder);
  const given = line.reduce((sum, row) => sum + (row.holder === holder ? 0 : row.given), 0);
  return Math.max(0, Math.min(shares[place] ?? 0, limit - given));
}
