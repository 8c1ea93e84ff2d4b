import { proxyActivities } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { type ConnectionPlan, type PlannedTunnel, tunnelName } from "../../domain/connection.ts";
import { askCall, undoCall } from "./activity-options.ts";
import type { Saga } from "./saga.ts";

const ask = proxyActivities<Activities>(askCall);
const undo = proxyActivities<Activities>(undoCall);

export interface TunnelsOf {
  readonly connectionId: string;
  readonly generation: number;
  readonly plan: ConnectionPlan;
}

/** Tells both ends of the tunnels, beside each other, then has the near one begin. With a saga, what to take away again is there
 *  before each end is told. */
export async function buildTunnels(of: TunnelsOf, tunnels: readonly PlannedTunnel[], saga?: Saga): Promise<void> {
  await setTunnels(of, tunnels, saga);
  const { connectionId, generation, plan } = of;
  await Promise.all(
    tunnels.map(({ index }) =>
      ask.bringUpTunnel.executeWithOptions({ summary: `bring tunnel ${index} up` }, [
        { site: plan.near.site, name: tunnelName(connectionId, index, generation) },
      ]),
    ),
  );
}

/** Tells the ends that are ours of the tunnels. */
export async function setTunnels(of: TunnelsOf, tunnels: readonly PlannedTunnel[], saga?: Saga): Promise<void> {
  const { connectionId, generation, plan } = of;
  await Promise.all(
    tunnels.flatMap((tunnel) => {
      const name = tunnelName(connectionId, tunnel.index, generation);
      return endsOf(plan, tunnel, name).map(({ site, end }) => {
        saga?.add({
          resource: `${site}/tunnel/${name}`,
          remove: `swanctl --terminate --ike ${name} at the gateway of ${site}`,
          undo: () => removeEnd(site, name),
        });
        return ask.putTunnelEnd.executeWithOptions({ summary: `tunnel ${tunnel.index} at ${site}` }, [{ site, end }]);
      });
    }),
  );
}

/** From each end to the other one, where that has an address that answers. */
export async function proveTunnels({ near, far }: ConnectionPlan): Promise<void> {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    if (to.probeAddress === undefined || from.device) continue;
    await ask.proveConnection.executeWithOptions({ summary: `${from.site} → ${to.probeAddress}` }, [
      { site: from.site, target: to.probeAddress },
    ]);
  }
}

/** Both ends of all tunnels with the keys of that generation. */
export async function removeTunnels(of: TunnelsOf): Promise<void> {
  const { plan } = of;
  await Promise.all(plan.tunnels.map(({ index }) => removeTunnel(of, index)));
}

/** Both ends of one. */
export async function removeTunnel({ connectionId, generation, plan }: TunnelsOf, index: number): Promise<void> {
  const name = tunnelName(connectionId, index, generation);
  const ours = [plan.near, plan.far].filter(({ device }) => device === undefined);
  await Promise.all(ours.map(({ site }) => removeEnd(site, name)));
}

function removeEnd(site: string, name: string): Promise<void> {
  return undo.removeTunnelEnd.executeWithOptions({ summary: `remove ${name} at ${site}` }, [{ site, name }]);
}

function endsOf({ near, far, parameters }: ConnectionPlan, { nearAddress, farAddress }: PlannedTunnel, name: string) {
  const shared = { name, parameters };
  const nearEnd = { ...shared, begins: true, address: nearAddress, peerAddress: farAddress };
  const farEnd = { ...shared, begins: false, address: farAddress, peerAddress: nearAddress };
  const nearOnly = { site: near.site, end: { ...nearEnd, networks: near.networks, peerNetworks: far.networks } };
  if (far.device) return [nearOnly];
  return [{ site: far.site, end: { ...farEnd, networks: far.networks, peerNetworks: near.networks } }, nearOnly];
}
