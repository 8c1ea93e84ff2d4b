import { Context } from "@temporalio/activity";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import type { CreateVmParameters, VerifyParameters } from "../domain/migration-parts.ts";
import { actionParameters } from "../domain/migration-plan.ts";
import type { Plan } from "../domain/plan.ts";
import { planRecovery, type RecoveryOrders, recoveryOrders } from "../domain/recovery-actions.ts";
import type { RecoverableVm, RecoveryObservations } from "../domain/recovery-observations.ts";
import { planAt, type RecoveryPool, type RecoveryRecord, usualRecoveryPlan } from "../domain/recovery-plan.ts";
import { type RecoveryRequest, recoveryKind } from "../domain/recovery-run.ts";
import type { ActivityDeps } from "./deps.ts";
import { readPool } from "./look-at-traffic.ts";
import { hashOf, readApproved, refuseDrift } from "./pinned-plan.ts";
import { lookAtTarget } from "./plan-observations.ts";

export function recoveryPlanActivities(deps: ActivityDeps) {
  const { registry, store, settings, defaults } = deps;
  return {
    /** Looks at the group, its newest point and the recovery site, and stores the pinned plan. Repeating it for a known plan
     *  id returns the stored one. */
    async makeRecoveryPlan(input: { planId: string; request: RecoveryRequest }): Promise<Plan> {
      const known = await store.plans.get(input.planId);
      if (known) return known;
      const parts = planRecovery(await look(input.request));
      const createdAt = new Date().toISOString();
      const plan: Plan = { ...parts, planId: input.planId, hash: hashOf(parts), createdAt };
      await store.plans.insert(plan);
      return plan;
    },

    /** What a run has to do, if the plan is the one that was approved and what it rests on is as it was. */
    async openRecovery(input: { planId: string; planHash: string }): Promise<RecoveryOrders> {
      const plan = await readApproved(store, input);
      if (plan.kind !== recoveryKind) {
        throw new ProviderError("Conflict", {
          operation: "recover the group",
          resource: `plan/${plan.planId}`,
          reason: `it is of kind ${plan.kind}`,
          action: "Plan a recovery, and start it by that plan.",
        });
      }
      await refuseDrift(deps, plan, plan.observed);
      return recoveryOrders(plan);
    },
  };

  async function look(request: RecoveryRequest): Promise<RecoveryObservations> {
    const { groupId, pointId, before, suspectToo, mode } = request;
    const group = await store.protection.get(groupId);
    if (!group) {
      throw new ProviderError("NotFound", {
        operation: "plan the recovery",
        resource: `protection-group/${groupId}`,
        reason: "there is no such group",
        action: "List them with novacron protection list.",
      });
    }
    const to = group.replicatesTo ?? group.policy.recoverySite;
    const wish = {
      groupId,
      at: to,
      ...(pointId === undefined ? {} : { pointId }),
      ...(before === undefined ? {} : { before }),
      ...(suspectToo === undefined ? {} : { suspectToo }),
    };
    const names = group.members.map(({ name }) => name);
    const [written = usualRecoveryPlan(groupId, names), point, drill] = await Promise.all([
      store.recoveryPlans.get(groupId),
      store.groupPoints.choose(wish),
      store.recoveryRuns.newestDrill(groupId, { passed: true }),
    ]);
    const plan = planAt(written, to, group.policy);
    const vms = await Promise.all(
      (point?.vms ?? []).map(async ({ position, planId }) => recoverable(position, planId, group.members)),
    );
    const drilledSeconds = drill?.report?.rtoSeconds;
    const sourceUnreachable = mode === "switchover" ? await whyUnreachable(group.currentSite) : undefined;
    return {
      ...{ request, atMs: Date.now(), stopGraceMs: defaults.stopGraceMs, group, plan },
      point: point ?? {
        missing: pointId === undefined ? `none is complete at ${to}` : `${pointId} is none that is offered at ${to}`,
      },
      vms: vms.flatMap((vm) => vm ?? []),
      target: await targetOf(to),
      ...(sourceUnreachable === undefined ? {} : { sourceUnreachable }),
      records: await Promise.all(
        (written.dns ?? []).map((asked): Promise<RecoveryObservations["records"][number]> => {
          const own = plan.dns?.find(({ name, type }) => name === asked.name && type === asked.type);
          return own
            ? lookAtRecord(own)
            : Promise.resolve({ asked, gap: `the recovery plan has no values of it for ${to}` });
        }),
      ),
      pools: await Promise.all((plan.pools ?? []).map(lookAtPool)),
      ...(drilledSeconds === undefined ? {} : { drilledSeconds }),
    };
  }

  async function recoverable(
    position: number,
    planId: string,
    members: readonly { readonly position: number; readonly name: string }[],
  ): Promise<RecoverableVm | undefined> {
    const [plan, member] = [await store.plans.get(planId), members.find((each) => each.position === position)];
    if (!plan || !member) return undefined;
    const create = actionParameters<CreateVmParameters>(plan, "create-vm");
    return { position, name: member.name, create, verify: actionParameters<VerifyParameters>(plan, "verify-vm") };
  }

  async function targetOf(to: string): Promise<RecoveryObservations["target"]> {
    try {
      return await lookAtTarget(await registry.provider(to), settings(to), store, Context.current().cancellationSignal);
    } catch (error) {
      if (isProviderError(error)) return { unreachable: error.details.reason };
      throw error;
    }
  }

  async function whyUnreachable(site: string): Promise<string | undefined> {
    try {
      const { compute } = await registry.provider(site);
      await compute.listVms(Context.current().cancellationSignal)[Symbol.asyncIterator]().next();
      return undefined;
    } catch (error) {
      if (isProviderError(error)) return error.details.reason;
      throw error;
    }
  }

  async function lookAtRecord(asked: RecoveryRecord): Promise<RecoveryObservations["records"][number]> {
    try {
      const { dns, capabilities } = await registry.provider(asked.site);
      if (!dns) return { asked, gap: capabilities.dns ?? `${asked.site} keeps no records` };
      const seen = await dns.getRecord(asked, Context.current().cancellationSignal);
      return seen ? { asked, before: { ttlSeconds: seen.ttlSeconds, values: seen.values } } : { asked };
    } catch (error) {
      if (isProviderError(error)) return { asked, gap: error.details.reason };
      throw error;
    }
  }

  async function lookAtPool(asked: RecoveryPool): Promise<RecoveryObservations["pools"][number]> {
    try {
      const provider = await registry.provider(asked.site);
      if (!provider.loadBalancing) {
        return { asked, gap: provider.capabilities["load-balancing"] ?? `${asked.site} balances no load` };
      }
      await readPool(provider, asked.poolId, Context.current().cancellationSignal);
      return { asked };
    } catch (error) {
      if (isProviderError(error)) return { asked, gap: error.details.reason };
      throw error;
    }
  }
}
