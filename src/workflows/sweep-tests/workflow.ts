import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { siteCall } from "../lib/activity-options.ts";
import type { SweepTestsResult } from "./types.ts";

const { sweepTests: sweep } = proxyActivities<Activities>(siteCall);

/** Removes what tests left whose runs are no more, once their time is over. */
export async function sweepTests(): Promise<SweepTestsResult> {
  return sweep.executeWithOptions({ summary: "remove what ended tests left" }, []);
}
