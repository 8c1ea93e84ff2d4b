import { continueAsNew, ParentClosePolicy, proxyActivities, startChild, workflowInfo } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { burstLeaseWorkflowId } from "../../domain/burst.ts";
import { burstLease } from "../burst-lease/workflow.ts";
import { listenCall } from "../lib/activity-options.ts";
import { show } from "../lib/visibility.ts";
import type { BurstPoolInput } from "./types.ts";

const { watchPool } = proxyActivities<Activities>(listenCall);

/** Leases that began longer ago have long noted so themselves. */
const remembered = 200;

/** Looks after one pool for as long as it is there: gives each VM that it orders a run of its own. */
export async function burstPool({ poolId, begun: before = [] }: BurstPoolInput): Promise<void> {
  let begun = before;
  for (;;) {
    show({ headline: poolId, phase: "watching", percent: 0 });
    const news = await watchPool.executeWithOptions({ summary: `watch ${poolId}` }, [{ poolId, begun }]);
    if (news.gone) return;
    for (const leaseId of news.begin) {
      try {
        await startChild(burstLease, {
          workflowId: burstLeaseWorkflowId(leaseId),
          args: [{ leaseId }],
          // A VM is looked after to its end, whatever becomes of its pool's run.
          parentClosePolicy: ParentClosePolicy.ABANDON,
          staticSummary: `one VM of ${poolId}`,
        });
      } catch (error) {
        // The run before has begun it.
        if (!(error instanceof Error) || error.name !== "WorkflowExecutionAlreadyStartedError") throw error;
      }
    }
    begun = [...begun, ...news.begin].slice(-remembered);
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof burstPool>({ poolId, begun });
  }
}
