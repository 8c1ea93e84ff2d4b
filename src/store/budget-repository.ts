import { type Kysely, type Selectable, sql } from "kysely";
import type { Budget } from "../domain/budget.ts";
import type { SplitRule } from "../domain/chargeback.ts";
import type { BudgetTable, SplitRuleTable } from "./cost-schema.ts";
import type { Database } from "./schema.ts";

/** Budgets, and the rules by which shared costs are divided. */
export class BudgetRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** One of the same name takes its place and keeps its id. */
  async set(budget: Budget): Promise<Budget> {
    const { name, where, amount, period, cost, warnAt } = budget;
    const values = {
      ...{ name, where_text: where, micros: amount.micros, currency: amount.currency, period, cost },
      warn_at: JSON.stringify(warnAt),
    };
    const row = await this.#db
      .insertInto("budgets")
      .values({ budget_id: budget.budgetId, created_by: budget.createdBy, ...values })
      .onConflict((conflict) => conflict.column("name").doUpdateSet(values))
      .returningAll()
      .executeTakeFirstOrThrow();
    return toBudget(row);
  }

  async list(): Promise<readonly Budget[]> {
    return (await this.#db.selectFrom("budgets").selectAll().orderBy("name").execute()).map(toBudget);
  }

  async get(budgetId: string): Promise<Budget | undefined> {
    const row = await this.#db.selectFrom("budgets").selectAll().where("budget_id", "=", budgetId).executeTakeFirst();
    return row && toBudget(row);
  }

  async remove(budgetId: string): Promise<void> {
    await this.#db.deleteFrom("budgets").where("budget_id", "=", budgetId).execute();
  }

  /** One of the same name takes its place and keeps its id. */
  async setRule(rule: SplitRule, createdBy: string): Promise<SplitRule> {
    const { ruleId, name, where, method, weights, among } = rule;
    const values = {
      ...{ name, where_text: where, method },
      weights: weights ? JSON.stringify(weights) : null,
      among: among ? JSON.stringify(among) : null,
    };
    const row = await this.#db
      .insertInto("cost_split_rules")
      .values({ rule_id: ruleId, created_by: createdBy, ...values })
      .onConflict((conflict) => conflict.column("name").doUpdateSet(values))
      .returningAll()
      .executeTakeFirstOrThrow();
    return toRule(row);
  }

  /** In the order in which they were made, which is the one in which they apply. */
  async rules(): Promise<readonly SplitRule[]> {
    const rows = await this.#db
      .selectFrom("cost_split_rules")
      .selectAll()
      .orderBy("created_at")
      .orderBy("rule_id")
      .execute();
    return rows.map(toRule);
  }

  async removeRule(ruleId: string): Promise<boolean> {
    const { rows } = await sql`delete from cost_split_rules where rule_id = ${ruleId} returning 1`.execute(this.#db);
    return rows.length > 0;
  }
}

function toBudget(row: Selectable<BudgetTable>): Budget {
  return {
    budgetId: row.budget_id,
    name: row.name,
    where: row.where_text,
    amount: { micros: row.micros, currency: row.currency },
    period: row.period as Budget["period"],
    cost: row.cost as Budget["cost"],
    warnAt: row.warn_at,
    createdBy: row.created_by,
  };
}

function toRule(row: Selectable<SplitRuleTable>): SplitRule {
  return {
    ruleId: row.rule_id,
    name: row.name,
    where: row.where_text,
    method: row.method as SplitRule["method"],
    ...(row.weights === null ? {} : { weights: row.weights }),
    ...(row.among === null ? {} : { among: row.among }),
  };
}
