import { ApplicationFailure, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { ProtectionGroup } from "../../domain/protection.ts";
import { askCall, rowCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import type { ReleaseGroupInput, ReleaseGroupResult } from "./types.ts";

const atSites = activitiesAtSites(askCall, { waitMs: 10_000 });
const leases = proxyActivities<Activities>(askCall);
const { groupNow, noteProtection } = proxyActivities<Activities>(rowCall);

/**
 * Ends the hold of a group's VMs that were cut off at the site which may write, on a person's word. They stay off. Refused as
 * long as another site holds the lease, or a failover decides who may.
 */
export async function releaseGroup(input: ReleaseGroupInput): Promise<ReleaseGroupResult> {
  const { groupId, key, by, madeSureOf } = input;
  const { epoch, writableSite: site, replicatesTo, members, takeover } = await groupNow({ groupId });
  if (site === undefined || takeover !== undefined) throw refused(groupId, "a failover decides which site may write");
  const at = replicatesTo ?? site;
  await leases.holdLease.executeWithOptions({ summary: `ask ${at} whether ${site} may write` }, [
    { groupId, at, site, epoch, key },
  ]);
  const vmIds = members.map(({ vmId }) => vmId);
  await atSites.releaseGroupFence.executeWithOptions({ summary: `release ${vmIds.length} VM(s) at ${site}` }, [
    { site, groupId, vmIds },
  ]);
  if (!isStill(await groupNow({ groupId }), { epoch, site })) {
    // Who took the group meanwhile counts on the hold that was just ended.
    await atSites.fenceGroup.executeWithOptions({ summary: `hold the VMs at ${site} again` }, [
      { site, groupId, epoch, vmIds },
    ]);
    throw refused(groupId, "a failover took it meanwhile; its VMs are held again");
  }
  await noteProtection({
    groupId,
    type: "lease",
    message: `${by} released its VMs at ${site}, and made sure of this: ${madeSureOf}`,
    data: { site, epoch, by, vmIds },
    dedupeKey: `released/${key}`,
  });
  return { site, vmIds };
}

function isStill(now: ProtectionGroup, { epoch, site }: { epoch: number; site: string }): boolean {
  return now.epoch === epoch && now.writableSite === site && now.takeover === undefined;
}

function refused(groupId: string, reason: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `Could not release the VMs of protection-group/${groupId}: ${reason}.`,
    "Conflict",
    {
      resource: `protection-group/${groupId}`,
      action: "See novacron protection show.",
    },
  );
}
