import { type Kysely, sql } from "kysely";
import type { ReplicaRound } from "../domain/warm.ts";
import { toJson } from "./json.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";

/** A round that was begun and is neither proven nor given up: whoever goes on with the replication finishes it. */
export interface OpenRound {
  readonly round: number;
}

/** Rounds of replications (a warm migration has its own id for it): written before a round acts, so that nothing of it
 *  can be forgotten. */
export class ReplicaRoundRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** The proven rounds, oldest first. */
  async proven(replicationId: string): Promise<readonly ReplicaRound[]> {
    const rows = await this.#db
      .selectFrom("replica_rounds")
      .selectAll()
      .where("replication_id", "=", replicationId)
      .where("proven_at", "is not", null)
      .orderBy("round")
      .execute();
    return rows.map((row) => ({
      round: row.round,
      sourcePointId: row.source_point_id as string,
      takenAt: row.taken_at as string,
      provenAt: row.proven_at as string,
      disks: row.disks,
      ...present({ consistency: row.consistency }),
    }));
  }

  /** The round that is open, or a new one after all that there were. */
  async open(replicationId: string): Promise<OpenRound> {
    return await this.#db.transaction().execute(async (tx) => {
      await sql`select pg_advisory_xact_lock(hashtext('replica_rounds'), hashtext(${replicationId}))`.execute(tx);
      const newest = await tx
        .selectFrom("replica_rounds")
        .select(["round", "proven_at", "given_up"])
        .where("replication_id", "=", replicationId)
        .orderBy("round", "desc")
        .limit(1)
        .executeTakeFirst();
      if (newest && newest.proven_at === null && !newest.given_up) return { round: newest.round };
      const round = newest ? newest.round + 1 : 0;
      await tx.insertInto("replica_rounds").values({ replication_id: replicationId, round }).execute();
      return { round };
    });
  }

  async finish(replicationId: string, round: ReplicaRound): Promise<void> {
    await this.#db
      .updateTable("replica_rounds")
      .set({
        source_point_id: round.sourcePointId,
        taken_at: round.takenAt,
        proven_at: round.provenAt,
        disks: toJson(round.disks),
        consistency: round.consistency && toJson(round.consistency),
      })
      .where("replication_id", "=", replicationId)
      .where("round", "=", round.round)
      .execute();
  }

  /** A round whose point is gone is not gone on with. */
  async giveUp(replicationId: string, round: number): Promise<void> {
    await this.#db
      .updateTable("replica_rounds")
      .set({ given_up: true })
      .where("replication_id", "=", replicationId)
      .where("round", "=", round)
      .execute();
  }

  /** How many rounds were begun: their keys are 0 to this minus 1. */
  async begun(replicationId: string): Promise<number> {
    const row = await this.#db
      .selectFrom("replica_rounds")
      .select((e) => e.fn.max("round").as("newest"))
      .where("replication_id", "=", replicationId)
      .executeTakeFirst();
    return row?.newest === null || row?.newest === undefined ? 0 : row.newest + 1;
  }
}
