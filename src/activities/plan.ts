import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { MigrationRequest } from "../domain/migration.ts";
import { planMigration } from "../domain/migration-plan.ts";
import type { Plan } from "../domain/plan.ts";
import type { ActivityDeps } from "./deps.ts";
import { lookIntoGuest } from "./look-into-guest.ts";
import { hashOf, readApproved, refuseDrift } from "./pinned-plan.ts";
import { findVm, lookAtSource, lookAtTarget, observeDisk } from "./plan-observations.ts";

export function planActivities({ registry, store, transfer, defaults, settings }: ActivityDeps) {
  return {
    /** Looks at both sites and stores the pinned plan. Repeating it for a known plan id returns the stored one. */
    async makeMigrationPlan(input: { planId: string; request: MigrationRequest }): Promise<Plan> {
      const known = await store.plans.get(input.planId);
      if (known) return known;
      const signal = Context.current().cancellationSignal;
      const { request } = input;
      if (request.from === request.to) {
        throw new ProviderError("InvalidInput", {
          operation: "plan the migration",
          resource: `site/${request.to}`,
          reason: "source and target are the same site",
          action: "Name another target with --to.",
        });
      }
      const [source, target] = await Promise.all([registry.provider(request.from), registry.provider(request.to)]);
      const vm = await findVm(source, request.vm, signal);
      // What a guest has drivers for takes the longest to find, and matters where its hardware changes.
      const look = { drivers: source.kind !== target.kind || target.compute.listInstanceTypes !== undefined };
      const [inspected, guest, sourceSide, targetSide, history] = await Promise.all([
        source.disks.inspectSource(vm.vmId, signal),
        lookIntoGuest(source, vm, transfer.inspectGuest, look, signal),
        lookAtSource(source, settings(request.from), store),
        lookAtTarget(target, settings(request.to), store, signal),
        store.migrations.stepSamples(request.from, request.to),
      ]);
      const disks = await Promise.all(
        inspected.map((disk) => observeDisk({ sourceSite: source.site, target, store, signal }, disk)),
      );
      const parts = planMigration({
        request,
        defaults,
        vm,
        disks,
        guest,
        source: sourceSide,
        target: targetSide,
        history,
      });
      const hash = hashOf(parts);
      const subjects = [request.from, request.to].map((site) => ({ site, tags: vm.tags }));
      const plan: Plan = { ...parts, planId: input.planId, hash, subjects, createdAt: new Date().toISOString() };
      await store.plans.insert(plan);
      return plan;
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
