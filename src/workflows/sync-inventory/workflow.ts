import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { askCall } from "../lib/activity-options.ts";
import type { SyncInventoryInput, SyncInventoryResult } from "./types.ts";

const { syncSite } = proxyActivities<Activities>(askCall);

/** Reads one site's VMs into the store. A site that fails keeps its rows, with their age and the reason. */
export async function syncInventory(input: SyncInventoryInput): Promise<SyncInventoryResult> {
  return syncSite.executeWithOptions({ summary: `read ${input.site}` }, [input]);
}
