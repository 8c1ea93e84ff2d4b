import { type Kysely, sql } from "kysely";
import type { Notification } from "../domain/notification.ts";
import { toText } from "./json.ts";
import { clampLimit, decodeCursor, type Page, toPage } from "./paging.ts";
import { present } from "./present.ts";
import type { Database } from "./schema.ts";

export type DeliveryState = "waiting" | "delivered" | "failed";

export interface Delivery {
  readonly notificationId: string;
  readonly action: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly lastError?: string;
  readonly endedAt?: string;
}

export interface ToldNotification extends Notification {
  readonly ruleId: string;
  readonly deliveries: readonly Delivery[];
}

/** How notifications get to people. */
export class AlertDeliveryRepository {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** Some that are due, for the caller alone until `forMs` are over: whoever died with one has it taken up by another. The oldest
   *  first, and of one group and action only the oldest, so that nobody hears of an end before its beginning. */
  async claim(limit: number, forMs: number): Promise<readonly (Delivery & { readonly body: Notification })[]> {
    const { rows } = await sql<{ notificationId: string; action: string; attempts: number; body: Notification }>`
      update alert_deliveries d set next_at = now() + make_interval(secs => ${forMs / 1_000}::double precision),
        attempts = attempts + 1
      from alert_notifications n where n.notification_id = d.notification_id
        and (d.notification_id, d.action) in (
          select w.notification_id, w.action from alert_deliveries w join alert_notifications m using (notification_id)
          where w.state = 'waiting' and w.next_at <= now() and not exists (
            select 1 from alert_deliveries e join alert_notifications o using (notification_id)
            where e.state = 'waiting' and e.action = w.action and o.body ->> 'groupKey' = m.body ->> 'groupKey' and o.at < m.at)
          order by m.at limit ${limit} for update of w skip locked)
      returning d.notification_id as "notificationId", d.action, d.attempts, n.body`.execute(this.#db);
    return rows.map((row) => ({ ...row, state: "waiting" }));
  }

  async delivered({ notificationId, action }: Pick<Delivery, "notificationId" | "action">): Promise<void> {
    await this.#end(notificationId, action, { state: "delivered", last_error: null });
  }

  async failed({ notificationId, action }: Pick<Delivery, "notificationId" | "action">, error: string): Promise<void> {
    await this.#end(notificationId, action, { state: "failed", last_error: toText(error) });
  }

  async later(
    { notificationId, action }: Pick<Delivery, "notificationId" | "action">,
    error: string,
    inMs: number,
  ): Promise<void> {
    await this.#db
      .updateTable("alert_deliveries")
      .set({
        last_error: toText(error),
        next_at: sql`now() + make_interval(secs => ${inMs / 1_000}::double precision)`,
      })
      .where("notification_id", "=", notificationId)
      .where("action", "=", action)
      .where("state", "=", "waiting")
      .execute();
  }

  /** What was told, the newest first, with how it got there. */
  async list(query: { ruleId?: string; cursor?: string; limit: number }): Promise<Page<ToldNotification>> {
    const limit = clampLimit(query.limit);
    let select = this.#db.selectFrom("alert_notifications").selectAll();
    if (query.ruleId !== undefined) select = select.where("rule_id", "=", query.ruleId);
    if (query.cursor !== undefined) {
      const [at, id] = decodeCursor(query.cursor, "string", "string");
      select = select.where(sql<boolean>`(at, notification_id) < (${at}::timestamptz, ${id})`);
    }
    const rows = await select
      .orderBy("at", "desc")
      .orderBy("notification_id", "desc")
      .limit(limit + 1)
      .execute();
    const ids = rows.map((row) => row.notification_id);
    const found =
      ids.length === 0
        ? []
        : await this.#db
            .selectFrom("alert_deliveries")
            .selectAll()
            .where("notification_id", "in", ids)
            .orderBy("action")
            .execute();
    const byId = Map.groupBy(found, (row) => row.notification_id);
    const told = (row: (typeof rows)[number]): ToldNotification => ({
      ...row.body,
      ruleId: row.rule_id,
      deliveries: (byId.get(row.notification_id) ?? []).map((each) => ({
        notificationId: each.notification_id,
        action: each.action,
        state: each.state as DeliveryState,
        attempts: each.attempts,
        ...present({ lastError: each.last_error, endedAt: each.ended_at }),
      })),
    });
    return toPage(rows, limit, told, (row) => [row.at, row.notification_id]);
  }

  async #end(
    notificationId: string,
    action: string,
    end: { state: DeliveryState; last_error: string | null },
  ): Promise<void> {
    await this.#db
      .updateTable("alert_deliveries")
      .set({ ...end, ended_at: sql`now()` })
      .where("notification_id", "=", notificationId)
      .where("action", "=", action)
      .execute();
  }
}
