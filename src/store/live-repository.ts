import { type Kysely, sql } from "kysely";
import type { LiveView } from "../domain/live.ts";
import { toJson } from "./json.ts";
import { appendMigrationEvent } from "./migration-events.ts";
import type { Database } from "./schema.ts";

const nothingMoved: LiveView = {
  phase: "memory",
  diskBytesDone: 0,
  diskBytesLeft: 0,
  memoryBytesDone: 0,
  memoryBytesLeft: 0,
};

/** What only live migrations have: how far disks and memory are, and what the switch came to. */
export class LiveRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** The story gets a line when the phase or the tenth of the whole has changed. */
  async note(migrationId: string, live: LiveView, seen: { progress: number; message: string }): Promise<void> {
    const { progress, message } = seen;
    const bytesCopied = live.diskBytesDone + live.memoryBytesDone;
    await this.#db
      .updateTable("migrations")
      .set({ live: toJson(live), progress, bytes_copied: bytesCopied, updated_at: sql`now()` })
      .where("migration_id", "=", migrationId)
      .execute();
    await appendMigrationEvent(this.#db, migrationId, {
      at: new Date().toISOString(),
      type: "progress",
      message,
      data: { progress, bytesCopied, live },
      dedupeKey: `live/${live.phase}/${Math.floor(progress / 10)}/${live.switchedAt ?? ""}`,
    });
  }

  /** Its memory is lost, whoever looks at it later. */
  async noteRestart(migrationId: string): Promise<void> {
    await this.#db
      .updateTable("migrations")
      .set({
        live: sql`coalesce(live, ${toJson(nothingMoved)}::jsonb) || '{"restarted": true}'`,
        updated_at: sql`now()`,
      })
      .where("migration_id", "=", migrationId)
      .execute();
  }

  async wasRestarted(migrationId: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom("migrations")
      .select("live")
      .where("migration_id", "=", migrationId)
      .executeTakeFirst();
    return row?.live?.restarted === true;
  }
}
