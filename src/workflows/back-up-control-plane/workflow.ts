import { isCancellation, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { siteCall } from "../lib/activity-options.ts";
import type { BackUpControlPlaneInput, BackUpControlPlaneResult } from "./types.ts";

/** The next one is due before a site that is away for longer than this is back; a large store over a slow line takes hours. */
const { backUpTo } = proxyActivities<Activities>({
  ...siteCall,
  startToCloseTimeout: "6 hours",
  scheduleToCloseTimeout: "6 hours",
  retry: { ...siteCall.retry, maximumAttempts: 3 },
});

/** Backs the control plane up to each of the sites. Fails when that fails at any of them, after all were tried. */
export async function backUpControlPlane({ sites }: BackUpControlPlaneInput): Promise<BackUpControlPlaneResult> {
  const backups: { site: string; backupId: string }[] = [];
  let failure: unknown;
  for (const site of sites) {
    try {
      const { backupId } = await backUpTo.executeWithOptions({ summary: `back the control plane up to ${site}` }, [
        { site },
      ]);
      backups.push({ site, backupId });
    } catch (error) {
      if (isCancellation(error)) throw error;
      failure = error;
    }
  }
  if (failure !== undefined) throw failure;
  return { backups };
}
