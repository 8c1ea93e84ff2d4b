import { createHash } from "node:crypto";
import type { AlertRule } from "../domain/alert-rule.ts";
import { isSilenced, type Silence } from "../domain/alert-silence.ts";
import { isProviderError } from "../domain/errors.ts";
import { notificationOf } from "../domain/notification.ts";
import type { Delivery, TrackedAlert } from "../store/index.ts";
import type { ActivityDeps } from "./deps.ts";

/** What fires with the first one is told with it. */
export const groupWaitMs = 30_000;
const deliveriesAtOnce = 20;
/** Longer than any delivery takes. */
const claimMs = 120_000;
const firstRetryMs = 10_000;
const longestRetryMs = 1_800_000;
/** Tries go on for about a day: so long an on-call service may be away. */
const mostAttempts = 60;

/** Makes notifications of what has changed, once for each change, and brings them to people. */
export class AlertTeller {
  readonly #store: ActivityDeps["store"];
  readonly #notify: ActivityDeps["notify"];
  readonly #log: ActivityDeps["log"];

  constructor({ store, notify, log }: Pick<ActivityDeps, "store" | "notify" | "log">) {
    this.#store = store;
    this.#notify = notify;
    this.#log = log;
  }

  async tell(rules: readonly AlertRule[], now: number, waitMs = groupWaitMs): Promise<void> {
    const silences = await this.#store.alertRules.silences(new Date(now).toISOString());
    for (const { groupKey, ruleId, since } of await this.#store.alerts.untold()) {
      const rule = rules.find((each) => each.ruleId === ruleId);
      if (rule && now - Date.parse(since) >= waitMs) await this.#tellGroup(rule, groupKey, silences, now);
    }
  }

  /** Attempts what is due; what can't be delivered now is tried again later. */
  async deliver(signal: AbortSignal): Promise<void> {
    for (let due = deliveriesAtOnce; due === deliveriesAtOnce && !signal.aborted; ) {
      const claimed = await this.#store.alertDeliveries.claim(deliveriesAtOnce, claimMs);
      await Promise.all(claimed.map((each) => this.#attempt(each, signal)));
      due = claimed.length;
    }
  }

  async #attempt(
    delivery: Awaited<ReturnType<ActivityDeps["store"]["alertDeliveries"]["claim"]>>[number],
    signal: AbortSignal,
  ): Promise<void> {
    const { action, body, attempts } = delivery;
    try {
      await this.#notify.send(action, body, signal);
    } catch (error) {
      // Whoever takes it up when the claim is over tries again.
      if (signal.aborted) return;
      await this.#failed(delivery, attempts, error);
      return;
    }
    await this.#store.alertDeliveries.delivered(delivery);
  }

  async #failed(delivery: Delivery, attempts: number, error: unknown): Promise<void> {
    const reason = isProviderError(error) ? error.details.reason : String(error);
    const isFinal = isProviderError(error, "InvalidInput") || attempts >= mostAttempts;
    this.#log.warn(`A notification was not delivered (${delivery.action}): ${reason}`, error);
    if (isFinal) return this.#store.alertDeliveries.failed(delivery, reason);
    const asked = isProviderError(error) ? error.retryAfterMs : undefined;
    const backOffMs = Math.min(firstRetryMs * 2 ** (attempts - 1), longestRetryMs);
    await this.#store.alertDeliveries.later(delivery, reason, Math.max(backOffMs, asked ?? 0));
  }

  /** What is silenced stays untold: it is told when the silence ends and it still holds. */
  async #tellGroup(rule: AlertRule, groupKey: string, silences: readonly Silence[], now: number): Promise<void> {
    const all = await this.#store.alerts.ofGroup(groupKey);
    const heard = all.filter((alert) => !isSilenced(alert, rule, silences, now));
    const firing = heard.filter(({ state }) => state === "firing");
    // Of what was never said to fire nobody hears that it is over.
    const resolved = heard.filter(({ state, told }) => state === "resolved" && told === "firing");
    const changed = [...firing.filter(isNew), ...resolved];
    const quiet = all.filter(({ state, told }) => state === "resolved" && told !== "firing");
    if (changed.length === 0) return this.#store.alerts.tell(quiet);
    const at = new Date(now).toISOString();
    const notificationId = idOf(groupKey, changed);
    const body = notificationOf(rule, { notificationId, groupKey, at, firing, resolved });
    await this.#store.alerts.tell([...firing, ...resolved, ...quiet], {
      ...{ ruleId: rule.ruleId, body, actions: rule.actions },
    });
  }
}

function isNew({ told, toldOccurrence, occurrence }: TrackedAlert): boolean {
  return told !== "firing" || toldOccurrence !== occurrence;
}

/** The same for whoever tells of the same changes. */
function idOf(groupKey: string, changed: readonly TrackedAlert[]): string {
  const facts = changed.map(({ site, resourceId, state, occurrence }) =>
    JSON.stringify([site, resourceId, state, occurrence]),
  );
  facts.sort();
  return createHash("sha256")
    .update(JSON.stringify([groupKey, facts]))
    .digest("hex")
    .slice(0, 32);
}
