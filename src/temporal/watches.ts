import { type Client, WorkflowIdConflictPolicy } from "@temporalio/client";
import type { WatchInventoryInput } from "../workflows/watch-inventory/types.ts";
import { taskQueue } from "./connection.ts";

const workflowType = "watchInventory";
/** Long enough that runs are few, short enough that a new version is taken up within the day. */
const roundMs = 12 * 3_600_000;
const pauseMs = 5 * 60_000;

/** Has somebody listen to each of the sites, and to no other any more. Safe to call from every worker at every start. */
export async function ensureWatches(
  client: Client,
  sites: readonly string[],
  times: Partial<Omit<WatchInventoryInput, "site">> = {},
): Promise<void> {
  const wanted = new Map(sites.map((site) => [`inventory/${site}/changes`, site]));
  for (const [workflowId, site] of wanted) {
    await client.workflow.start(workflowType, {
      workflowId,
      taskQueue,
      args: [{ roundMs, pauseMs, ...times, site } satisfies WatchInventoryInput],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      staticSummary: `changes of ${site}`,
    });
  }
  const query = `WorkflowType = '${workflowType}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    if (!wanted.has(workflowId)) await client.workflow.getHandle(workflowId).cancel();
  }
}
