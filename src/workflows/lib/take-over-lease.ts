import { ActivityFailure, ApplicationFailure, isCancellation, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { makeSureOf } from "../../domain/fencing.ts";
import type { LeaseProof } from "../../domain/lease.ts";
import { bulkCall, siteCall } from "./activity-options.ts";
import { activitiesAtSites } from "./at-sites.ts";

export interface TakeOverInput {
  readonly groupId: string;
  /** Where the lease lies. */
  readonly at: string;
  readonly from: string;
  readonly to: string;
  /** Of the lease as `from` holds it. */
  readonly epoch: number;
  /** The group's VMs at `from`. */
  readonly vms: readonly { readonly vmId: string; readonly name: string }[];
  /** Of this one change of holder. */
  readonly key: string;
  /** The VMs are stopped already, and nothing that they wrote is missing. */
  readonly planned?: boolean;
  /** A person has made sure of what {@link TakeOverResult} asked for. */
  readonly confirmed?: { readonly by: string; readonly text: string };
  /** How long the old site's API has to turn the VMs off. */
  readonly fenceWithinMs?: number;
  readonly lookEveryMs?: number;
}

export type TakeOverResult =
  | { readonly outcome: "taken"; readonly proof: LeaseProof; readonly epoch: number }
  /** Nothing proves that nobody writes at the old site any more; the group must not be brought up yet. */
  | { readonly outcome: "ask"; readonly makeSureOf: readonly string[] };

const leases = proxyActivities<Activities>(siteCall);
const waiting = proxyActivities<Activities>(bulkCall);
const usualFenceMs = 60_000;
const usualLookMs = 1_000;

/**
 * Lets another site write as the group. Before it says so one of these is true: the old site has stopped by itself, its API
 * says that the VMs are off, its watchdog had to cut them off, or a person has made sure of it. To be called before anything of
 * the group is started at the new site.
 */
export async function takeOverLease(input: TakeOverInput): Promise<TakeOverResult> {
  const { groupId, at, from, to, epoch, key, vms, confirmed } = input;
  const place = { groupId, at, from, to, epoch, key };
  if (input.planned) {
    const lease = await leases.handOverLease.executeWithOptions({ summary: `hand over to ${to}` }, [place]);
    return { outcome: "taken", proof: "handed-over", epoch: lease.epoch };
  }
  const fencingFailed = await fence(input);
  if (fencingFailed === undefined) {
    const proof = { kind: "fenced" } as const;
    const lease = await leases.takeLease.executeWithOptions({ summary: `take from ${from}` }, [{ ...place, proof }]);
    return { outcome: "taken", proof: "fenced", epoch: lease.epoch };
  }
  if (confirmed) {
    const proof = { kind: "confirmed", by: `${confirmed.by}: ${confirmed.text}` } as const;
    const lease = await leases.takeLease.executeWithOptions({ summary: `take from ${from}` }, [{ ...place, proof }]);
    return { outcome: "taken", proof: "confirmed", epoch: lease.epoch };
  }
  const summary = `wait until ${from} has cut itself off`;
  const lookEveryMs = input.lookEveryMs ?? usualLookMs;
  const lease = await waiting.takeExpiredLease.executeWithOptions({ summary }, [{ ...place, lookEveryMs }]);
  if (lease) return { outcome: "taken", proof: "expired", epoch: lease.epoch };
  return { outcome: "ask", makeSureOf: makeSureOf({ site: from, names: vms.map(({ name }) => name), fencingFailed }) };
}

/** Why the old site could not be made to stop; undefined when it has. */
async function fence({ from, groupId, epoch, vms, fenceWithinMs }: TakeOverInput): Promise<string | undefined> {
  const withinMs = fenceWithinMs ?? usualFenceMs;
  const { fenceGroup } = activitiesAtSites(
    { ...siteCall, startToCloseTimeout: withinMs, scheduleToCloseTimeout: withinMs },
    // A site of which nobody is there is what this is for.
    { waitMs: 0 },
  );
  try {
    const vmIds = vms.map(({ vmId }) => vmId);
    await fenceGroup.executeWithOptions({ summary: `turn off at ${from}` }, [{ site: from, groupId, epoch, vmIds }]);
    return undefined;
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (error instanceof ActivityFailure) return error.cause?.message ?? error.message;
    // Only its own workers reach it, and none is there.
    if (error instanceof ApplicationFailure) return error.message;
    throw error;
  }
}
