import { type Kysely, sql } from "kysely";
import type { Database } from "./schema.ts";

/** How a holder of slots is asked about when its lease has run out. */
export type StillThere = (holder: string) => Promise<boolean>;

export interface SlotRequest {
  /** What is scarce: `migrations`. */
  readonly resource: string;
  /** Who asks; the same one may ask as often as it likes and has one slot at most. */
  readonly holder: string;
  /** How many may have one at once. */
  readonly slots: number;
  /** After this long without a word from the holder, the others ask whether it is still there. */
  readonly ttlMs: number;
}

/** Whether the asker has a slot now, and how many stand before it otherwise. */
export type SlotAnswer = { readonly granted: true } | { readonly granted: false; readonly ahead: number };

/**
 * Slots that all workers share, given in the order of asking. A lease that ran out frees nothing by itself: its holder is
 * a run that may sleep for days. Whoever waits asks then whether the run still exists, and the slots of dead ones go on
 * to the next. All of it is decided by the database's clock.
 */
export class SlotRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Stands in line, or says again that the holder is there; the answer may differ from the one before. */
  async ask(request: SlotRequest, isThere: StillThere): Promise<SlotAnswer> {
    const { resource, holder, ttlMs } = request;
    const first = await this.#stand(request);
    if (first.granted) return first;
    if (!(await this.#reclaim(resource, holder, ttlMs, isThere))) return first;
    return this.#stand(request);
  }

  /** Gives the slot, or the place in the line, back. Harmless for who has neither. */
  async release(resource: string, holder: string): Promise<void> {
    await this.#db.deleteFrom("slot_leases").where("resource", "=", resource).where("holder", "=", holder).execute();
  }

  /** How many have one and how many wait, by what is scarce. */
  async counts(): Promise<readonly { resource: string; granted: boolean; holders: number }[]> {
    return this.#db
      .selectFrom("slot_leases")
      .select(["resource", "granted", sql<number>`count(*)::int`.as("holders")])
      .groupBy(["resource", "granted"])
      .execute();
  }

  async #stand({ resource, holder, slots, ttlMs }: SlotRequest): Promise<SlotAnswer> {
    return this.#db.transaction().execute(async (tx) => {
      // One decision at a time for a resource, so that a free slot is given once.
      await sql`select pg_advisory_xact_lock(hashtextextended(${`slots/${resource}`}, 0))`.execute(tx);
      await sql`
        insert into slot_leases (resource, holder, expires_at)
        values (${resource}, ${holder}, clock_timestamp() + ${ttlMs} * interval '1 millisecond')
        on conflict (resource, holder) do update set expires_at = excluded.expires_at`.execute(tx);
      const { rows } = await sql<{ granted: boolean; taken: number; ahead: number }>`
        select mine.granted,
          (select count(*) from slot_leases s where s.resource = mine.resource and s.granted) as taken,
          (select count(*) from slot_leases s
            where s.resource = mine.resource and not s.granted and s.ticket < mine.ticket) as ahead
        from slot_leases mine where mine.resource = ${resource} and mine.holder = ${holder}`.execute(tx);
      const { granted = false, taken = 0, ahead = 0 } = rows[0] ?? {};
      if (granted) return { granted };
      if (taken + ahead >= slots) return { granted: false, ahead };
      await tx
        .updateTable("slot_leases")
        .set({ granted: true })
        .where("resource", "=", resource)
        .where("holder", "=", holder)
        .execute();
      return { granted: true };
    });
  }

  /** Removes the others whose run does not exist any more; those that do are asked about again one `ttlMs` later. */
  async #reclaim(resource: string, but: string, ttlMs: number, isThere: StillThere): Promise<boolean> {
    const { rows } = await sql<{ holder: string }>`
      update slot_leases set expires_at = clock_timestamp() + ${ttlMs} * interval '1 millisecond'
      where resource = ${resource} and holder <> ${but} and expires_at <= clock_timestamp()
      returning holder`.execute(this.#db);
    let freed = false;
    for (const { holder } of rows) {
      if (await isThere(holder)) continue;
      await this.release(resource, holder);
      freed = true;
    }
    return freed;
  }
}
