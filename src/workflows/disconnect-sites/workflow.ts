import { ApplicationFailure, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { rowCall } from "../lib/activity-options.ts";
import { describeFailure } from "../lib/failure.ts";
import { now } from "../lib/time.ts";
import { removeTunnels } from "../lib/tunnels.ts";
import { show } from "../lib/visibility.ts";
import type { DisconnectSitesInput, DisconnectSitesResult } from "./types.ts";

const { openConnection, recordConnection } = proxyActivities<Activities>(rowCall);

/** Takes a connection down at both ends. What can't be reached now keeps it, with the reason, and can be tried again. */
export async function disconnectSites({ connectionId }: DisconnectSitesInput): Promise<DisconnectSitesResult> {
  const { near, far, generation, device, plan } = await openConnection({ connectionId });
  const headline = `disconnect ${near} and ${far}`;
  show({ headline, phase: "removing", percent: 10 });
  try {
    if (plan) {
      await removeTunnels({ connectionId, generation, plan });
      // An exchange of keys that was given up may have left some of the next ones.
      await removeTunnels({ connectionId, generation: generation + 1, plan });
    }
  } catch (error) {
    const { code, message } = describeFailure(error);
    await recordConnection({
      connectionId,
      patch: { state: device ? "waiting" : "connected", problem: { code, message } },
    });
    throw ApplicationFailure.nonRetryable(message, code, { resource: `connection/${connectionId}` });
  }
  await recordConnection({ connectionId, patch: { state: "disconnected", problem: false, endedAt: now() } });
  show({ headline, phase: "disconnected", percent: 100 });
  return { connectionId };
}
