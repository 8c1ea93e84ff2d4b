import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  patched,
  proxyActivities,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { makeSureOf, renewedLease } from "../../domain/fencing.ts";
import type { Lease, LeaseProof } from "../../domain/lease.ts";
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
  /** They were asked after nothing had proven it, so that the old site is not asked once more. */
  readonly asked?: boolean;
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
 * says that the VMs are off, its watchdog had to cut them off, or a person has made sure of it. The old site is asked while its
 * lease runs out, and what proves it first counts. To be called before anything of the group is started at the new site.
 * @param hear gets what ends when the old site is asked no more, which may be after this has returned: only then may somebody
 *   let its VMs go again.
 */
export async function takeOverLease(
  input: TakeOverInput,
  hear: (fencing: Promise<unknown>) => void = () => undefined,
): Promise<TakeOverResult> {
  if (input.planned) {
    const summary = `hand over to ${input.to}`;
    const lease = await leases.handOverLease.executeWithOptions({ summary }, [placeOf(input)]);
    return { outcome: "taken", proof: "handed-over", epoch: lease.epoch };
  }
  if (!patched("outwaits-while-fencing")) return takeInTurn(input);
  if (input.asked && input.confirmed) return takeOnWord(input, input.confirmed);
  const asking = new CancellationScope();
  const counting = new CancellationScope();
  const fencing = asking.run(() => fence(input));
  hear(fencing);
  let isAsked = true;
  const outwaiting = counting.run(() => outwait(input, () => isAsked));
  const answered = fencing.then((failed): First => ({ failed }));
  const { lease: expired, failed } = await Promise.race([
    answered,
    // What proves nothing waits for the site's own answer.
    outwaiting.then(
      async (lease): Promise<First> => (lease ? { lease } : answered),
      () => answered,
    ),
  ]);
  if (expired) {
    asking.cancel();
    return { outcome: "taken", proof: "expired", epoch: expired.epoch };
  }
  isAsked = false;
  // A lease that expires in this moment is taken once all the same: both take it as one change of holder.
  if (failed === undefined || input.confirmed) counting.cancel();
  if (failed === undefined) return takeFenced(input);
  if (input.confirmed) return takeOnWord(input, input.confirmed);
  const lease = await outwaiting;
  return lease ? { outcome: "taken", proof: "expired", epoch: lease.epoch } : ask(input, failed);
}

/** What came first: the lease, or the site's answer with why it failed, if it did. */
interface First {
  readonly lease?: Lease;
  readonly failed?: string | undefined;
}

/** The lease, once the old site's watchdog must have cut it off; undefined where none stands behind it. As long as the site is
 *  asked, one that renews it is waited for anew: it may be lost meanwhile. @throws ApplicationFailure Conflict when it renews it
 *  afterwards. */
async function outwait(input: TakeOverInput, isAsked: () => boolean): Promise<Lease | undefined> {
  const { groupId, from, lookEveryMs = usualLookMs } = input;
  for (;;) {
    const outwaited = await waiting.outwaitLease.executeWithOptions(
      { summary: `wait until ${from} has cut itself off` },
      [{ ...placeOf(input), lookEveryMs }],
    );
    if (outwaited.outcome === "taken") return outwaited.lease;
    if (outwaited.outcome === "unwatched") return undefined;
    if (isAsked()) continue;
    const { message, code, details } = renewedLease(groupId, from);
    throw ApplicationFailure.nonRetryable(message, code, { resource: details.resource, action: details.action });
  }
}

/** As runs that began earlier do it: the old site's answer first, and then its lease. */
async function takeInTurn(input: TakeOverInput): Promise<TakeOverResult> {
  const { from, confirmed, lookEveryMs = usualLookMs } = input;
  const fencingFailed = await fence(input);
  if (fencingFailed === undefined) return takeFenced(input);
  if (confirmed) return takeOnWord(input, confirmed);
  const summary = `wait until ${from} has cut itself off`;
  const lease = await waiting.takeExpiredLease.executeWithOptions({ summary }, [{ ...placeOf(input), lookEveryMs }]);
  return lease ? { outcome: "taken", proof: "expired", epoch: lease.epoch } : ask(input, fencingFailed);
}

async function takeFenced(input: TakeOverInput): Promise<TakeOverResult> {
  return take(input, { kind: "fenced" });
}

async function takeOnWord(input: TakeOverInput, { by, text }: { by: string; text: string }): Promise<TakeOverResult> {
  return take(input, { kind: "confirmed", by: `${by}: ${text}` });
}

async function take(
  input: TakeOverInput,
  proof: { kind: "fenced" } | { kind: "confirmed"; by: string },
): Promise<TakeOverResult> {
  const order = { ...placeOf(input), proof };
  const lease = await leases.takeLease.executeWithOptions({ summary: `take from ${input.from}` }, [order]);
  // It may have expired in that moment.
  return { outcome: "taken", proof: lease.proof ?? proof.kind, epoch: lease.epoch };
}

function ask({ from, vms }: TakeOverInput, fencingFailed: string): TakeOverResult {
  const names = vms.map(({ name }) => name);
  return { outcome: "ask", makeSureOf: makeSureOf({ site: from, names, fencingFailed }) };
}

function placeOf({ groupId, at, from, to, epoch, key }: TakeOverInput) {
  return { groupId, at, from, to, epoch, key };
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
