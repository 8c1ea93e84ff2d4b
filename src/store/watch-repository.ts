import { type Kysely, sql } from "kysely";
import { toText } from "./json.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";

/** Whether somebody listens to a site's changes, and what has come of it. */
export interface SiteWatch {
  readonly site: string;
  /** Since when, without a break; absent while nobody does. */
  readonly listeningSince?: string;
  /** When the newest change was told. */
  readonly changedAt?: string;
  readonly changes: number;
  /** Why nobody listens. */
  readonly error?: string;
}

/** A listener renews its row more often than this; one that does not has died. */
const aliveFor = sql`interval '30 seconds'`;

export class WatchRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Says that somebody listens, from now on or still, and how many changes were told since it was said last. */
  async listening(site: string, changes = 0): Promise<void> {
    await sql`
      insert into inventory_watches as w (site, listening_since, heard_at, changed_at, changes)
        values (${site}, now(), now(), case when ${changes}::bigint > 0 then now() end, ${changes}::bigint)
        on conflict (site) do update set
          listening_since = case when w.heard_at > now() - ${aliveFor} then coalesce(w.listening_since, now()) else now() end,
          heard_at = now(), changed_at = coalesce(excluded.changed_at, w.changed_at),
          changes = w.changes + excluded.changes, error = null`.execute(this.#db);
  }

  /** Nobody listens any more, and why. */
  async stopped(site: string, error: string): Promise<void> {
    await this.#db
      .insertInto("inventory_watches")
      .values({ site, error: toText(error) })
      .onConflict((conflict) =>
        conflict.column("site").doUpdateSet({ listening_since: null, error: sql`excluded.error` }),
      )
      .execute();
  }

  async list(): Promise<readonly SiteWatch[]> {
    const rows = await this.#db
      .selectFrom("inventory_watches")
      .select(["site", "changed_at", "changes", "error"])
      .select(
        sql<string | null>`case when heard_at > now() - ${aliveFor} then listening_since end`.as("listening_since"),
      )
      .orderBy("site")
      .execute();
    return rows.map(({ site, changes, listening_since: listeningSince, changed_at: changedAt, error }) => ({
      ...{ site, changes },
      ...present({ listeningSince, changedAt, error }),
    }));
  }
}
