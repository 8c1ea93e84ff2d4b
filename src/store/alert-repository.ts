import { type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { Alert, AlertChange, AlertState } from "../domain/alert.ts";
import type { AlertRule } from "../domain/alert-rule.ts";
import { groupKeyOf, type Notification } from "../domain/notification.ts";
import type { AlertEventTable, AlertTable } from "./alert-schema.ts";
import { toJson } from "./json.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";

export interface AlertQuery {
  readonly state?: AlertState;
  readonly ruleId?: string;
  readonly site?: string;
}

export interface AlertEvent extends AlertChange {
  readonly sequence: number;
  readonly ruleId: string;
  readonly ruleName: string;
  readonly site: string;
  readonly resourceId: string;
}

/** One group with what nobody was told yet. */
export interface UntoldGroup {
  readonly groupKey: string;
  readonly ruleId: string;
  readonly since: string;
}

/** An alert with what was told of it last. */
export interface TrackedAlert extends Alert {
  readonly groupKey: string;
  readonly told?: "firing" | "resolved";
  readonly toldOccurrence: number;
}

/** How rules stand with resources, what happened, and what is still to be told. */
export class AlertRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** All of one rule. */
  async ofRule(ruleId: string): Promise<readonly TrackedAlert[]> {
    const rows = await this.#db.selectFrom("alerts").selectAll().where("rule_id", "=", ruleId).execute();
    return rows.map(toAlert);
  }

  /** Firing ones first, the newest first; at most 1,000. */
  async list({ state, ruleId, site }: AlertQuery = {}): Promise<readonly TrackedAlert[]> {
    let select = this.#db.selectFrom("alerts").selectAll();
    if (state !== undefined) select = select.where("state", "=", state);
    if (ruleId !== undefined) select = select.where("rule_id", "=", ruleId);
    if (site !== undefined) select = select.where("site", "=", site);
    const rows = await select
      .orderBy(sql`array_position(array['firing', 'pending', 'resolved'], state)`)
      .orderBy("since", "desc")
      .limit(1_000)
      .execute();
    return rows.map(toAlert);
  }

  /** Keeps how an alert stands and what happened to it, both or neither; undefined forgets one that never fired. */
  async keep(
    rule: AlertRule,
    place: Pick<Alert, "ruleId" | "site" | "resourceId">,
    alert: Alert | undefined,
    changes: readonly AlertChange[],
  ): Promise<void> {
    const { ruleId, site, resourceId } = place;
    await this.#db.transaction().execute(async (tx) => {
      if (!alert) {
        await tx
          .deleteFrom("alerts")
          .where("rule_id", "=", ruleId)
          .where("site", "=", site)
          .where("resource_id", "=", resourceId)
          .execute();
        return;
      }
      for (const change of changes) {
        await tx
          .insertInto("alert_events")
          .values({
            ...{ rule_id: ruleId, rule_name: rule.name, site, resource_id: resourceId },
            ...{ occurrence: change.occurrence, state: change.to, at: change.at },
            ...{ value: change.value ?? null, note: change.note ?? null },
          })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      }
      const row = {
        ...{ group_key: groupKeyOf(rule, alert), state: alert.state, since: alert.since, last_at: alert.lastAt },
        ...{ value: alert.value ?? null, clear_since: alert.clearSince ?? null, fired_at: alert.firedAt ?? null },
        ...{ occurrence: alert.occurrence, note: alert.note ?? null },
      };
      const untold = changes.length > 0 ? { untold_since: sql<string>`coalesce(alerts.untold_since, now())` } : {};
      await tx
        .insertInto("alerts")
        .values({
          ...{ rule_id: ruleId, site, resource_id: resourceId, ...row },
          ...(changes.length > 0 ? { untold_since: sql<string>`now()` } : {}),
        })
        .onConflict((conflict) =>
          conflict.columns(["rule_id", "site", "resource_id"]).doUpdateSet({ ...row, ...untold }),
        )
        .execute();
    });
  }

  async untold(): Promise<readonly UntoldGroup[]> {
    const rows = await this.#db
      .selectFrom("alerts")
      .select(["group_key", "rule_id", sql<string>`min(untold_since)`.as("since")])
      .where("untold_since", "is not", null)
      .groupBy(["group_key", "rule_id"])
      .execute();
    return rows.map(({ group_key: groupKey, rule_id: ruleId, since }) => ({ groupKey, ruleId, since }));
  }

  async ofGroup(groupKey: string): Promise<readonly TrackedAlert[]> {
    const rows = await this.#db.selectFrom("alerts").selectAll().where("group_key", "=", groupKey).execute();
    return rows.map(toAlert);
  }

  /** Notes what the alerts' people were told, with what is to be delivered: all or nothing, and once for each id. Without a
   *  notification there was nothing to tell. */
  async tell(alerts: readonly TrackedAlert[], notification?: NewNotification): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      if (notification) await keepNotification(tx, notification);
      for (const { ruleId, site, resourceId, state, occurrence } of alerts) {
        // What has changed since it was read is told the next time.
        await tx
          .updateTable("alerts")
          .set({ told: state, told_occurrence: occurrence, untold_since: null })
          .where("rule_id", "=", ruleId)
          .where("site", "=", site)
          .where("resource_id", "=", resourceId)
          .where("state", "=", state)
          .where("occurrence", "=", occurrence)
          .execute();
      }
    });
  }

  /** What happened, the newest first. */
  async events(query: AlertQuery & { cursor?: string; limit: number }): Promise<Page<AlertEvent>> {
    const limit = clampLimit(query.limit);
    let select = this.#db.selectFrom("alert_events").selectAll();
    if (query.ruleId !== undefined) select = select.where("rule_id", "=", query.ruleId);
    if (query.site !== undefined) select = select.where("site", "=", query.site);
    if (query.cursor !== undefined) {
      const [sequence] = decodeCursor(query.cursor, "number");
      select = select.where("sequence", "<", sequence);
    }
    const rows = await select
      .orderBy("sequence", "desc")
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, toEvent, (row) => [row.sequence]);
  }

  async standing(): Promise<{ evaluatedAt?: string; rules: number; heartbeatAt?: string; heartbeatError?: string }> {
    const row = await this.#db.selectFrom("alert_standing").selectAll().executeTakeFirst();
    const { evaluated_at: evaluatedAt, heartbeat_at: heartbeatAt, heartbeat_error: heartbeatError } = row ?? {};
    return {
      rules: row?.rules ?? 0,
      ...present({
        evaluatedAt: evaluatedAt ?? null,
        heartbeatAt: heartbeatAt ?? null,
        heartbeatError: heartbeatError ?? null,
      }),
    };
  }

  async noteEvaluated(rules: number): Promise<void> {
    await this.#db.updateTable("alert_standing").set({ evaluated_at: sql`now()`, rules }).execute();
  }

  async noteHeartbeat(error?: string): Promise<void> {
    const heartbeat = error === undefined ? { heartbeat_at: sql<string>`now()` } : {};
    await this.#db
      .updateTable("alert_standing")
      .set({ ...heartbeat, heartbeat_error: error ?? null })
      .execute();
  }

  /** Removes what happened and was told before, but for alerts that go on. */
  async drop(before: string): Promise<void> {
    await this.#db.deleteFrom("alert_events").where("at", "<", before).execute();
    await this.#db.deleteFrom("alert_notifications").where("at", "<", before).execute();
    await this.#db.deleteFrom("alert_silences").where("until_at", "<", before).execute();
    await this.#db
      .deleteFrom("alerts")
      .where("state", "=", "resolved")
      .where("last_at", "<", before)
      .where("untold_since", "is", null)
      .execute();
  }
}

function toAlert(row: Selectable<AlertTable>): TrackedAlert {
  const { value, clear_since: clearSince, fired_at: firedAt, note, told } = row;
  return {
    ruleId: row.rule_id,
    site: row.site,
    resourceId: row.resource_id,
    groupKey: row.group_key,
    state: row.state as AlertState,
    since: row.since,
    lastAt: row.last_at,
    occurrence: row.occurrence,
    toldOccurrence: row.told_occurrence,
    ...present({ value, clearSince, firedAt, note, told: told as "firing" | "resolved" | null }),
  };
}

function toEvent(row: Selectable<AlertEventTable>): AlertEvent {
  return {
    sequence: row.sequence,
    ruleId: row.rule_id,
    ruleName: row.rule_name,
    site: row.site,
    resourceId: row.resource_id,
    occurrence: row.occurrence,
    to: row.state as AlertChange["to"],
    at: row.at,
    ...present({ value: row.value, note: row.note }),
  };
}

export interface NewNotification {
  readonly ruleId: string;
  readonly body: Notification;
  readonly actions: readonly string[];
}

/** A notification with a delivery to each of its actions; a repeat changes nothing. */
export async function keepNotification(
  tx: Transaction<Database>,
  { ruleId, body, actions }: NewNotification,
): Promise<void> {
  const { notificationId, at } = body;
  await tx
    .insertInto("alert_notifications")
    .values({ notification_id: notificationId, rule_id: ruleId, body: toJson(body), at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  for (const action of new Set(actions)) {
    await tx
      .insertInto("alert_deliveries")
      .values({ notification_id: notificationId, action })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}
