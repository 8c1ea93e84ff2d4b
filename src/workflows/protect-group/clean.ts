import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { rowCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";

/** A site that can't be reached keeps its leftovers for the next round's cleaning; nothing waits for it. */
const atSites = activitiesAtSites({ ...undoCall, scheduleToCloseTimeout: "2 minutes" }, { waitMs: 5_000 });
const { nextToClean, pointCleaned } = proxyActivities<Activities>(rowCall);

/** Removes the bytes of points that are offered no more. Throws what kept one from going; it is tried again another time. */
export async function cleanPoints(groupId: string): Promise<number> {
  for (let cleaned = 0; ; cleaned++) {
    const point = await nextToClean({ groupId });
    if (!point) return cleaned;
    const { pointId, sequence, from, to, generations, unfinished } = point;
    if (unfinished) {
      await atSites.releaseGroup.executeWithOptions({ summary: `let go of round ${sequence} at ${from}` }, [
        { site: from, groupId, sourcePointIds: [], sequence },
      ]);
    }
    if (generations.length > 0) {
      await atSites.dropGenerations.executeWithOptions({ summary: `drop point ${sequence} at ${to}` }, [
        { site: to, generations },
      ]);
    }
    await pointCleaned({ pointId });
  }
}
