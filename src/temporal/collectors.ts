import { type Client, WorkflowIdConflictPolicy } from "@temporalio/client";
import type { CollectMetricsInput } from "../workflows/collect-metrics/types.ts";
import { taskQueue } from "./connection.ts";

const workflowType = "collectMetrics";
/** Long enough that runs are few, short enough that a new version is taken up within the day. */
const roundMs = 12 * 3_600_000;
const pauseMs = 60_000;

/** Has somebody read what each of the sites measures, and of no other any more. Safe to call from every worker at every start. */
export async function ensureCollectors(
  client: Client,
  sites: readonly string[],
  times: Partial<Omit<CollectMetricsInput, "site">> = {},
): Promise<void> {
  const wanted = new Map(sites.map((site) => [`metrics/${site}`, site]));
  for (const [workflowId, site] of wanted) {
    await client.workflow.start(workflowType, {
      workflowId,
      taskQueue,
      args: [{ roundMs, pauseMs, ...times, site } satisfies CollectMetricsInput],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      staticSummary: `figures of ${site}`,
    });
  }
  const query = `WorkflowType = '${workflowType}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    if (!wanted.has(workflowId)) await client.workflow.getHandle(workflowId).cancel();
  }
}
