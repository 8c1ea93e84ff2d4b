import { type Kysely, sql } from "kysely";
import { describeConsistency } from "../domain/consistency.ts";
import type { WarmView } from "../domain/warm.ts";
import { toJson } from "./json.ts";
import { appendMigrationEvent } from "./migration-events.ts";
import type { Database } from "./schema.ts";

/** What only warm migrations have: how far the replica follows, and whether a person has asked for the cutover. */
export class WarmRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** What watchers of a warm migration see between its rounds. */
  async noteWarm(migrationId: string, warm: WarmView): Promise<void> {
    await this.#db
      .updateTable("migrations")
      .set({ warm: toJson(warm), updated_at: sql`now()` })
      .where("migration_id", "=", migrationId)
      .execute();
    const consistent = warm.consistency ? `, ${describeConsistency(warm.consistency)}` : "";
    await appendMigrationEvent(this.#db, migrationId, {
      at: new Date().toISOString(),
      type: "progress",
      message: `Round ${warm.rounds - 1} is proven${consistent}; the downtime is predicted to be ${Math.ceil(warm.predictedDowntimeSeconds)} s`,
      data: { warm },
      dedupeKey: `round/${warm.provenUpTo}`,
    });
  }

  /** What watchers see while a round's disk is copied. */
  async noteRound(
    migrationId: string,
    seen: { round: number; diskId: string; bytesCopied: number; bytesToMove: number },
    message: string,
  ): Promise<void> {
    const tenth = seen.bytesToMove === 0 ? 10 : Math.floor((10 * seen.bytesCopied) / seen.bytesToMove);
    await appendMigrationEvent(this.#db, migrationId, {
      at: new Date().toISOString(),
      type: "progress",
      message,
      data: { ...seen },
      dedupeKey: `round/${seen.round}/${seen.diskId}/${tenth}`,
    });
  }

  /** A person said that the cutover is to come; kept until {@link takeCutover}. */
  async askForCutover(migrationId: string): Promise<void> {
    await this.#setCutoverAsked(migrationId, true);
  }

  async cutoverAsked(migrationId: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom("migrations")
      .select("cutover_asked")
      .where("migration_id", "=", migrationId)
      .executeTakeFirst();
    return row?.cutover_asked ?? false;
  }

  /** A cutover that failed has used up what asked for it. */
  async takeCutover(migrationId: string): Promise<void> {
    await this.#setCutoverAsked(migrationId, false);
  }

  async #setCutoverAsked(migrationId: string, asked: boolean): Promise<void> {
    await this.#db
      .updateTable("migrations")
      .set({ cutover_asked: asked })
      .where("migration_id", "=", migrationId)
      .execute();
  }
}
