import { continueAsNew, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { listenCall } from "../lib/activity-options.ts";
import { oneRound } from "../lib/one-round.ts";
import type { WatchInventoryInput } from "./types.ts";

const { watchSite } = proxyActivities<Activities>(listenCall);

/** Keeps somebody listening to what a site tells of its changes, for as long as it is configured. What is told is in the
 *  store; a run of this has a handful of events, whatever happens at the site. */
export async function watchInventory(input: WatchInventoryInput): Promise<void> {
  const { site, roundMs, pauseMs } = input;
  const summary = `listen to ${site}`;
  const round = () => watchSite.executeWithOptions({ summary }, [{ site, forMs: roundMs }]);
  if (await oneRound(async () => (await round()).watched, pauseMs)) await continueAsNew<typeof watchInventory>(input);
}
