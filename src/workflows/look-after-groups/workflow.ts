import { continueAsNew, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { listenCall } from "../lib/activity-options.ts";
import type { LookAfterGroupsInput } from "./types.ts";

const { keepLeases } = proxyActivities<Activities>(listenCall);

/** Has leases of protected groups renewed for their sites' watchdogs, and each of those sites looked at, always. */
export async function lookAfterGroups(input: LookAfterGroupsInput): Promise<void> {
  await keepLeases.executeWithOptions({ summary: "renew leases for watchdogs" }, [{ forMs: input.roundMs }]);
  await continueAsNew<typeof lookAfterGroups>(input);
}
