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
import type { WatchInventoryInput } from "./types.ts";

const { watchSite } = proxyActivities<Activities>(listenCall);

/** Keeps somebody listening to what a site tells of its changes, for as long as it is configured. What is told is in the
 *  store; a run of this has a handful of events, whatever happens at the site. */
export async function watchInventory(input: WatchInventoryInput): Promise<void> {
  const { site, roundMs, pauseMs } = input;
  try {
    const summary = `listen to ${site}`;
    const { watched } = await watchSite.executeWithOptions({ summary }, [{ site, forMs: roundMs }]);
    if (!watched) return;
  } catch (error) {
    if (isCancellation(error)) throw error;
    await sleep(pauseMs);
  }
  // The round may have ended before it heard of it.
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure("the site is configured no more");
  await continueAsNew<typeof watchInventory>(input);
}
