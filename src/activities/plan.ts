import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { MigrationRequest } from "../domain/migration.ts";
import type { Plan } from "../domain/plan.ts";
import type { ActivityDeps } from "./deps.ts";
import { readApproved, refuseDrift } from "./pinned-plan.ts";
import { planOne } from "./planner.ts";

export function planActivities(deps: ActivityDeps) {
  const { registry, store } = deps;
  return {
    /** Looks at both sites and stores the pinned plan. Repeating it for a known plan id returns the stored one. */
    async makeMigrationPlan(input: { planId: string; request: MigrationRequest }): Promise<Plan> {
      return planOne(deps, input, Context.current().cancellationSignal);
    },

    /** The approved plan, if it is the one that was approved, can be executed and nothing it rests on has changed. */
    async openPlan(input: { migrationId: string; planId: string; planHash: string }): Promise<Plan> {
      const plan = await readApproved(store, input);
      await refuseDrift(registry, plan, plan.observed);
      return plan;
    },

    async checkNetworks(input: { site: string; networkIds: readonly string[] }): Promise<void> {
      const { network } = await registry.provider(input.site);
      const active = new Set<string>();
      for await (const entry of network.listNetworks(Context.current().cancellationSignal)) {
        if (entry.active) active.add(entry.networkId);
      }
      const missing = input.networkIds.filter((id) => !active.has(id));
      if (missing.length === 0) return;
      throw new ProviderError("Conflict", {
        operation: "use the target network",
        resource: `${input.site}/network/${missing.join(", ")}`,
        reason: "it is not active",
        action: "Start the network at the target, or plan again with another mapping.",
      });
    },
  };
}
