import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { siteCall } from "../lib/activity-options.ts";
import type { CollectCostsInput, CollectCostsResult } from "./types.ts";

// A month of a large account comes in many pages, at a rate that vendors keep low.
const { collectSiteCosts, monthsToCollect } = proxyActivities<Activities>({
  ...siteCall,
  startToCloseTimeout: "1 hour",
  scheduleToCloseTimeout: "6 hours",
});

/** Reads what a site cost, whole billing months again: late rows and corrections come with them. */
export async function collectCosts({ site, months }: CollectCostsInput): Promise<CollectCostsResult> {
  const wanted = months ?? (await monthsToCollect.executeWithOptions({ summary: "which months" }, []));
  const done: CollectCostsResult["months"][number][] = [];
  for (const month of wanted) {
    const taken = await collectSiteCosts.executeWithOptions({ summary: `costs of ${site} in ${month}` }, [
      { site, month },
    ]);
    done.push({ month, ...taken });
  }
  return { months: done };
}
