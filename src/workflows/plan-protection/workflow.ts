import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { Plan } from "../../domain/plan.ts";
import { planWaveCall } from "../lib/activity-options.ts";
import type { PlanProtectionInput } from "./types.ts";

const { makeProtectionPlan } = proxyActivities<Activities>(planWaveCall);

/** Plans the protection of a group and stores the pinned plan of it; changes nothing. */
export async function planProtection(input: PlanProtectionInput): Promise<Plan> {
  const { name, vms } = input.outline;
  return makeProtectionPlan.executeWithOptions({ summary: `plan the protection of ${vms.length} VMs: ${name}` }, [
    input,
  ]);
}
