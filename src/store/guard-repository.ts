import { type Kysely, sql } from "kysely";
import { toText } from "./json.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";

export interface Freeze {
  readonly since: string;
  readonly by: string;
  readonly reason: string;
}

export interface Approval {
  readonly planId: string;
  readonly planHash: string;
  /** Whoever answers for the decision; see `Actor.responsible`. */
  readonly decidedBy: string;
  readonly decidedByName: string;
  readonly decision: "approve" | "reject";
  readonly note?: string;
  readonly decidedAt: string;
}

const mostRemembered = 10_000;

/** What stands between asking and doing: the freeze, approvals, and the sealed secret for emergencies. */
export class GuardRepository {
  readonly #db: Kysely<Database>;
  readonly #admitted = new Set<string>();

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  async freeze(by: string, reason: string): Promise<Freeze> {
    return this.#db.transaction().execute(async (tx) => {
      // Admissions that are under way are in before it, all others see it.
      await sql`lock table freezes in exclusive mode`.execute(tx);
      await tx
        .insertInto("freezes")
        .values({ by, reason: toText(reason) })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return tx.selectFrom("freezes").select(["since", "by", "reason"]).executeTakeFirstOrThrow();
    });
  }

  async unfreeze(): Promise<void> {
    await this.#db.deleteFrom("freezes").execute();
  }

  async frozen(): Promise<Freeze | undefined> {
    return this.#db.selectFrom("freezes").select(["since", "by", "reason"]).executeTakeFirst();
  }

  /** Whether the run may make changes: while nothing is frozen, and afterwards if it had begun before. */
  async admit(runId: string): Promise<boolean> {
    if (this.#admitted.has(runId)) return true;
    const { rows } = await sql<{ admitted: boolean }>`select admit_run(${runId}) as admitted`.execute(this.#db);
    const admitted = rows[0]?.admitted ?? false;
    if (admitted) {
      if (this.#admitted.size >= mostRemembered) this.#admitted.clear();
      this.#admitted.add(runId);
    }
    return admitted;
  }

  async noteRequester(planId: string, requester: string): Promise<void> {
    await this.#db
      .insertInto("plan_requesters")
      .values({ plan_id: planId, requester })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async requesters(planId: string): Promise<readonly string[]> {
    const rows = await this.#db
      .selectFrom("plan_requesters")
      .select("requester")
      .where("plan_id", "=", planId)
      .execute();
    return rows.map(({ requester }) => requester);
  }

  /** One decision a person: the newest is theirs. */
  async decide(approval: Omit<Approval, "decidedAt">): Promise<void> {
    const { planId, planHash, decidedBy, decidedByName, decision, note } = approval;
    const decided = { plan_hash: planHash, decision, note: note === undefined ? null : toText(note) };
    await this.#db
      .insertInto("approvals")
      .values({ plan_id: planId, decided_by: decidedBy, decided_by_name: toText(decidedByName), ...decided })
      .onConflict((conflict) =>
        conflict.columns(["plan_id", "decided_by"]).doUpdateSet({ ...decided, decided_at: sql`now()` }),
      )
      .execute();
  }

  async decisions(planId: string): Promise<readonly Approval[]> {
    const rows = await this.#db
      .selectFrom("approvals")
      .selectAll()
      .where("plan_id", "=", planId)
      .orderBy("decided_at")
      .execute();
    return rows.map((row) => ({
      planId: row.plan_id,
      planHash: row.plan_hash,
      decidedBy: row.decided_by,
      decidedByName: row.decided_by_name,
      decision: row.decision,
      decidedAt: row.decided_at,
      ...present({ note: row.note }),
    }));
  }

  /** The one that was sealed before does not open anything any more. */
  async seal(hash: string, sealedBy: string): Promise<void> {
    await this.#db.insertInto("break_glass").values({ hash, sealed_by: sealedBy }).execute();
  }

  /** When the newest secret was sealed; undefined when there is none that wasn't used. */
  async sealedAt(): Promise<string | undefined> {
    const newest = await this.#db
      .selectFrom("break_glass")
      .select(["sealed_at", "opened_at"])
      .orderBy("seal_id", "desc")
      .limit(1)
      .executeTakeFirst();
    return newest?.opened_at === null ? newest.sealed_at : undefined;
  }

  /** True for the newest sealed secret, once. */
  async openSeal(hash: string): Promise<boolean> {
    const result = await this.#db
      .updateTable("break_glass")
      .set({ opened_at: sql`now()` })
      .where("hash", "=", hash)
      .where("opened_at", "is", null)
      .where(sql<boolean>`seal_id = (select max(seal_id) from break_glass)`)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }
}
