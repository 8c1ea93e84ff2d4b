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
import type { ScanPoliciesInput, ScanPoliciesResult } from "./types.ts";

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
  for (const policyId of policyIds) await mend(scanId, policyId);
  show({
    headline: `${policyIds.length} policies: ${violations} violations, ${opened} new`,
    phase: "done",
    percent: 100,
  });
  return { scanId, policies: policyIds.length, violations, opened };
}

/** What fails there is in the operation's own report, and a scan is a scan all the same. */
async function mend(scanId: string, policyId: string): Promise<void> {
  try {
    const summary = `mend what breaks ${policyId}, if somebody has allowed that`;
    const approved = await remediateByApproval.executeWithOptions({ summary }, [{ scanId, policyId }]);
    if (!approved) return;
    const { resources, ...input } = approved;
    await executeChild(operateVms, {
      workflowId: `operation/${input.operationId}`,
      args: [input],
      staticSummary: `mend ${resources} resource(s) that break ${policyId}`,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}
