import { type Client, WorkflowIdConflictPolicy } from "@temporalio/client";
import type { LookAfterGroupsInput } from "../workflows/look-after-groups/types.ts";
import type { SiteHealthInput } from "../workflows/site-health/types.ts";
import { taskQueue } from "./connection.ts";

/** Vantage points that have come since are looked from after so long at the latest. */
const siteRoundMs = 5 * 60_000;
const askForMs = 3_600_000;
/** Long enough that runs are few, short enough that a new version is taken up within the day. */
const groupsRoundMs = 12 * 3_600_000;

export function siteHealthId(site: string): string {
  return `site-health/${site}`;
}

/** Has a site looked at, and judged; one that is already stays as it is. */
export async function ensureSiteHealth(
  client: Client,
  site: string,
  times: Partial<Pick<SiteHealthInput, "roundMs" | "askForMs">> = {},
): Promise<void> {
  await client.workflow.start("siteHealth", {
    workflowId: siteHealthId(site),
    taskQueue,
    args: [{ roundMs: siteRoundMs, askForMs, ...times, site } satisfies SiteHealthInput],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    staticSummary: `health of ${site}`,
  });
}

/** Has protected groups looked after. Safe to call from every worker at every start. */
export async function ensureGroupsLookedAfter(client: Client): Promise<void> {
  await client.workflow.start("lookAfterGroups", {
    workflowId: "protection/look-after",
    taskQueue,
    args: [{ roundMs: groupsRoundMs } satisfies LookAfterGroupsInput],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    staticSummary: "leases and sites of protected groups",
  });
}
