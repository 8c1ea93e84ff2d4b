import { setTimeout as sleep } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { Database } from "./schema.ts";

/** A leased batch that was not used up by then is thrown away, so that what idle workers hold can't pile up. */
const batchLifeMs = 1_000;
/** The share of the rate that one worker keeps to itself while the store is away: slow, but never unlimited. */
const floorShare = 0.1;
/** A longer pause than this is the caller's affair: it is told how long. */
const longestWaitMs = 5_000;
/** Of a vendor that does not say how long: doubled when it throttles again soon after. */
const hold = { firstSeconds: 1, mostSeconds: 16, soonSeconds: 10 } as const;
/** What a vendor asks for beyond this is not believed. */
const mostAskedSeconds = 3_600;
/** Seconds until a pause is over, less than 0 afterwards. What a clock that was set back makes of it is no pause. */
const remaining = sql`coalesce(case when held_until <= clock_timestamp() + make_interval(secs => held_seconds + 1)
  then extract(epoch from held_until - clock_timestamp())::float8 end, '-infinity'::float8)`;
/** For so long after a pause workers take calls one by one: what they had leased would go out at once. */
const warySeconds = 30;

export interface CallRate {
  readonly perSecond: number;
  /** How much may be used at once after a pause; default one second's worth. */
  readonly burst?: number;
}

/**
 * Calls per second of one account, kept by all workers together: a token bucket in the store, refilled by the database's
 * clock, from which each worker takes small batches.
 */
export class PostgresCallBudget {
  readonly #db: Kysely<Database>;
  readonly #resource: string;
  readonly #perSecond: number;
  readonly #capacity: number;
  readonly #batch: number;
  #tokens = 0;
  #tokensUntil = 0;
  #queue: Promise<void> = Promise.resolve();

  constructor(db: Kysely<Database>, resource: string, { perSecond, burst = perSecond }: CallRate) {
    this.#db = db;
    this.#resource = resource;
    this.#perSecond = perSecond;
    this.#capacity = Math.max(1, burst);
    this.#batch = Math.max(1, Math.floor(perSecond / 5));
  }

  /** Resolves when one call may be made; in the order of asking. Rejects with the signal's reason when it aborts. */
  take(signal: AbortSignal): Promise<void> {
    const turn = this.#queue.then(() => this.#takeOne(signal));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #takeOne(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const budget = { operation: "call the site", resource: this.#resource };
    while (this.#tokens < 1 || performance.now() > this.#tokensUntil) {
      this.#tokens = 0;
      try {
        const { granted, waitMs, heldMs } = await this.#lease();
        if (heldMs > longestWaitMs) throw heldFor(heldMs, budget);
        if (granted > 0) {
          this.#tokens = granted;
          this.#tokensUntil = performance.now() + batchLifeMs;
        } else await pause(waitMs, signal);
      } catch (error) {
        if (!isProviderError(error, "Unavailable", "Timeout")) throw error;
        await pause(1_000 / (this.#perSecond * floorShare), signal);
        return;
      }
      signal.throwIfAborted();
    }
    this.#tokens -= 1;
  }

  /** Nobody's calls go out for as long as the vendor said; the bucket fills up again meanwhile, as the vendor's own does. */
  async throttled(retryAfterMs?: number): Promise<void> {
    this.#tokens = 0;
    const asked = retryAfterMs === undefined ? null : Math.min(retryAfterMs / 1_000, mostAskedSeconds);
    await sql`
      with old as (
        select held_seconds, ${remaining} as remaining
        from call_budgets where resource = ${this.#resource} for update
      ), wanted as (
        select case
          when ${asked}::float8 is not null then greatest(${asked}::float8, remaining)
          when remaining > 0 then remaining
          when remaining > ${-hold.soonSeconds}::float8 then least(held_seconds * 2, ${hold.mostSeconds}::float8)
          else ${hold.firstSeconds}::float8 end as seconds,
          case when remaining > 0 then held_seconds else 0 end as since
        from old
      )
      update call_budgets b
      set tokens = 0, refilled_at = clock_timestamp(), held_until = clock_timestamp() + make_interval(secs => seconds),
        held_seconds = greatest(seconds, since)
      from wanted where b.resource = ${this.#resource}
    `
      .execute(this.#db)
      .catch((error: unknown) => {
        if (!isProviderError(error, "Unavailable", "Timeout")) throw error;
      });
  }

  async #lease(): Promise<{ granted: number; waitMs: number; heldMs: number }> {
    const capacity = this.#capacity;
    await this.#db
      .insertInto("call_budgets")
      .values({ resource: this.#resource, tokens: capacity, refilled_at: sql<string>`clock_timestamp()` })
      .onConflict((conflict) => conflict.column("resource").doNothing())
      .execute();
    // `old` is read under the row's lock; a clock that was set back refills nothing.
    const { rows } = await sql<{ tokens: number; granted: number; held: number }>`
      with old as (
        select least(${capacity}::float8,
          tokens + greatest(0, extract(epoch from clock_timestamp() - refilled_at)) * ${this.#perSecond}::float8) as tokens,
          ${remaining} as remaining
        from call_budgets where resource = ${this.#resource} for update
      ), given as (
        select tokens, greatest(0, remaining) as held, case
          when remaining > 0 then 0
          else least(case when remaining > ${-warySeconds}::float8 then 1 else ${this.#batch}::float8 end, floor(tokens))
          end as granted
        from old
      )
      update call_budgets b
      set tokens = given.tokens - given.granted, refilled_at = clock_timestamp()
      from given where b.resource = ${this.#resource}
      returning given.tokens as tokens, given.granted as granted, given.held as held
    `.execute(this.#db);
    const { tokens, granted, held } = rows[0] ?? { tokens: 0, granted: 0, held: 0 };
    const heldMs = held * 1_000;
    return { granted, heldMs, waitMs: Math.max(heldMs, ((1 - tokens) / this.#perSecond) * 1_000) };
  }
}

function heldFor(retryAfterMs: number, subject: { operation: string; resource: string }): ProviderError {
  const reason = "the vendor has refused calls of this account as too many, and asked for a pause";
  return new ProviderError("RateLimited", { ...subject, reason, action: "It is tried again after it.", retryAfterMs });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(5, Math.min(ms, 60_000)), undefined, { signal }).catch(() => signal.throwIfAborted());
}
