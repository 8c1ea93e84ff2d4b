import { Context } from "@temporalio/activity";
import { isProviderError } from "../domain/errors.ts";
import type { Plan } from "../domain/plan.ts";
import { memberRequest, type ProtectionOutline, plannedVersion, planProtection } from "../domain/protection-plan.ts";
import type { Vm } from "../domain/vm.ts";
import type { PlannedMember } from "../domain/wave-plan.ts";
import type { ActivityDeps } from "./deps.ts";
import { hashOf } from "./pinned-plan.ts";
import { findVm } from "./plan-observations.ts";
import { planOne, planOrRefusal } from "./planner.ts";

/** Plans that are made at the same time: each asks both sites a few things. */
const planners = 4;

export function protectionPlanActivities(deps: ActivityDeps) {
  const { registry, store } = deps;
  return {
    /** Plans each VM by itself, adds it all up with the policy, and stores the pinned plan of the whole. A known plan id
     *  gives the stored one. */
    async makeProtectionPlan(input: { planId: string; outline: ProtectionOutline }): Promise<Plan> {
      const { planId, outline } = input;
      const known = await store.plans.get(planId);
      if (known) return known;
      const signal = Context.current().cancellationSignal;
      const { primarySite, recoverySite } = outline.policy;
      const [source, target] = await Promise.all([registry.provider(primarySite), registry.provider(recoverySite)]);
      const [planned, freeBytes, groups] = await Promise.all([
        planAll(planId, outline, signal),
        target.disks.freeBytes(signal),
        store.protection.all(),
      ]);
      const taken = groups.flatMap(({ name, members, currentSite }) =>
        members.map(({ vmId }) => ({ name, vmId, site: currentSite })),
      );
      const others = planned.flatMap((member, position) => {
        const vmId = "plan" in member ? member.plan.inputs.vm : undefined;
        const other = taken.find((each) => each.vmId === vmId && each.site === primarySite);
        return other ? [[position, other.name] as const] : [];
      });
      const parts = planProtection({
        outline,
        planned,
        sourceGaps: source.capabilities,
        otherGroups: Object.fromEntries(others),
        nameTaken: groups.some(({ name }) => name === outline.name),
        ...(freeBytes === undefined ? {} : { freeBytes }),
      });
      const subjects = planned.flatMap((member) => ("plan" in member ? (member.plan.subjects ?? []) : []));
      const plan: Plan = { ...parts, planId, hash: hashOf(parts), subjects, createdAt: new Date().toISOString() };
      await store.plans.insert(plan);
      return (await store.plans.get(planId)) ?? plan;
    },

    /** Plans VMs of a group anew, for where it serves and where it is replicated to. Returns what can't be planned, and why. */
    async planMembers(input: {
      groupId: string;
      positions: readonly number[];
    }): Promise<readonly { readonly position: number; readonly reason: string }[]> {
      const { groupId, positions } = input;
      const { cancellationSignal: signal, info } = Context.current();
      const group = await store.protection.get(groupId);
      const to = group?.replicatesTo;
      if (!group || to === undefined) return [];
      const from = group.currentSite;
      const refused: { position: number; reason: string }[] = [];
      for (const { position, vmId, name } of group.members) {
        if (!positions.includes(position)) continue;
        const planId = `plan-${groupId}-m${position}-${info.workflowExecution?.runId ?? ""}-${info.activityId}`;
        try {
          const vm = await findVm(await registry.provider(from), vmId, signal);
          const request = memberRequest(group.policy, { from, to, vmId: vm.vmId, state: vm.state });
          const plan = await planOne(deps, { planId, request }, signal);
          const failed = plan.checks.filter(({ result }) => result === "fail").map(({ detail }) => detail);
          const told = { planId, planVersion: plannedVersion(plan), name: vm.name };
          // It is replicated all the same: what fails now may be mended before it has to be created there.
          await store.protection.updateMember(groupId, position, { ...told, problem: failed.join("; ") });
        } catch (error) {
          if (!isProviderError(error, "NotFound", "Conflict", "InvalidInput", "UnsupportedCapability")) throw error;
          refused.push({ position, reason: `${name}: ${error.details.reason}` });
          await store.protection.updateMember(groupId, position, { problem: error.details.reason });
        }
      }
      return refused;
    },
  };

  async function planAll(planId: string, { policy, vms }: ProtectionOutline, signal: AbortSignal) {
    const { primarySite: from, recoverySite: to } = policy;
    const source = await registry.provider(from);
    const planned: PlannedMember[] = [];
    const queue = [...vms.entries()];
    await Promise.all(
      Array.from({ length: planners }, async () => {
        for (let next = queue.shift(); next; next = queue.shift()) {
          const [position, wanted] = next;
          const vm = await findOrRefusal(() => findVm(source, wanted, signal));
          if ("refused" in vm) {
            planned[position] = vm;
            continue;
          }
          const request = memberRequest(policy, { from, to, vmId: vm.vmId, state: vm.state });
          planned[position] = await planOrRefusal(deps, { planId: `${planId}-m${position}`, request }, signal);
        }
      }),
    );
    return planned;
  }
}

async function findOrRefusal(find: () => Promise<Vm>): Promise<Vm | Extract<PlannedMember, { refused: object }>> {
  try {
    return await find();
  } catch (error) {
    if (!isProviderError(error, "NotFound", "InvalidInput")) throw error;
    return { refused: { reason: error.details.reason, remedy: error.details.action } };
  }
}
