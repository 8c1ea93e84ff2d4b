import {
  CancellationScope,
  CancelledFailure,
  continueAsNew,
  isCancellation,
  proxyActivities,
  sleep,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { listenCall } from "../lib/activity-options.ts";
import type { CollectMetricsInput } from "./types.ts";

const { readMetrics } = proxyActivities<Activities>(listenCall);

/** Keeps somebody reading what a site measures, for as long as it is configured. The figures are in the store; a run of this
 *  has a handful of events. */
export async function collectMetrics(input: CollectMetricsInput): Promise<void> {
  const { site, roundMs, pauseMs } = input;
  try {
    const summary = `read the figures of ${site}`;
    const { measured } = await readMetrics.executeWithOptions({ summary }, [{ site, forMs: roundMs }]);
    if (!measured) return;
  } catch (error) {
    if (isCancellation(error)) throw error;
    await sleep(pauseMs);
  }
  // The round may have ended before it heard of it.
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure("the site is configured no more");
  await continueAsNew<typeof collectMetrics>(input);
}
