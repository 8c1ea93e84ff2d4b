import type { Kysely } from "kysely";
import type { Plan } from "../domain/plan.ts";
import { toJson } from "./json.ts";
import type { Database } from "./schema.ts";

export class PlanRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** A repeat with a known id changes nothing: a plan is pinned. */
  async insert(plan: Plan): Promise<void> {
    await this.#db
      .insertInto("plans")
      .values({
        plan_id: plan.planId,
        kind: plan.kind,
        hash: plan.hash,
        body: toJson(plan),
        created_at: plan.createdAt,
      })
      .onConflict((conflict) => conflict.column("plan_id").doNothing())
      .execute();
  }

  async get(planId: string): Promise<Plan | undefined> {
    const row = await this.#db.selectFrom("plans").select("body").where("plan_id", "=", planId).executeTakeFirst();
    return row?.body;
  }
}
