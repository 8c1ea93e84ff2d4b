import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { Plan } from "../../domain/plan.ts";
import { askCall } from "../lib/activity-options.ts";
import type { PlanOperationInput } from "./types.ts";

const { makeOperationPlan } = proxyActivities<Activities>(askCall);

/** Looks at VMs and stores the pinned plan of what is to be done to them; changes nothing. */
export async function planOperation(input: PlanOperationInput): Promise<Plan> {
  const { action, vms } = input.request;
  return makeOperationPlan.executeWithOptions({ summary: `plan ${action} of ${vms.length} VM(s)` }, [input]);
}
