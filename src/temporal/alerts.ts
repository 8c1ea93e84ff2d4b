import { type Client, WorkflowIdConflictPolicy } from "@temporalio/client";
import type { WatchAlertsInput } from "../workflows/watch-alerts/types.ts";
import { taskQueue } from "./connection.ts";

/** Long enough that runs are few, short enough that a new version is taken up within the hour. */
const roundMs = 3_600_000;
const pauseMs = 10_000;

/** Has all rules looked at. Safe to call from every worker at every start. */
export async function ensureAlertsWatched(client: Client, times: Partial<WatchAlertsInput> = {}): Promise<void> {
  await client.workflow.start("watchAlerts", {
    workflowId: "alerts/watch",
    taskQueue,
    args: [{ roundMs, pauseMs, ...times } satisfies WatchAlertsInput],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    staticSummary: "rules and alerts",
  });
}
