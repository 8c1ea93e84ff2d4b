import type { ProtectionGroup } from "../../domain/protection.ts";
import {
  type RecoveryPlan,
  type RecoveryPlanContent,
  recoveryDefaults,
  usualRecoveryPlan,
} from "../../domain/recovery-plan.ts";
import { checkRecoveryPlan } from "../../domain/recovery-plan-checks.ts";
import { readinessOf } from "../../domain/recovery-run.ts";
import { fromWire } from "../../domain/wire.ts";
import { ProblemError } from "../problem.ts";
import { type Answer, type Route, route } from "../route.ts";
import { mapQuery } from "../schemas/map.ts";
import { recoveryPlanBody, recoveryPlanSchema } from "../schemas/recovery-plan.ts";
import { reachedGroup } from "../start-recovery.ts";
import { type ApiContext, configuredSite, idParams, notFound } from "./context.ts";

/** How protection groups are brought up at their recovery sites. The id is the group's. */
export function recoveryPlanRoutes(context: ApiContext): readonly Route[] {
  const { store } = context;
  return [
    route({
      method: "get",
      path: "/v1/recovery-plans/{id}",
      operationId: "getRecoveryPlan",
      tag: "recovery",
      summary: "How a protection group is brought up, and how far that can be trusted",
      description: "Of a group without a plan of its own: version 0, with all its VMs at once.",
      permission: "protection:read",
      actor: "signed-in",
      audit: undefined,
      params: idParams,
      query: mapQuery,
      responses: { 200: { description: "The plan", schema: recoveryPlanSchema } },
      async handle({ params: { id }, query: { version }, access }): Promise<Answer> {
        const group = await reachedGroup(context, access, id);
        const plan = await store.recoveryPlans.get(id, version);
        if (!plan && version !== undefined) {
          throw notFound("recovery-plan", `${id} in version ${version}`, "Leave the version out for the newest.");
        }
        return { status: 200, body: await withReadiness(plan ?? usual(group)) };
      },
    }),
    route({
      method: "post",
      path: "/v1/recovery-plans/{id}",
      operationId: "setRecoveryPlan",
      tag: "recovery",
      summary: "Give a protection group a recovery plan, or change all of it",
      description: "What it says is checked here; what the sites say to it, by a dry run of a recovery.",
      permission: "protection:write",
      actor: "signed-in",
      audit: "recovery-plan.set",
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      body: recoveryPlanBody,
      responses: { 200: { description: "The plan as it is now", schema: recoveryPlanSchema } },
      async handle({ params: { id }, body, access, actor }): Promise<Answer> {
        const group = await reachedGroup(context, access, id);
        const wanted = fromWire<RecoveryPlanContent>(body);
        for (const { site } of [...(wanted.dns ?? []), ...(wanted.pools ?? [])]) {
          configuredSite(context, access, site, "whole");
        }
        const names = group.members.map(({ name }) => name);
        const faults = checkRecoveryPlan(wanted, names).filter(({ result }) => result === "fail");
        if (faults.length > 0) {
          throw new ProblemError("InvalidInput", {
            detail: faults.map(({ detail }) => detail).join("; "),
            action: `Name each of the group's VMs once: ${names.join(", ")}.`,
            resource: `recovery-plan/${id}`,
          });
        }
        const before = await store.recoveryPlans.get(id);
        const after = await store.recoveryPlans.set(id, wanted, actor?.responsible ?? "");
        await store.protection.setRecoveryPlan(id, `${id}-v${after.version}`);
        return { status: 200, body: await withReadiness(after), ...(before ? { before } : {}), after };
      },
    }),
    route({
      method: "delete",
      path: "/v1/recovery-plans/{id}",
      operationId: "removeRecoveryPlan",
      tag: "recovery",
      summary: "Remove a group's recovery plan: all its VMs would come up at once; its versions stay readable",
      permission: "protection:write",
      actor: "signed-in",
      audit: "recovery-plan.remove",
      stepUp: true,
      duringFreeze: true,
      idempotent: true,
      params: idParams,
      responses: { 200: { description: "The plan that was removed", schema: recoveryPlanSchema } },
      async handle({ params: { id }, access, actor }): Promise<Answer> {
        await reachedGroup(context, access, id);
        const before = await store.recoveryPlans.get(id);
        if (!before) throw notFound("recovery-plan", id, "The group has none of its own.");
        await store.recoveryPlans.remove(id, actor?.responsible ?? "");
        await store.protection.setRecoveryPlan(id, undefined);
        return { status: 200, body: await withReadiness(before), before };
      },
    }),
  ];

  async function withReadiness(plan: RecoveryPlan) {
    const { groupId, version, drills } = plan;
    const newest = await store.recoveryRuns.newestDrill(groupId, { version });
    const maxAgeSeconds = drills?.maxAgeSeconds ?? recoveryDefaults.drillMaxAgeSeconds;
    return { ...plan, readiness: readinessOf(newest, { maxAgeSeconds, nowMs: Date.now() }) };
  }
}

function usual({ groupId, members }: ProtectionGroup): RecoveryPlan {
  return usualRecoveryPlan(
    groupId,
    members.map(({ name }) => name),
  );
}
