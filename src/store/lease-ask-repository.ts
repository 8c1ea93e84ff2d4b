import { type Kysely, sql } from "kysely";
import type { LeaseAnswer } from "./health-schema.ts";
import { toJson } from "./json.ts";
import type { Database } from "./schema.ts";

/** That a group's lease is renewed for its site's watchdog, which reaches the API only. */
export interface LeaseAsk {
  readonly askId: string;
  readonly groupId: string;
  readonly site: string;
  readonly epoch: number;
  readonly watched: boolean;
}

/** Who asked has stopped waiting, and asks again. */
const openFor = sql`interval '10 seconds'`;
const keptFor = sql`interval '10 minutes'`;

/** What watchdogs of sites ask, and what a worker that reaches the recovery site answers. */
export class LeaseAskRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing. */
  async ask({ askId, groupId, site, epoch, watched }: LeaseAsk): Promise<void> {
    const values = { ask_id: askId, group_id: groupId, site, epoch, watched };
    await this.#db
      .insertInto("lease_asks")
      .values(values)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await this.#db.deleteFrom("lease_asks").where(sql<boolean>`asked_at < now() - ${keptFor}`).execute();
  }

  /** Undefined until it is there. */
  async answer(askId: string): Promise<LeaseAnswer | undefined> {
    const row = await this.#db.selectFrom("lease_asks").select("answer").where("ask_id", "=", askId).executeTakeFirst();
    return row?.answer ?? undefined;
  }

  /** Oldest first. Two workers may have the same one: what they do is one compare-and-swap. */
  async open(): Promise<readonly LeaseAsk[]> {
    const rows = await this.#db
      .selectFrom("lease_asks")
      .select(["ask_id", "group_id", "site", "epoch", "watched"])
      .where("answered_at", "is", null)
      .where(sql<boolean>`asked_at > now() - ${openFor}`)
      .orderBy("asked_at")
      .limit(200)
      .execute();
    return rows.map(({ ask_id: askId, group_id: groupId, ...rest }) => ({ askId, groupId, ...rest }));
  }

  async put(askId: string, answer: LeaseAnswer): Promise<void> {
    await this.#db
      .updateTable("lease_asks")
      .set({ answered_at: sql`now()`, answer: toJson(answer) })
      .where("ask_id", "=", askId)
      .where("answered_at", "is", null)
      .execute();
  }
}
