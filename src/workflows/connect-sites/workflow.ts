import { ApplicationFailure, CancellationScope, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { askCall, rowCall } from "../lib/activity-options.ts";
import { describeFailure } from "../lib/failure.ts";
import { Saga } from "../lib/saga.ts";
import { now } from "../lib/time.ts";
import { buildTunnels, proveTunnels, setTunnels } from "../lib/tunnels.ts";
import { show } from "../lib/visibility.ts";
import type { ConnectSitesInput, ConnectSitesResult } from "./types.ts";

const { planConnection } = proxyActivities<Activities>(askCall);
const { openConnection, recordConnection } = proxyActivities<Activities>(rowCall);

/**
 * Connects two sites: both are asked, what they are told is settled, both are told at once, the tunnels come up, and packets go
 * through them both ways. A failure or a cancellation takes away what was set at either end.
 */
export async function connectSites({ connectionId }: ConnectSitesInput): Promise<ConnectSitesResult> {
  const saga = new Saga();
  const { near, far, device, generation } = await openConnection({ connectionId });
  const headline = `connect ${near} and ${far}`;
  try {
    show({ headline, phase: "planning", percent: 5 });
    const plan = await planConnection.executeWithOptions({ summary: `ask ${near} and ${far}` }, [
      { from: near, to: far, ...(device ? { device } : {}) },
    ]);
    await recordConnection({ connectionId, patch: { plan } });
    show({ headline, phase: "building", percent: 20 });
    if (device) {
      await setTunnels({ connectionId, generation, plan }, plan.tunnels, saga);
      await recordConnection({ connectionId, patch: { state: "waiting", keysAt: now(), problem: false } });
      show({ headline, phase: "waiting", percent: 90, next: `somebody configures ${far}` });
      return { connectionId, state: "waiting" };
    }
    await buildTunnels({ connectionId, generation, plan }, plan.tunnels, saga);
    show({ headline, phase: "proving", percent: 80 });
    await proveTunnels(plan);
    await recordConnection({ connectionId, patch: { state: "connected", keysAt: now(), problem: false } });
    show({ headline, phase: "connected", percent: 100 });
    return { connectionId, state: "connected" };
  } catch (error) {
    return await CancellationScope.nonCancellable(async () => {
      const { code, message } = describeFailure(error);
      show({ headline, phase: "undoing", percent: 90 });
      await recordConnection({ connectionId, patch: { state: "undoing" } });
      const leftBehind = await saga.compensate({ keepEvidence: false });
      const problem = { code, message, ...(leftBehind.length > 0 ? { leftBehind } : {}) };
      await recordConnection({ connectionId, patch: { state: "failed", problem, endedAt: now() } });
      show({ headline, phase: "failed", percent: 100 });
      throw ApplicationFailure.nonRetryable(message, code, { resource: `connection/${connectionId}` });
    });
  }
}
