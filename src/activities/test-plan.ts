import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { MigrationRequest } from "../domain/migration.ts";
import { type MigrationTestRequest, testKind } from "../domain/migration-test.ts";
import type { Plan } from "../domain/plan.ts";
import { planTest, type TestObservations } from "../domain/test-plan.ts";
import type { ActivityDeps } from "./deps.ts";
import { hashOf, readApproved, refuseDrift } from "./pinned-plan.ts";
import { planOne } from "./planner.ts";

export function testPlanActivities(deps: ActivityDeps) {
  const { registry, store, settings } = deps;
  return {
    /** Looks at what is to be tested and stores the pinned plan. Repeating it for a known plan id returns the stored one. */
    async makeTestPlan(input: { planId: string; request: MigrationTestRequest }): Promise<Plan> {
      const known = await store.plans.get(input.planId);
      if (known) return known;
      const { request } = input;
      const { base, migration } = request.migrationId
        ? await ofMigration(request.migrationId)
        : { base: await ofMove(input.planId, request), migration: undefined };
      const { from, to } = base.inputs as Record<"from" | "to", string>;
      const target = await registry.provider(to);
      const parts = planTest({
        request,
        base,
        ...(migration ? { migration } : {}),
        source: { ownWorkersOnly: settings(from).ownWorkersOnly === true },
        target: { capabilityGaps: target.capabilities },
      });
      const { subjects } = base;
      const createdAt = new Date().toISOString();
      const plan: Plan = { ...parts, planId: input.planId, hash: hashOf(parts), subjects, createdAt };
      await store.plans.insert(plan);
      return plan;
    },

    /** The approved plan, if it is the one that was approved, can be executed and nothing it rests on has changed. */
    async openTestPlan(input: { planId: string; planHash: string }): Promise<Plan> {
      const plan = await readApproved(store, input);
      if (plan.kind !== testKind) {
        throw new ProviderError("Conflict", {
          operation: "test the migration",
          resource: `plan/${plan.planId}`,
          reason: `it is of kind ${plan.kind}`,
          action: "Plan a test, and start it by that plan.",
        });
      }
      await refuseDrift(deps, plan, plan.observed);
      return plan;
    },
  };

  async function ofMigration(migrationId: string): Promise<Required<Pick<TestObservations, "base" | "migration">>> {
    const migration = await store.migrations.get(migrationId);
    const base = migration && (await store.plans.get(migration.planId));
    if (!migration || !base) {
      throw new ProviderError("NotFound", {
        operation: "plan the test",
        resource: `migration/${migrationId}`,
        reason: "there is no such migration",
        action: "List the migrations to find the right id.",
      });
    }
    if (!base.actions.some(({ action }) => action === "create-vm")) {
      throw new ProviderError("Conflict", {
        operation: "plan the test",
        resource: `migration/${migrationId}`,
        reason: "a live migration moves the running guest itself and makes no replica",
        action: "Test the VM itself with novacron migrate VM --test.",
      });
    }
    const rounds = (await store.rounds.proven(migrationId)).length;
    return { base, migration: { migrationId, state: migration.state, rounds } };
  }

  /** As if it was moved: what it would be there, and whether anything speaks against it. */
  async function ofMove(planId: string, request: MigrationTestRequest): Promise<Plan> {
    const { vm = "", from = "", to = "", map, instanceType, bandwidthBytesPerSecond, verify } = request;
    const move: MigrationRequest = {
      vm,
      from,
      to,
      ...(map === undefined ? {} : { map }),
      ...(instanceType === undefined ? {} : { instanceType }),
      ...(bandwidthBytesPerSecond === undefined ? {} : { bandwidthBytesPerSecond }),
      ...(verify === undefined ? {} : { verify }),
    };
    return planOne(deps, { planId: `${planId}-move`, request: move }, Context.current().cancellationSignal);
  }
}
