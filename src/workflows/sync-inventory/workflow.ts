import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { SiteSync } from "../../domain/inventory.ts";
import { askCall } from "../lib/activity-options.ts";
import type { RefreshResourcesInput, SyncInventoryInput } from "./types.ts";

// Listing everything of a large account takes minutes; a failed attempt keeps what it had written.
const { syncSite } = proxyActivities<Activities>({
  ...askCall,
  startToCloseTimeout: "15 minutes",
  scheduleToCloseTimeout: "20 minutes",
});
const { refreshResources: readAgain } = proxyActivities<Activities>(askCall);

/** Reads one site into the store. What fails keeps its rows, with their age and the reason. */
export async function syncInventory(input: SyncInventoryInput): Promise<SiteSync> {
  const what = input.kinds?.join(", ") ?? "everything";
  return syncSite.executeWithOptions({ summary: `read ${input.site}: ${what}` }, [input]);
}

/** Reads single resources early, before their site's turn. */
export async function refreshResources(input: RefreshResourcesInput): Promise<void> {
  await readAgain.executeWithOptions({ summary: `read ${input.resources.length} again` }, [input]);
}
