import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { siteCall } from "../lib/activity-options.ts";
import type { KeepHouseInput, KeepHouseResult } from "./types.ts";

const { dropOldRecords } = proxyActivities<Activities>(siteCall);

/** Removes records that are older than they are to be kept, and sums up figures that are. */
export async function keepHouse(input: KeepHouseInput): Promise<KeepHouseResult> {
  return dropOldRecords.executeWithOptions({ summary: "drop old records" }, [input]);
}
