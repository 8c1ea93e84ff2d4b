import { continueAsNew, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { listenCall } from "../lib/activity-options.ts";
import { oneRound } from "../lib/one-round.ts";
import type { CollectMetricsInput } from "./types.ts";

const { readMetrics } = proxyActivities<Activities>(listenCall);

/** Keeps somebody reading what a site measures, for as long as it is configured. The figures are in the store; a run of this
 *  has a handful of events. */
export async function collectMetrics(input: CollectMetricsInput): Promise<void> {
  const { site, roundMs, pauseMs } = input;
  const summary = `read the figures of ${site}`;
  const round = () => readMetrics.executeWithOptions({ summary }, [{ site, forMs: roundMs }]);
  if (await oneRound(async () => (await round()).measured, pauseMs)) await continueAsNew<typeof collectMetrics>(input);
}
