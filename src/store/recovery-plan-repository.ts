import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import { canonicalJson } from "../domain/plan.ts";
import { type RecoveryPlan, type RecoveryPlanContent, recoveryContentOf } from "../domain/recovery-plan.ts";
import { toJson } from "./json.ts";
import type { RecoveryPlanTable } from "./recovery-schema.ts";
import type { Database } from "./schema.ts";

type Row = Selectable<RecoveryPlanTable>;

/** Recovery plans of protection groups, with all their versions. */
export class RecoveryPlanRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** The newest version, or the one that is named; undefined where there is none, or where the newest is a removal. */
  async get(groupId: string, version?: number): Promise<RecoveryPlan | undefined> {
    const row = await newest(this.#db, groupId, version);
    return row && toPlan(row);
  }

  /** The newest of each group that is there and has one. */
  async all(): Promise<readonly RecoveryPlan[]> {
    const rows = await this.#db
      .selectFrom("recovery_plans")
      .innerJoin("protection_groups", "protection_groups.group_id", "recovery_plans.group_id")
      .where("protection_groups.state", "not in", ["deleting", "deleted"])
      .distinctOn("recovery_plans.group_id")
      .selectAll("recovery_plans")
      .orderBy("recovery_plans.group_id")
      .orderBy("recovery_plans.version", "desc")
      .execute();
    return rows.flatMap((row) => toPlan(row) ?? []);
  }

  /** A new version; what says the same as the newest is no change. */
  async set(groupId: string, content: RecoveryPlanContent, createdBy: string): Promise<RecoveryPlan> {
    const kept = recoveryContentOf(content);
    const row = await this.#db.transaction().execute(async (tx) => {
      const before = await locked(tx, groupId);
      if (before && canonicalJson(before.content) === canonicalJson(kept)) return before;
      return tx
        .insertInto("recovery_plans")
        .values({
          group_id: groupId,
          version: (before?.version ?? 0) + 1,
          content: toJson(kept),
          created_by: createdBy,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
    });
    return toPlan(row) as RecoveryPlan;
  }

  /** Its versions stay. Removing what is not there changes nothing. */
  async remove(groupId: string, removedBy: string): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      const before = await locked(tx, groupId);
      if (!before?.content) return;
      const version = before.version + 1;
      await tx
        .insertInto("recovery_plans")
        .values({ group_id: groupId, version, content: null, created_by: removedBy })
        .execute();
    });
  }
}

/** The newest version, which nobody else follows up until the transaction ends. */
async function locked(tx: Transaction<Database>, groupId: string): Promise<Row | undefined> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`recovery-plan/${groupId}`}, 0))`.execute(tx);
  return newest(tx, groupId);
}

function newest(db: Kysely<Database>, groupId: string, version?: number): Promise<Row | undefined> {
  let select = db.selectFrom("recovery_plans").selectAll().where("group_id", "=", groupId);
  if (version !== undefined) select = select.where("version", "=", version);
  return select.orderBy("version", "desc").limit(1).executeTakeFirst();
}

function toPlan({ group_id, version, content, created_by, created_at }: Row): RecoveryPlan | undefined {
  if (!content) return undefined;
  return { groupId: group_id, version, ...content, createdBy: created_by, createdAt: created_at };
}
