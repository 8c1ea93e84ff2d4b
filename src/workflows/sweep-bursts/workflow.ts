import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { siteCall } from "../lib/activity-options.ts";

const { sweepBursts: sweep } = proxyActivities<Activities>(siteCall);

/** Removes VMs of pools that no run looks after any more. */
export async function sweepBursts(): Promise<Awaited<ReturnType<Activities["sweepBursts"]>>> {
  return sweep.executeWithOptions({ summary: "remove burst VMs that nobody looks after" }, []);
}
