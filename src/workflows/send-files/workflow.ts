import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { FilesToSend, SentFiles } from "../../domain/restored-files.ts";
import { siteCall } from "../lib/activity-options.ts";

/** One attempt: whoever reads has begun with what the first one sent. As long as the largest folder takes a slow reader. */
const sendCall = { ...siteCall, startToCloseTimeout: "6 hours", scheduleToCloseTimeout: "6 hours" } as const;
const { sendFiles: send } = proxyActivities<Activities>({ ...sendCall, retry: { maximumAttempts: 1 } });

/** Sends a file or a folder out of a recovery point to the API, which asked for it and ends this when its caller goes. */
export async function sendFiles(input: FilesToSend): Promise<SentFiles> {
  return send.executeWithOptions({ summary: `read ${input.path} of ${input.pointId}` }, [input]);
}
