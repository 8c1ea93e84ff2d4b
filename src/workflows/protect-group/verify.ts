import { isCancellation, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { bulkCall, rowCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import { describeFailure } from "../lib/failure.ts";

const bulk = activitiesAtSites(bulkCall);
const { pointToVerify, pointVerified, endPoint } = proxyActivities<Activities>(rowCall);

/** Reads the newest point again, when its turn has come, and holds every hash against its manifest. One that differs, or is
 *  gone, is offered no more, and the one before it is read at once. */
export async function verifyPoints(groupId: string): Promise<void> {
  for (let due = await pointToVerify({ groupId }); due; due = await pointToVerify({ groupId })) {
    const { pointId, sequence, site, generationIds } = due;
    try {
      for (const generationId of generationIds) {
        await bulk.proveDisk.executeWithOptions({ summary: `read ${generationId} of point ${sequence} again` }, [
          { site, pointId: generationId, manifestId: generationId },
        ]);
      }
      await pointVerified({ pointId });
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { code, message } = describeFailure(error);
      // Anything else says nothing of the bytes: it is tried again another time.
      if (code !== "IntegrityFailure" && code !== "NotFound") return;
      await endPoint({ pointId, state: "corrupt", reason: message, tell: true });
    }
  }
}
