import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { Plan } from "../../domain/plan.ts";
import { askCall } from "../lib/activity-options.ts";
import type { PlanOperationInput } from "./types.ts";

const {
  makeOperationPlan,
  makeCreatePlan,
  makeFinalizePlan,
  makeTestPlan,
  makeRecoveryPlan,
  makeRemediationPlan,
  makeRestorePlan,
} = proxyActivities<Activities>(askCall);

/** Looks at sites and VMs and stores the pinned plan of what is to be done; changes nothing. */
export async function planOperation(input: PlanOperationInput): Promise<Plan> {
  const { planId, request, create, finalize, test, recovery, restore, remediation } = input;
  if (create) {
    const summary = `plan a new VM ${create.name}`;
    return makeCreatePlan.executeWithOptions({ summary }, [{ planId, request: create }]);
  }
  if (finalize) {
    const summary = `plan the finalize of ${finalize.migrationId}`;
    return makeFinalizePlan.executeWithOptions({ summary }, [{ planId, request: finalize }]);
  }
  if (test) {
    const summary = `plan a test of ${test.migrationId ?? test.vm}`;
    return makeTestPlan.executeWithOptions({ summary }, [{ planId, request: test }]);
  }
  if (recovery) {
    const summary = `plan a ${recovery.mode} of ${recovery.groupId}`;
    return makeRecoveryPlan.executeWithOptions({ summary }, [{ planId, request: recovery }]);
  }
  if (restore) {
    const summary = `plan to restore ${restore.vm}`;
    return makeRestorePlan.executeWithOptions({ summary }, [{ planId, request: restore }]);
  }
  if (remediation) {
    const summary = remediation.undo
      ? `plan to take back ${remediation.undo}`
      : `plan to mend what breaks ${remediation.policy}`;
    return makeRemediationPlan.executeWithOptions({ summary }, [{ planId, request: remediation }]);
  }
  const summary = `plan ${request.action} of ${request.vms.length} VM(s)`;
  return makeOperationPlan.executeWithOptions({ summary }, [{ planId, request }]);
}
