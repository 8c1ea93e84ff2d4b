import { Context } from "@temporalio/activity";
import type { MigrationRequest } from "../domain/migration.ts";
import { nextStart } from "../domain/move-hours.ts";
import type { Plan } from "../domain/plan.ts";
import { refuseBlocked } from "./admission.ts";
import type { ActivityDeps } from "./deps.ts";
import { readApproved, refuseDrift } from "./pinned-plan.ts";
import { planOne } from "./planner.ts";

export function planActivities(deps: ActivityDeps) {
  const { store } = deps;
  return {
    /** Looks at both sites and stores the pinned plan. Repeating it for a known plan id returns the stored one. */
    async makeMigrationPlan(input: { planId: string; request: MigrationRequest }): Promise<Plan> {
      return planOne(deps, { ...input, admitted: true }, Context.current().cancellationSignal);
    },

    /** The approved plan, if it is the one that was approved, can be executed, nothing it rests on has changed and no policy
     *  forbids it by now. */
    async openPlan(input: { migrationId: string; planId: string; planHash: string }): Promise<Plan> {
      const plan = await readApproved(store, input);
      await refuseDrift(deps, plan, plan.observed);
      await refuseBlocked(store, plan);
      return plan;
    },

    /** How long a run waits before it touches anything, by the plan's allowed hours; `waitMs` is 0 when it need not. Rounds of
     *  a warm move rest by themselves. */
    async nextAllowedStart(input: { planId: string }): Promise<{ waitMs: number; at?: string }> {
      const plan = await store.plans.get(input.planId);
      const { schedule } = (plan?.inputs ?? {}) as Partial<MigrationRequest>;
      if (!plan || !schedule || plan.actions.some(({ action }) => action === "replicate")) return { waitMs: 0 };
      const now = Date.now();
      const { at } = nextStart(schedule, now, plan.estimates.seconds ?? 0);
      return at <= now ? { waitMs: 0 } : { waitMs: at - now, at: new Date(at).toISOString() };
    },
  };
}
