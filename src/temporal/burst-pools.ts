import { type Client, WorkflowIdConflictPolicy } from "@temporalio/client";
import { burstPoolWorkflowId } from "../domain/burst.ts";
import type { BurstPoolInput } from "../workflows/burst-pool/types.ts";
import { taskQueue } from "./connection.ts";

/** Has each of the pools looked after; one that is already stays as it is. */
export async function ensureBurstPools(
  client: Client,
  pools: readonly { readonly poolId: string; readonly name: string }[],
): Promise<void> {
  for (const { poolId, name } of pools) {
    await client.workflow.start("burstPool", {
      workflowId: burstPoolWorkflowId(poolId),
      taskQueue,
      args: [{ poolId } satisfies BurstPoolInput],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      staticSummary: `burst pool ${name}`,
    });
  }
}
