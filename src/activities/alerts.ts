import { setTimeout as sleep } from "node:timers/promises";
import { Context } from "@temporalio/activity";
import { isProviderError } from "../domain/errors.ts";
import { OwnFigures } from "./alert-figures.ts";
import { AlertJudge } from "./alert-judge.ts";
import { AlertTeller } from "./alert-teller.ts";
import type { ActivityDeps } from "./deps.ts";

/** Looking at rules, in one long activity: how alerts stand and what was told is in the store, so that another attempt goes on
 *  where this one stopped. */
export function alertActivities(deps: ActivityDeps) {
  const { store, notify, log, intervals } = deps;
  return {
    /** Measures our own work, judges all rules, and tells people, for `forMs`. */
    async watchAlerts(input: { forMs: number; groupWaitMs?: number }): Promise<void> {
      const { forMs, groupWaitMs } = input;
      const { cancellationSignal } = Context.current();
      const until = AbortSignal.any([cancellationSignal, AbortSignal.timeout(forMs)]);
      const [figures, judge, teller] = [new OwnFigures(deps), new AlertJudge(deps), new AlertTeller(deps)];
      let beatAt = 0;
      while (!until.aborted) {
        const began = Date.now();
        // A store that is away ends this attempt: the next one comes when it is back, and until then no heartbeat goes out.
        await figures.measure(began);
        const rules = await store.alertRules.all();
        for (const rule of rules) await judge.judge(rule, began);
        await teller.tell(rules, began, groupWaitMs);
        await teller.deliver(until);
        await store.alertRules.forgetRemoved();
        await store.alerts.noteEvaluated(rules.filter(({ removed, enabled }) => enabled && !removed).length);
        if (notify.beat && began - beatAt >= intervals.heartbeatMs) {
          beatAt = began;
          await beat(notify.beat, until);
        }
        await sleep(Math.max(0, began + intervals.alertsMs - Date.now()), undefined, { signal: until }).catch(
          () => undefined,
        );
      }
      cancellationSignal.throwIfAborted();
    },
  };

  async function beat(tell: NonNullable<ActivityDeps["notify"]["beat"]>, signal: AbortSignal): Promise<void> {
    try {
      await tell(signal);
      await store.alerts.noteHeartbeat();
    } catch (error) {
      if (signal.aborted) return;
      if (!isProviderError(error)) throw error;
      log.warn(error.message, error);
      await store.alerts.noteHeartbeat(error.details.reason);
    }
  }
}
