import { setTimeout as sleep } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import { isProviderError } from "../domain/errors.ts";
import type { Database } from "./schema.ts";

/** A leased batch that was not used up by then is thrown away, so that what idle workers hold can't pile up. */
const batchLifeMs = 1_000;
/** The share of the rate that one worker keeps to itself while the store is away: slow, but never unlimited. */
const floorShare = 0.1;

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
    while (this.#tokens < 1 || performance.now() > this.#tokensUntil) {
      this.#tokens = 0;
      try {
        const { granted, waitMs } = await this.#lease();
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

  async #lease(): Promise<{ granted: number; waitMs: number }> {
    const capacity = this.#capacity;
    await this.#db
      .insertInto("call_budgets")
      .values({ resource: this.#resource, tokens: capacity, refilled_at: sql<string>`clock_timestamp()` })
      .onConflict((conflict) => conflict.column("resource").doNothing())
      .execute();
    // `old` is read under the row's lock; a clock that was set back refills nothing.
    const { rows } = await sql<{ tokens: number; granted: number }>`
      with old as (
        select least(${capacity}::float8,
          tokens + greatest(0, extract(epoch from clock_timestamp() - refilled_at)) * ${this.#perSecond}::float8) as tokens
        from call_budgets where resource = ${this.#resource} for update
      )
      update call_budgets b
      set tokens = old.tokens - least(${this.#batch}::float8, floor(old.tokens)), refilled_at = clock_timestamp()
      from old where b.resource = ${this.#resource}
      returning old.tokens as tokens, least(${this.#batch}::float8, floor(old.tokens)) as granted
    `.execute(this.#db);
    const { tokens, granted } = rows[0] ?? { tokens: 0, granted: 0 };
    return { granted, waitMs: ((1 - tokens) / this.#perSecond) * 1_000 };
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(5, Math.min(ms, 60_000)), undefined, { signal }).catch(() => signal.throwIfAborted());
}
