import { Context } from "@temporalio/activity";
import { ProviderError } from "../domain/errors.ts";
import type { CompletePoint, GroupPointVm } from "../domain/group-point.ts";
import type { MigrationRequest } from "../domain/migration.ts";
import type { Plan } from "../domain/plan.ts";
import type { ProtectionGroup } from "../domain/protection.ts";
import { type RestoreRequest, restorePlanKind } from "../domain/restore.ts";
import { planRestore, restorableVm } from "../domain/restore-plan.ts";
import type { ActivityDeps } from "./deps.ts";
import { hashOf, readApproved, refuseDrift } from "./pinned-plan.ts";
import { planOne } from "./planner.ts";
import { pointAsSource } from "./point-source.ts";

export function restorePlanActivities(deps: ActivityDeps) {
  const { registry, store, settings } = deps;
  return {
    /** Chooses the point and stores the pinned plan of bringing one VM out of it. A known plan id gives the stored one. */
    async makeRestorePlan(input: { planId: string; request: RestoreRequest }): Promise<Plan> {
      const { planId, request } = input;
      const known = await store.plans.get(planId);
      if (known) return known;
      const { group, point, vm, memberPlan } = await chosen(request);
      const to = request.to ?? point.to;
      const target = await registry.provider(to);
      const { starts, staysOffBecause } = powerOf(request, group, to, target.capabilities["compute.start"]);
      const holder = await registry.provider(point.to);
      const origin = await registry.provider(String(memberPlan.inputs.from));
      const seen = restorableVm(
        memberPlan,
        { pointId: point.pointId, vm },
        {
          id: planId,
          name: request.name ?? `${vm.name}-restored`,
          starts,
          keepsMacs: to !== group.currentSite,
        },
      );
      const side = pointAsSource({ vm: seen, origin, holder, held: vm }, deps);
      const base = await planOne(
        deps,
        { planId: `${planId}-move`, request: moveOf(request, point.to, to), source: { side, vm: seen } },
        Context.current().cancellationSignal,
      );
      const ownWorkersOnly = [point.to, to].filter((site) => settings(site).ownWorkersOnly === true);
      const parts = planRestore({ request, point, vm, base, starts, staysOffBecause, ownWorkersOnly });
      const tags = group.members.find(({ position }) => position === vm.position)?.tags ?? {};
      const sites = [...new Set([point.from, point.to, to])];
      const subjects = sites.map((site) => ({ site, tags }));
      const plan: Plan = { ...parts, planId, hash: hashOf(parts), subjects, createdAt: new Date().toISOString() };
      await store.plans.insert(plan);
      return (await store.plans.get(planId)) ?? plan;
    },

    /** The approved plan, if it is the one that was approved, its point is offered still and nothing it rests on has changed. */
    async openRestore(input: { planId: string; planHash: string }): Promise<Plan> {
      const plan = await readApproved(store, input);
      const { groupId, pointId } = plan.inputs as { groupId?: string; pointId?: string };
      if (plan.kind !== restorePlanKind || groupId === undefined || pointId === undefined) {
        throw refused(
          `plan/${plan.planId}`,
          `it is of kind ${plan.kind}`,
          "Plan a restore, and start it by that plan.",
        );
      }
      const point = await store.groupPoints.get(pointId);
      if (point?.state !== "complete") {
        const reason = `its point is ${point?.state ?? "not in the catalogue any more"}`;
        throw refused(`group-point/${pointId}`, reason, "See novacron protection points, and choose another one.");
      }
      await refuseDrift(deps, plan, plan.observed);
      return plan;
    },
  };

  async function chosen(request: RestoreRequest): Promise<{
    group: ProtectionGroup;
    point: CompletePoint;
    vm: GroupPointVm;
    memberPlan: Plan;
  }> {
    const { groupId, pointId, before, suspectToo } = request;
    const group = await store.protection.get(groupId);
    if (!group) {
      throw new ProviderError("NotFound", {
        operation: "plan the restore",
        resource: `protection-group/${groupId}`,
        reason: "there is no such group",
        action: "List them with novacron protection list.",
      });
    }
    const wish = {
      groupId,
      ...(pointId === undefined ? {} : { pointId }),
      ...(before === undefined ? {} : { before }),
      ...(suspectToo === undefined ? {} : { suspectToo }),
    };
    const point = await store.groupPoints.choose(wish);
    if (!point) {
      const action = "See novacron protection points, and name another one.";
      throw refused(`protection-group/${groupId}`, "it offers no point as wished", action);
    }
    const vm = point.vms.find(({ vmId }) => vmId === request.vm) ?? point.vms.find(({ name }) => name === request.vm);
    if (!vm) {
      const names = point.vms.map(({ name }) => name).join(", ");
      throw refused(`group-point/${point.pointId}`, `it has no VM ${request.vm}`, `Name one of: ${names}.`);
    }
    const memberPlan = await store.plans.get(vm.planId);
    if (!memberPlan) {
      const reason = `the plan ${vm.planId}, which says what ${vm.name} was like, is not in the store`;
      throw refused(`group-point/${point.pointId}`, reason, "Restore from a newer point.");
    }
    return { group, point, vm, memberPlan };
  }
}

function powerOf(
  { start }: RestoreRequest,
  group: ProtectionGroup,
  to: string,
  cannotStart: string | undefined,
): { starts: boolean; staysOffBecause: string } {
  if (cannotStart !== undefined) return { starts: false, staysOffBecause: cannotStart };
  if (start === undefined && to === group.currentSite) {
    return { starts: false, staysOffBecause: `Its group serves at ${to}: the VM that it is a copy of may run there` };
  }
  return { starts: start ?? true, staysOffBecause: "It was asked to stay off" };
}

function moveOf(request: RestoreRequest, from: string, to: string): MigrationRequest {
  const { vm, instanceType, networkMap, verify, bandwidthBytesPerSecond } = request;
  return {
    ...{ vm, from, to },
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(networkMap === undefined ? {} : { networkMap }),
    ...(verify === undefined ? {} : { verify }),
    ...(bandwidthBytesPerSecond === undefined ? {} : { bandwidthBytesPerSecond }),
  };
}

function refused(resource: string, reason: string, action: string): ProviderError {
  return new ProviderError("Conflict", { operation: "restore a VM", resource, reason, action });
}
