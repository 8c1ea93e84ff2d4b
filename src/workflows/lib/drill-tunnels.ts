import { CancellationScope, proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { ConnectionDrill, DrilledTunnel } from "../../domain/connection.ts";
import { rowCall } from "./activity-options.ts";
import { describeFailure } from "./failure.ts";
import { now } from "./time.ts";
import { buildTunnels, proveTunnels, removeTunnel, type TunnelsOf } from "./tunnels.ts";

const { recordConnection } = proxyActivities<Activities>(rowCall);

/**
 * Takes each tunnel of a connection down in its turn, sends packets both ways by the other one, and sets it again. The next one's
 * turn comes only when all are up: traffic always has a way. What was found is kept with the connection.
 */
export async function drillTunnels(of: TunnelsOf): Promise<ConnectionDrill> {
  const { connectionId, plan } = of;
  const at = now();
  const tunnels: DrilledTunnel[] = [];
  for (const tunnel of plan.tunnels) {
    const { index } = tunnel;
    let failure: string | undefined;
    try {
      await removeTunnel(of, index);
      await proveTunnels(plan);
    } catch (error) {
      failure = describeFailure(error).message;
    }
    // Whatever came of it, and whoever ends the run.
    const again = await CancellationScope.nonCancellable(async () => {
      try {
        await buildTunnels(of, [tunnel]);
        return undefined;
      } catch (error) {
        return describeFailure(error).message;
      }
    });
    tunnels.push({
      index,
      ...(failure === undefined ? {} : { failure }),
      ...(again === undefined ? {} : { notSetAgain: again }),
    });
    if (failure !== undefined || again !== undefined) break;
  }
  const passed = tunnels.length === plan.tunnels.length && tunnels.every((one) => !one.failure && !one.notSetAgain);
  const drill = { at, passed, tunnels };
  await CancellationScope.nonCancellable(() =>
    recordConnection({ connectionId, patch: { state: "connected", drill } }),
  );
  return drill;
}
