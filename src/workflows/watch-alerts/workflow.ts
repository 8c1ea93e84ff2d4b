import { continueAsNew, isCancellation, proxyActivities, sleep } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { listenCall } from "../lib/activity-options.ts";
import type { WatchAlertsInput } from "./types.ts";

const { watchAlerts: watch } = proxyActivities<Activities>(listenCall);

/** Has somebody look at all rules, always. How alerts stand is in the store. */
export async function watchAlerts(input: WatchAlertsInput): Promise<void> {
  const { roundMs, pauseMs, groupWaitMs } = input;
  const given = { forMs: roundMs, ...(groupWaitMs === undefined ? {} : { groupWaitMs }) };
  try {
    await watch.executeWithOptions({ summary: "look at all rules" }, [given]);
  } catch (error) {
    if (isCancellation(error)) throw error;
    await sleep(pauseMs);
  }
  await continueAsNew<typeof watchAlerts>(input);
}
