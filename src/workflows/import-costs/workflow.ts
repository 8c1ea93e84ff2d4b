import { isCancellation, proxyActivities, proxyLocalActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { CostImport } from "../../domain/cost.ts";
import { recordCall, siteCall } from "../lib/activity-options.ts";
import type { ImportCostsInput } from "./types.ts";

// Fetching and reading a month of a large account takes minutes; each attempt begins anew.
const { takeCosts } = proxyActivities<Activities>({
  ...siteCall,
  startToCloseTimeout: "2 hours",
  scheduleToCloseTimeout: "6 hours",
});
const { endCostImport } = proxyLocalActivities<Activities>(recordCall);

/** Takes one delivery of costs, whole or not at all. What is wrong with the delivery itself ends the import as refused. */
export async function importCosts(input: ImportCostsInput): Promise<CostImport["state"]> {
  const { importId } = input;
  try {
    return await takeCosts.executeWithOptions({ summary: `import costs ${importId}` }, [input]);
  } catch (error) {
    if (isCancellation(error)) throw error;
    await endCostImport({ importId, reason: reasonOf(error) });
    throw error;
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}
