import {
  CancellationScope,
  ChildWorkflowCancellationType,
  executeChild,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  workflowInfo,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { recordCall, siteCall } from "../lib/activity-options.ts";
import { describeFailure } from "../lib/failure.ts";
import { show } from "../lib/visibility.ts";
import { operateVms } from "../operate-vms/workflow.ts";
import type { ScanPoliciesInput, ScanPoliciesResult, UnmendedPolicy } from "./types.ts";

const { judgePolicy, remediateByApproval } = proxyActivities<Activities>(siteCall);
const { beginScan, endScan } = proxyLocalActivities<Activities>(recordCall);

/** Holds every policy against everything that the inventory has, one after the other, keeps what was found, and mends what a
 *  standing approval allows. */
export async function scanPolicies(input: ScanPoliciesInput): Promise<ScanPoliciesResult> {
  const { askedBy, scanId = workflowInfo().runId } = input;
  const { policyIds } = await beginScan({ scanId, askedBy });
  let violations = 0;
  let opened = 0;
  try {
    for (const [index, policyId] of policyIds.entries()) {
      const percent = Math.round((100 * index) / policyIds.length);
      show({ headline: `${policyIds.length} policies`, phase: "judging", percent, next: policyId });
      const counts = await judgePolicy.executeWithOptions({ summary: `judge by ${policyId}` }, [{ scanId, policyId }]);
      violations += counts?.violations ?? 0;
      opened += counts?.opened ?? 0;
    }
  } catch (error) {
    const reason = describeFailure(error).message;
    await CancellationScope.nonCancellable(() => endScan({ scanId, state: "failed", reason }));
    throw error;
  }
  await endScan({ scanId, state: "done" });
  const unmended: UnmendedPolicy[] = [];
  for (const policyId of policyIds) {
    const reason = await whyUnmended(scanId, policyId);
    if (reason !== undefined) unmended.push({ policyId, reason });
  }
  const left = unmended.map(({ policyId, reason }) => `; ${policyId} was not mended: ${reason}`).join("");
  const headline = `${policyIds.length} policies: ${violations} violations, ${opened} new${left}`;
  show({ headline, phase: "done", percent: 100 });
  return { scanId, policies: policyIds.length, violations, opened, ...(unmended.length > 0 ? { unmended } : {}) };
}

/** Mends what a standing approval allows; undefined where that began, or nothing is allowed. A scan is a scan all the same: what
 *  fails within an operation is in its own report. */
async function whyUnmended(scanId: string, policyId: string): Promise<string | undefined> {
  try {
    const summary = `mend what breaks ${policyId}, if somebody has allowed that`;
    const approved = await remediateByApproval.executeWithOptions({ summary }, [{ scanId, policyId }]);
    if (!approved) return undefined;
    const { resources, ...input } = approved;
    await executeChild(operateVms, {
      workflowId: `operation/${input.operationId}`,
      args: [input],
      staticSummary: `mend ${resources} resource(s) that break ${policyId}`,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
    return undefined;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return describeFailure(error).message;
  }
}
