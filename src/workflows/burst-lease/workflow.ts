import {
  type ActivityOptions,
  CancellationScope,
  isCancellation,
  proxyActivities,
  sleep,
  workflowInfo,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { BurstOffer } from "../../domain/burst-offers.ts";
import { errorCodes } from "../../domain/errors.ts";
import { listenCall, rowCall, siteCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import { describeFailure } from "../lib/failure.ts";
import { now } from "../lib/time.ts";
import { show } from "../lib/visibility.ts";
import type { BurstLeaseInput } from "./types.ts";

/** Whatever a site says against an offer, the next one is tried at once; only a worker that died is tried again. A join waits
 *  for a boot. */
const offerCall: ActivityOptions = {
  ...siteCall,
  startToCloseTimeout: "10 minutes",
  scheduleToCloseTimeout: "15 minutes",
  retry: { ...siteCall.retry, nonRetryableErrorTypes: [...errorCodes] },
};
const offering = activitiesAtSites(offerCall, { waitMs: 15_000 });
const joining = proxyActivities<Activities>(offerCall);
const watching = proxyActivities<Activities>(listenCall);
const undo = activitiesAtSites(undoCall);
const undoPlain = proxyActivities<Activities>(undoCall);
const records = proxyActivities<Activities>(rowCall);

/** A site that can't be asked for an hour is asked again after so long, until it lets go of what is there. */
const removeAgain = "5 minutes";

interface Made {
  readonly offer: BurstOffer;
  readonly key: string;
  vmId?: string;
  targetId?: string;
}

type Opened = NonNullable<Awaited<ReturnType<Activities["beginLease"]>>>;

/** One VM of a pool, from its order to its end: whatever happens in between, what it has at sites is removed. */
export async function burstLease({ leaseId }: BurstLeaseInput): Promise<void> {
  const opened = await records.beginLease({ leaseId, runId: workflowInfo().runId });
  if (!opened) return;
  const note = (patch: Parameters<Activities["noteLease"]>[0]["patch"]) => records.noteLease({ leaseId, patch });
  const { vmName } = opened.lease;
  let made: Made | undefined;
  let cancelled: unknown;
  try {
    made = await obtain(opened, note);
    if (!made?.vmId) {
      await note({ state: "failed", endedAt: now() });
      show({ headline: vmName, phase: "failed", percent: 100 });
      return;
    }
    const { offer, vmId } = made;
    await note({ state: "serving", servingAt: now(), step: { step: "serving", at: now() } });
    show({ headline: `${vmName} at ${offer.site}`, phase: "serving", percent: 100, next: opened.lease.deadline });
    const summary = `until ${vmName} is to go`;
    const end = await watching.watchLease.executeWithOptions({ summary }, [{ leaseId, site: offer.site, vmId }]);
    await note({ state: "leaving", leaveReason: end.reason, step: { step: "leaving", at: now() } });
    await leave(opened, made, !end.gone);
    await note({ step: { step: "drained", at: now() } });
  } catch (error) {
    if (isCancellation(error)) cancelled = error;
    await CancellationScope.nonCancellable(async () => {
      const { code, message } = describeFailure(error);
      await note({ state: "leaving", problem: { code, message } });
    });
  }
  await CancellationScope.nonCancellable(async () => {
    if (made) await remove(opened, made, note);
    await note({ state: made ? "removed" : "failed", endedAt: now(), step: { step: "removed", at: now() } });
  });
  show({ headline: vmName, phase: "removed", percent: 100 });
  if (cancelled !== undefined) throw cancelled;
}

/** The first of the offers that gives a VM that serves. What another one left is removed before the next is tried. */
async function obtain(
  opened: Opened,
  note: (patch: Parameters<Activities["noteLease"]>[0]["patch"]) => Promise<void>,
): Promise<Made | undefined> {
  const { lease, balancer, port, userData } = opened;
  const { leaseId, vmName, offers } = lease;
  for (const [index, offer] of offers.entries()) {
    const { site, instanceType } = offer;
    const made: Made = { offer, key: `${leaseId}-${index + 1}` };
    const as = instanceType === undefined ? "" : ` as ${instanceType}`;
    show({ headline: vmName, phase: `at ${site}`, percent: 0, next: `create it${as}` });
    await note({ state: "creating", offer, step: { step: `try ${site}${as}`, at: now() } });
    try {
      const create = userData === undefined ? offer.create : { ...offer.create, userData };
      const summary = `create ${vmName} at ${site}${as}`;
      made.vmId = await offering.createVm.executeWithOptions({ summary }, [
        { site, key: made.key, create, volumes: [], ...(instanceType === undefined ? {} : { instanceType }) },
      ]);
      await note({ vmId: made.vmId, step: { step: "created", at: now() } });
      await offering.startVm.executeWithOptions({ summary: `start ${vmName}` }, [{ site, vmId: made.vmId }]);
      await note({ state: "joining", step: { step: "started", at: now() } });
      const { targetId } = await joining.joinBurst.executeWithOptions({ summary: `${vmName} answers, and joins` }, [
        {
          ...{ site, vmId: made.vmId },
          ...(port === undefined ? {} : { port }),
          ...(balancer ? { balancer } : {}),
        },
      ]);
      if (targetId !== undefined) {
        made.targetId = targetId;
        await note({ targetId });
      }
      await records.noteOffer({ offer: brief(offer) });
      return made;
    } catch (error) {
      await CancellationScope.nonCancellable(() => remove(opened, made, note));
      if (isCancellation(error)) throw error;
      const { code, message } = describeFailure(error);
      await note({ problem: { site, code, message } });
      await records.noteOffer({ offer: brief(offer), failed: { code } });
    }
  }
  return undefined;
}

async function leave({ balancer, port }: Opened, { offer, vmId, targetId }: Made, drain: boolean): Promise<void> {
  if (!balancer || vmId === undefined || port === undefined) return;
  const summary = drain ? "let what is under way end" : "take it off";
  await undoPlain.leaveBurst.executeWithOptions({ summary }, [
    {
      ...{ balancer, drain, vm: { site: offer.site, vmId, port } },
      ...(targetId === undefined ? {} : { targetId }),
    },
  ]);
}

/** Until nothing is left; a site that is away is asked again and again. */
async function remove(
  opened: Opened,
  made: Made,
  note: (patch: Parameters<Activities["noteLease"]>[0]["patch"]) => Promise<void>,
): Promise<void> {
  const { offer, key, vmId } = made;
  for (;;) {
    try {
      await leave(opened, made, false);
      await undo.removeBurst.executeWithOptions({ summary: `remove it at ${offer.site}` }, [
        { site: offer.site, key, ...(vmId === undefined ? {} : { vmId }) },
      ]);
      return;
    } catch (error) {
      const { code, message } = describeFailure(error);
      await note({ problem: { site: offer.site, code, message } });
      await sleep(removeAgain, { summary: "until it is removed again" });
    }
  }
}

function brief({ site, instanceType, capacityType }: BurstOffer) {
  return { site, capacityType, ...(instanceType === undefined ? {} : { instanceType }) };
}
