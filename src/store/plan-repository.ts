import { type Kysely, sql } from "kysely";
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

  /** By plan, the parameters of its actions of a kind, in their order; plans that are not there are left out. */
  async parametersOf<T>(planIds: readonly string[], action: string): Promise<ReadonlyMap<string, T[]>> {
    if (planIds.length === 0) return new Map();
    const path = `$.actions[*] ? (@.action == ${JSON.stringify(action)}).parameters`;
    const rows = await this.#db
      .selectFrom("plans")
      .select(["plan_id", sql<T[]>`jsonb_path_query_array(body, ${path}::jsonpath)`.as("parameters")])
      .where("plan_id", "in", [...planIds])
      .execute();
    return new Map(rows.map(({ plan_id, parameters }) => [plan_id, parameters]));
  }
}
