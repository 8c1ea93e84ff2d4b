import { proxyActivities } from "@temporalio/workflow";
import type { ConnectionToTend } from "../../activities/connections.ts";
import type { Activities } from "../../activities/index.ts";
import { askCall, rowCall } from "../lib/activity-options.ts";
import { drillTunnels } from "../lib/drill-tunnels.ts";
import { describeFailure } from "../lib/failure.ts";
import { buildTunnels } from "../lib/tunnels.ts";

const { lookAtConnections } = proxyActivities<Activities>(askCall);
const { openConnection, claimDrill, recordConnection } = proxyActivities<Activities>(rowCall);

/** Looks at every connection, sets what is down again (a gateway that was restarted knows nothing of its tunnels), and drills what
 *  is due. */
export async function tendConnections(): Promise<void> {
  const toTend = await lookAtConnections.executeWithOptions({ summary: "look at all connections" }, []);
  await Promise.all(toTend.map(tend));
}

async function tend({ connectionId, generation, plan, down, drill }: ConnectionToTend): Promise<void> {
  // Somebody may take it down or exchange its keys meanwhile.
  const now = await openConnection({ connectionId });
  if ((now.state !== "connected" && now.state !== "waiting") || now.generation !== generation) return;
  if (drill) {
    if (await claimDrill({ connectionId })) await drillTunnels({ connectionId, generation, plan });
    return;
  }
  const tunnels = plan.tunnels.filter(({ index }) => down.includes(index));
  try {
    await buildTunnels({ connectionId, generation, plan }, tunnels);
    await recordConnection({ connectionId, patch: { problem: false } });
  } catch (error) {
    // As long as a person has not done their part, there is nothing wrong.
    if (now.state === "waiting") return;
    const { code, message } = describeFailure(error);
    await recordConnection({ connectionId, patch: { problem: { code, message } } });
  }
}
