import { type Advanced, type Alert, advance, advanceMissing, endAlert } from "../domain/alert.ts";
import { type AlertRule, isVmMetric } from "../domain/alert-rule.ts";
import type { TrackedAlert } from "../store/index.ts";
import type { ActivityDeps } from "./deps.ts";

/** Beside the rule's own time: samples of clouds come late. */
const lateSeconds = 900;
/** An alert of which nothing was measured for so long is over: its resource has gone, or nobody measures it any more. */
const forgottenMs = 86_400_000;

type Place = Pick<Alert, "ruleId" | "site" | "resourceId">;

/** Takes all alerts of a rule on by what was measured since it was looked at last. */
export class AlertJudge {
  readonly #store: ActivityDeps["store"];

  constructor({ store }: Pick<ActivityDeps, "store">) {
    this.#store = store;
  }

  async judge(rule: AlertRule & { readonly removed: boolean }, now: number): Promise<void> {
    const open = await this.#store.alerts.ofRule(rule.ruleId);
    if (rule.removed || !rule.enabled) return this.#endAll(rule, open, now);
    const { metric, site, resourceId, comparison, threshold } = rule;
    const windowMs = (rule.durationSeconds + rule.resolveAfterSeconds + lateSeconds) * 1_000;
    const oldest = Math.min(now - windowMs, ...open.filter(isOpen).map(({ lastAt }) => Date.parse(lastAt)));
    const known = new Map(open.map((alert) => [keyOf(alert), alert]));
    const suspects = await this.#store.metrics.suspects({
      ...{ metric, site, resourceId, comparison, threshold },
      since: new Date(oldest).toISOString(),
      named: open.filter(isOpen),
    });
    for (const { site: at, resourceId: of, readings } of suspects) {
      const place = { ruleId: rule.ruleId, site: at, resourceId: of };
      const before = known.get(keyOf(place));
      await this.#keep(rule, place, before, advance(rule, place, before, readings));
    }
    if (rule.missing === "fire") await this.#judgeMissing(rule, known, now);
    await this.#endGone(rule, now);
  }

  async #judgeMissing(rule: AlertRule, known: ReadonlyMap<string, TrackedAlert>, now: number): Promise<void> {
    const { metric, site, resourceId, missingAfterSeconds } = rule;
    const since = new Date(now - missingAfterSeconds * 1_000).toISOString();
    const silent = await this.#store.metrics.silent({ metric, site, resourceId, since });
    const running = new Running(this.#store);
    for (const { lastAt, ...where } of silent) {
      // A VM that is off has nothing to measure.
      if (isVmMetric(metric) && !(await running.has(where))) continue;
      const place = { ruleId: rule.ruleId, ...where };
      const before = known.get(keyOf(place));
      // It ended before, and was told of: nothing has come since.
      if (before && before.occurrence > 0 && Date.parse(before.lastAt) >= Date.parse(lastAt)) continue;
      const next = advanceMissing(rule, place, before, { lastAt, now: new Date(now).toISOString() });
      await this.#keep(rule, place, before, next);
    }
  }

  /** Nothing is concluded from figures that are missing, but for those of what isn't there any more. */
  async #endGone(rule: AlertRule, now: number): Promise<void> {
    const quiet = (await this.#store.alerts.ofRule(rule.ruleId)).filter(
      (alert) => isOpen(alert) && now - Date.parse(alert.lastAt) > rule.missingAfterSeconds * 1_000,
    );
    const running = new Running(this.#store);
    for (const alert of quiet) {
      const isGone = isVmMetric(rule.metric) && !(await running.has(alert));
      const isForgotten = now - Date.parse(alert.lastAt) > forgottenMs;
      if (!isGone && !isForgotten) continue;
      const note = isGone ? "the VM does not run any more" : "nothing was measured for a day";
      await this.#keep(rule, alert, alert, endAlert(alert, new Date(now).toISOString(), note));
    }
  }

  async #endAll(rule: AlertRule & { readonly removed: boolean }, open: readonly TrackedAlert[], now: number) {
    const note = rule.removed ? "the rule was removed" : "the rule is off";
    for (const alert of open.filter(isOpen)) {
      await this.#keep(rule, alert, alert, endAlert(alert, new Date(now).toISOString(), note));
    }
  }

  async #keep(rule: AlertRule, place: Place, before: Alert | undefined, { alert, changes }: Advanced): Promise<void> {
    if (alert === before || (alert === undefined && before === undefined)) return;
    const { ruleId, site, resourceId } = place;
    await this.#store.alerts.keep(rule, { ruleId, site, resourceId }, alert, changes);
  }
}

/** Which VMs run, each site read once. */
class Running {
  readonly #store: ActivityDeps["store"];
  readonly #sites = new Map<string, Promise<ReadonlySet<string>>>();

  constructor(store: ActivityDeps["store"]) {
    this.#store = store;
  }

  async has({ site, resourceId }: { site: string; resourceId: string }): Promise<boolean> {
    const known = this.#sites.get(site) ?? this.#store.vms.ids(site, { state: "running" }).then((ids) => new Set(ids));
    this.#sites.set(site, known);
    return (await known).has(resourceId);
  }
}

function isOpen({ state }: Pick<Alert, "state">): boolean {
  return state !== "resolved";
}

function keyOf({ site, resourceId }: Pick<Alert, "site" | "resourceId">): string {
  return JSON.stringify([site, resourceId]);
}
