import { type Kysely, sql } from "kysely";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { MigrationEvent } from "../domain/migration.ts";
import { toJson, toText } from "./json.ts";
import type { Listener } from "./listener.ts";
import type { Database } from "./schema.ts";

export const migrationEventsChannel = "migration_events";

export type NewMigrationEvent = Omit<MigrationEvent, "sequence" | "migrationId"> & {
  /** Makes a repeat of the same append harmless. */
  readonly dedupeKey?: string;
};

const batchSize = 500;

export async function appendMigrationEvent(
  db: Kysely<Database>,
  migrationId: string,
  event: NewMigrationEvent,
): Promise<number> {
  return await db.transaction().execute(async (tx) => {
    // The row's lock is held to the end of the transaction: sequences become visible in their order, without gaps.
    const migration = await tx
      .selectFrom("migrations")
      .select("last_sequence")
      .where("migration_id", "=", migrationId)
      .forUpdate()
      .executeTakeFirst();
    if (!migration) throw unknownMigration(migrationId);
    if (event.dedupeKey !== undefined) {
      const earlier = await tx
        .selectFrom("migration_events")
        .select("sequence")
        .where("migration_id", "=", migrationId)
        .where("dedupe_key", "=", event.dedupeKey)
        .executeTakeFirst();
      if (earlier) return earlier.sequence;
    }
    const sequence = migration.last_sequence + 1;
    await tx
      .insertInto("migration_events")
      .values({
        migration_id: migrationId,
        sequence,
        at: event.at,
        type: event.type,
        message: toText(event.message),
        data: toJson(event.data),
        dedupe_key: event.dedupeKey ?? null,
      })
      .execute();
    await tx
      .updateTable("migrations")
      .set({ last_sequence: sequence })
      .where("migration_id", "=", migrationId)
      .execute();
    await sql`select pg_notify(${migrationEventsChannel}, ${migrationId})`.execute(tx);
    return sequence;
  });
}

export async function readMigrationEvents(
  db: Kysely<Database>,
  migrationId: string,
  afterSequence: number,
  limit: number,
): Promise<readonly MigrationEvent[]> {
  const rows = await db
    .selectFrom("migration_events")
    .selectAll()
    .where("migration_id", "=", migrationId)
    .where("sequence", ">", afterSequence)
    .orderBy("sequence")
    .limit(Math.max(1, Math.trunc(limit)))
    .execute();
  return rows.map((row) => ({
    sequence: row.sequence,
    migrationId: row.migration_id,
    at: row.at,
    type: row.type as MigrationEvent["type"],
    message: row.message,
    data: row.data,
  }));
}

export async function* subscribeToMigration(
  db: Kysely<Database>,
  listener: Listener,
  migrationId: string,
  afterSequence: number,
  signal: AbortSignal,
): AsyncGenerator<MigrationEvent> {
  let last = afterSequence;
  // Listening begins before the first read, so that nothing falls between the two.
  const subscription = listener.subscribe(migrationEventsChannel, migrationId, signal);
  try {
    while (!signal.aborted) {
      let events: readonly MigrationEvent[] = [];
      try {
        events = await readMigrationEvents(db, migrationId, last, batchSize);
      } catch (error) {
        if (!isProviderError(error, "Unavailable", "Timeout")) throw error;
      }
      for (const event of events) {
        if (signal.aborted) return;
        yield event;
        last = event.sequence;
      }
      if (events.length < batchSize) await subscription.next();
    }
  } finally {
    subscription.close();
  }
}

function unknownMigration(migrationId: string): ProviderError {
  return new ProviderError("NotFound", {
    operation: "append an event",
    resource: `migration/${migrationId}`,
    reason: "the store has no migration with this id",
    action: "Create the migration first.",
  });
}
