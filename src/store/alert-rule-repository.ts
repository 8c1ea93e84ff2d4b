import { type Kysely, type Selectable, sql } from "kysely";
import type { AlertRule, Severity } from "../domain/alert-rule.ts";
import type { Silence } from "../domain/alert-silence.ts";
import { ProviderError } from "../domain/errors.ts";
import type { AlertSilenceTable } from "./alert-schema.ts";
import { toJson, toText } from "./json.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";

/** Rules, and what keeps them from telling. */
export class AlertRuleRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Makes it, or changes the one of that id. @throws ProviderError Conflict where another has the name. */
  async set(rule: AlertRule): Promise<void> {
    const { ruleId, name } = rule;
    const taken = await this.#db
      .selectFrom("alert_rules")
      .select("rule_id")
      .where("name", "=", name)
      .where("rule_id", "<>", ruleId)
      .where("removed_at", "is", null)
      .executeTakeFirst();
    if (taken) {
      throw new ProviderError("Conflict", {
        operation: "keep the rule",
        resource: `alert-rule/${name}`,
        reason: "another rule has that name",
        action: "Choose another name, or change that rule.",
      });
    }
    const body = toJson(rule);
    await this.#db
      .insertInto("alert_rules")
      .values({ rule_id: ruleId, name, body })
      .onConflict((conflict) =>
        conflict.column("rule_id").doUpdateSet({ name, body }).where("alert_rules.removed_at", "is", null),
      )
      .execute();
  }

  async get(ruleId: string): Promise<AlertRule | undefined> {
    const row = await this.#db
      .selectFrom("alert_rules")
      .select("body")
      .where("removed_at", "is", null)
      .where((e) => e.or([e("rule_id", "=", ruleId), e("name", "=", ruleId)]))
      .orderBy(sql`rule_id <> ${ruleId}`)
      .executeTakeFirst();
    return row?.body;
  }

  /** In the order of their names. */
  async list(): Promise<readonly AlertRule[]> {
    const rows = await this.#db
      .selectFrom("alert_rules")
      .select("body")
      .where("removed_at", "is", null)
      .orderBy("name")
      .execute();
    return rows.map(({ body }) => body);
  }

  /** With those that were removed and have alerts that did not end yet. */
  async all(): Promise<readonly (AlertRule & { readonly removed: boolean })[]> {
    const rows = await this.#db.selectFrom("alert_rules").select(["body", "removed_at"]).orderBy("name").execute();
    return rows.map(({ body, removed_at: removedAt }) => ({ ...body, removed: removedAt !== null }));
  }

  async remove(ruleId: string): Promise<void> {
    await this.#db
      .updateTable("alert_rules")
      .set({ removed_at: sql`now()` })
      .where("rule_id", "=", ruleId)
      .where("removed_at", "is", null)
      .execute();
  }

  /** Forgets removed rules that nobody has to be told anything of any more. */
  async forgetRemoved(): Promise<void> {
    await sql`delete from alert_rules r where removed_at is not null and not exists (
      select 1 from alerts a where a.rule_id = r.rule_id and (a.state <> 'resolved' or a.untold_since is not null))`.execute(
      this.#db,
    );
  }

  async silence({
    silenceId,
    from,
    until,
    reason,
    createdBy,
    ruleId,
    site,
    resourceId,
    severity,
  }: Silence): Promise<void> {
    await this.#db
      .insertInto("alert_silences")
      .values({
        ...{ silence_id: silenceId, from_at: from, until_at: until, reason: toText(reason), created_by: createdBy },
        ...{ rule_id: ruleId ?? null, site: site ?? null, resource_id: resourceId ?? null, severity: severity ?? null },
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  /** Those that are not over at that moment, the last to end first. */
  async silences(now: string): Promise<readonly Silence[]> {
    const rows = await this.#db
      .selectFrom("alert_silences")
      .selectAll()
      .where("until_at", ">", now)
      .orderBy("until_at", "desc")
      .limit(1_000)
      .execute();
    return rows.map(toSilence);
  }

  /** Ends it now; undefined where there is none that is not over. */
  async endSilence(silenceId: string): Promise<Silence | undefined> {
    const row = await this.#db
      .updateTable("alert_silences")
      .set({ until_at: sql`now()` })
      .where("silence_id", "=", silenceId)
      .where("until_at", ">", sql<string>`now()`)
      .returningAll()
      .executeTakeFirst();
    return row && toSilence(row);
  }
}

function toSilence(row: Selectable<AlertSilenceTable>): Silence {
  const { rule_id: ruleId, site, resource_id: resourceId, severity } = row;
  return {
    silenceId: row.silence_id,
    ...present({ ruleId, site, resourceId, severity: severity as Severity | null }),
    from: row.from_at,
    until: row.until_at,
    reason: row.reason,
    createdBy: row.created_by,
  };
}
