import { Context } from "@temporalio/activity";
import { assess, assessVm } from "../domain/assess.ts";
import type { AssessedVm, AssessmentRequest, AssessmentState, VmAssessment } from "../domain/assessment.ts";
import { isProviderError, ProviderError } from "../domain/errors.ts";
import { conversationsOf, type NamedVm, readFlowRecords } from "../domain/flow-records.ts";
import type { Plan } from "../domain/plan.ts";
import { defaultSort, type Expression } from "../domain/search/query.ts";
import { memberPlanId } from "../domain/wave.ts";
import type { ActivityDeps } from "./deps.ts";
import { lookAtTarget } from "./plan-observations.ts";
import { planOrRefusal } from "./planner.ts";

/** VMs of one attempt, and of these at the same time: each asks both sites a few things. */
const [portion, planners] = [24, 4];
const defaultWaveSize = 10;
/** Failures that say something of a VM, and nothing of the others. */
const ofOneVm = ["CloudPermissionDenied", "PolicyBlocked", "IntegrityFailure"] as const;
/** Of one search of the inventory. */
const pageSize = 200;

export function assessActivities(deps: ActivityDeps) {
  const { registry, store, settings, parallelMigrations } = deps;
  return {
    /** Plans the moves of the next VMs, and notes what the plans say of each. */
    async assessVms({ assessmentId }: { assessmentId: string }): Promise<{ assessed: number; left: number }> {
      const signal = Context.current().cancellationSignal;
      const { request, requester } = await asked(assessmentId);
      const { vms, left } = await store.assessments.next(assessmentId, portion);
      const queue = [...vms];
      const work = Array.from({ length: planners }, async () => {
        for (let vm = queue.shift(); vm; vm = queue.shift()) {
          await store.assessments.recordVm(assessmentId, vm.position, await assessOne(vm));
        }
      });
      // None of them goes on beside another attempt.
      const failed = (await Promise.allSettled(work)).find((each) => each.status === "rejected");
      if (failed) throw failed.reason;
      return { assessed: vms.length, left: left - vms.length };

      async function assessOne(vm: AssessedVm): Promise<VmAssessment> {
        const { from, to, mode } = request;
        const planId = memberPlanId(assessmentId, vm.position);
        await store.guard.noteRequester(planId, requester);
        const wish = { vm: vm.vmId, from, to, ...(mode === undefined ? {} : { mode }) };
        try {
          return assessVm(vm, await planOrRefusal(deps, { planId, request: wish, admitted: true }, signal));
        } catch (error) {
          if (!isProviderError(error, ...ofOneVm)) throw error;
          return assessVm(vm, { refused: { reason: error.details.reason, remedy: error.details.action } });
        }
      }
    },

    /** Proposes waves, plays them through, adds everything up, and files the report. */
    async concludeAssessment({ assessmentId }: { assessmentId: string }): Promise<void> {
      const signal = Context.current().cancellationSignal;
      const { request } = await asked(assessmentId);
      const found = await store.assessments.getScoped(assessmentId);
      const vms = found?.vms ?? [];
      const records = request.flows === undefined ? undefined : readFlowRecords(request.flows);
      const conversations = records && conversationsOf(records, await namesOf(request.from, vms));
      const target = await lookAtTarget(await registry.provider(request.to), settings(request.to), store, signal);
      const plans = await plansOf(vms);
      const facts = {
        request,
        vms,
        conversations,
        flowRecords: records?.length ?? 0,
        plans,
        target,
        parallelMigrations,
      };
      const report = assess(facts, defaultWaveSize);
      const endedAt = new Date().toISOString();
      await store.assessments.update(assessmentId, { state: "completed", report, endedAt });
    },

    async recordAssessment(input: {
      assessmentId: string;
      state?: AssessmentState;
      reason?: string;
      startedAt?: string;
      endedAt?: string;
    }): Promise<void> {
      const { assessmentId, ...patch } = input;
      await store.assessments.update(assessmentId, patch);
    },
  };

  async function asked(assessmentId: string): Promise<{ request: AssessmentRequest; requester: string }> {
    const found = await store.assessments.asked(assessmentId);
    if (found) return found;
    throw new ProviderError("NotFound", {
      operation: "assess VMs",
      resource: `assessment/${assessmentId}`,
      reason: "there is no such assessment",
      action: "Start another one.",
    });
  }

  async function plansOf(vms: readonly VmAssessment[]): Promise<ReadonlyMap<string, Plan>> {
    const plans = new Map<string, Plan>();
    for (const { planId, readiness } of vms) {
      const plan = planId === undefined || readiness === "blocking" ? undefined : await store.plans.get(planId);
      if (plan) plans.set(plan.planId, plan);
    }
    return plans;
  }

  /** What records may call the VMs: also by the public addresses that the inventory knows. */
  async function namesOf(site: string, vms: readonly VmAssessment[]): Promise<NamedVm[]> {
    const addresses = new Map<string, string[]>();
    let cursor: string | undefined;
    do {
      const asked = { where: addressesAt(site), sort: defaultSort, limit: pageSize };
      const page = await store.resources.search({ ...asked, ...(cursor === undefined ? {} : { cursor }) });
      for (const { document } of page.items) {
        const { address, vm_id: vmId } = document as { address?: string; vm_id?: string };
        if (address !== undefined && vmId !== undefined) addresses.set(vmId, [...(addresses.get(vmId) ?? []), address]);
      }
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return vms.map(({ vmId, name }) => ({ vmId, name, addresses: addresses.get(vmId) ?? [] }));
  }
}

function addressesAt(site: string): Expression {
  const is = (field: "site" | "kind", value: string) =>
    ({ type: "match", field, pattern: { type: "exact", value } }) as const;
  return { type: "and", items: [is("site", site), is("kind", "address")] };
}
