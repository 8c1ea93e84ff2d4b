import { Context } from "@temporalio/activity";
import { overlapsBetween, type PlannedRange, whyNotRouted } from "../domain/address-plan.ts";
import { readRange } from "../domain/address-range.ts";
import {
  type Connection,
  type ConnectionEnd,
  type ConnectionPlan,
  type ConnectionSight,
  type FarDevice,
  haveSeparatePaths,
  isDrillDue,
  type PathSight,
  planTunnels,
  tunnelName,
  whyDegraded,
} from "../domain/connection.ts";
import { ProviderError } from "../domain/errors.ts";
import { agreeIpsec } from "../domain/ipsec.ts";
import type { GatewayFacet, TunnelEnd } from "../providers/gateway-facet.ts";
import type { ConnectionPatch } from "../store/index.ts";
import type { ActivityDeps } from "./deps.ts";

/** What is to be done about a connection that stands. */
export interface ConnectionToTend {
  readonly connectionId: string;
  readonly generation: number;
  readonly plan: ConnectionPlan;
  /** Tunnels that are down, by their index. */
  readonly down: readonly number[];
  /** All are up, and it is time for a drill. */
  readonly drill: boolean;
}

export function connectionActivities({ registry, store, network, log }: ActivityDeps) {
  const gatewayOf = async (site: string): Promise<GatewayFacet> => {
    const { tunnels, capabilities } = await registry.provider(site);
    if (tunnels?.gateway) return tunnels.gateway;
    throw new ProviderError("UnsupportedCapability", {
      operation: "connect sites",
      resource: `site/${site}`,
      reason: capabilities["tunnels.connect"] ?? "it has no VPN gateway",
      action: "Name two sites that have one.",
    });
  };
  const endOf = async (site: string): Promise<ConnectionEnd> => {
    const gateway = await gatewayOf(site);
    return { site, ...(await gateway.describeGateway(Context.current().cancellationSignal)) };
  };

  return {
    /** Asks both ends, and settles what they are told. Changes nothing. */
    async planConnection(input: { from: string; to: string; device?: FarDevice }): Promise<ConnectionPlan> {
      const subject = { operation: "connect sites", resource: `${input.from} ↔ ${input.to}` };
      await refuseByConfiguration(subject);
      const [near, far] = await Promise.all([
        endOf(input.from),
        input.device ? endOfDevice(input.device) : endOf(input.to),
      ]);
      refuseUnroutable(near, far, await store.connections.connected());
      const parameters = agreeIpsec("strongswan", input.device?.kind ?? "strongswan", network.encryption);
      if (!parameters) {
        throw new ProviderError("UnsupportedCapability", {
          ...subject,
          reason: `the two ends have no ${network.encryption} proposal in common`,
          action: "Ask for another `network_config.encryption`.",
        });
      }
      const tunnels = planTunnels(near, far);
      return { near, far, parameters, tunnels, separatePaths: haveSeparatePaths(tunnels) };
    },

    async openConnection(input: { connectionId: string }): Promise<Connection> {
      const connection = await store.connections.get(input.connectionId);
      if (connection) return connection;
      throw new ProviderError("NotFound", {
        operation: "open a connection",
        resource: `connection/${input.connectionId}`,
        reason: "there is no such connection",
        action: "See novacron connections list.",
      });
    },

    async putTunnelEnd(input: { site: string; end: TunnelEnd }): Promise<void> {
      const { site, end } = input;
      const key = await network.keyOf?.(end.name);
      if (key === undefined) throw noKey({ operation: "set a tunnel", resource: `${site}/tunnel/${end.name}` });
      await (await gatewayOf(site)).putTunnel(end, key, Context.current().cancellationSignal);
    },

    async bringUpTunnel(input: { site: string; name: string }): Promise<void> {
      await (await gatewayOf(input.site)).bringUp(input.name, Context.current().cancellationSignal);
    },

    /** One that is gone is fine. */
    async removeTunnelEnd(input: { site: string; name: string }): Promise<void> {
      await (await gatewayOf(input.site)).removeTunnel(input.name, Context.current().cancellationSignal);
    },

    /** From behind one gateway to behind the other and back. @throws ProviderError Unavailable where nothing comes back. */
    async proveConnection(input: { site: string; target: string }): Promise<PathSight> {
      const seen = await (await gatewayOf(input.site)).measure(input.target, Context.current().cancellationSignal);
      if (seen.lossRatio < 1) return seen;
      throw new ProviderError("Unavailable", {
        operation: "reach the other end",
        resource: `${input.site} → ${input.target}`,
        reason: "the tunnels are up and nothing comes back through them",
        action:
          "See that both gateways route each other's networks into their tunnels, and that their filters let it pass.",
      });
    },

    /** Whether the connection is the caller's to drill now. */
    async claimDrill(input: { connectionId: string }): Promise<boolean> {
      return store.connections.move(input.connectionId, ["connected"], "drilling");
    },

    async recordConnection(input: { connectionId: string; patch: ConnectionPatch }): Promise<void> {
      await store.connections.update(input.connectionId, input.patch);
    },

    /** Looks at all that stand, keeps what was seen, and returns those that want something. */
    async lookAtConnections(): Promise<readonly ConnectionToTend[]> {
      const toTend: ConnectionToTend[] = [];
      for (const connection of await store.connections.connected()) {
        const { connectionId, generation, plan } = connection;
        if (!plan) continue;
        const seen = await look(connectionId, generation, plan);
        await store.connections.update(connectionId, { seen });
        // A person has done their part.
        if (connection.state === "waiting" && seen.up.every(Boolean)) {
          await store.connections.move(connectionId, ["waiting"], "connected");
        }
        const down = seen.up.flatMap((isUp, index) => (isUp ? [] : [index]));
        const drill = down.length === 0 && isDrillDue(connection, network.drillIntervalMs, Date.now());
        if (down.length > 0 || drill) toTend.push({ connectionId, generation, plan, down, drill });
      }
      return toTend;
    },
  };

  async function look(connectionId: string, generation: number, plan: ConnectionPlan): Promise<ConnectionSight> {
    const { near, far, tunnels } = plan;
    const signal = Context.current().cancellationSignal;
    const names = tunnels.map(({ index }) => tunnelName(connectionId, index, generation));
    const at = new Date().toISOString();
    try {
      const gateway = await gatewayOf(near.site);
      const up = await gateway.tunnelsUp(names, signal);
      const measured =
        far.probeAddress === undefined || !up.some(Boolean)
          ? undefined
          : await gateway.measure(far.probeAddress, signal);
      const sight = { at, up, ...(measured ? { path: measured } : {}) };
      const degraded = whyDegraded(sight, network.latencyTargetMs);
      return { ...sight, ...(degraded === undefined ? {} : { degraded }) };
    } catch (error) {
      if (signal.aborted) throw error;
      log.warn(`could not look at connection ${connectionId}`, error);
      const reason = error instanceof Error ? error.message : String(error);
      return { at, up: names.map(() => false), degraded: reason };
    }
  }

  async function refuseByConfiguration(subject: { operation: string; resource: string }): Promise<void> {
    if (!network.vpn) {
      throw new ProviderError("PolicyBlocked", {
        ...subject,
        reason: "the configuration has `network_config.enable_vpn: false`",
        action: "Change it where connections are wanted.",
      });
    }
    if (network.vpnType !== "ipsec") {
      throw new ProviderError("UnsupportedCapability", {
        ...subject,
        reason: `there is no adapter for \`network_config.vpn_type: ${network.vpnType}\``,
        action: "Set it to `ipsec`.",
      });
    }
    if (!network.keyOf) throw noKey(subject);
    // Before anything is built: a store of secrets that is away, a secret that could be guessed.
    await network.keyOf("trial");
  }
}

function noKey(subject: { operation: string; resource: string }): ProviderError {
  return new ProviderError("InvalidInput", {
    ...subject,
    reason: "there is nothing to make keys of tunnels from",
    action: "Set `network_config.tunnel_key` to a secret of at least 32 characters, best out of a secret store.",
  });
}

/** Before anything is built: addresses that lead nowhere, or to more than one place. */
function refuseUnroutable(near: ConnectionEnd, far: ConnectionEnd, others: readonly Connection[]): void {
  const subject = { operation: "connect sites", resource: `${near.site} ↔ ${far.site}` };
  for (const { site, networks } of [near, far]) {
    for (const cidr of networks) {
      const range = readRange(cidr);
      const reason = range ? whyNotRouted(range) : "it is no range";
      if (reason === undefined) continue;
      throw new ProviderError("InvalidInput", {
        ...subject,
        reason: `${cidr} of ${site} can't be reached from elsewhere: ${reason}`,
        action: "Correct `vpn_gateway.networks` of the site.",
      });
    }
  }
  const known = others
    .flatMap(({ plan }) => (plan ? [plan.near, plan.far] : []))
    .filter(({ site }) => site !== far.site && site !== near.site);
  const [clash] = [
    ...overlapsBetween(rangesOf(near), rangesOf(far)),
    // What either end reaches already must stay one place.
    ...known.flatMap((other) => [
      ...overlapsBetween(rangesOf(near), rangesOf(other)),
      ...overlapsBetween(rangesOf(far), rangesOf(other)),
    ]),
  ];
  if (!clash) return;
  throw new ProviderError("Conflict", {
    ...subject,
    reason: `${clash.first.cidr} of ${clash.first.site} overlaps ${clash.second.cidr} of ${clash.second.site}`,
    action: "See novacron addresses plan for ranges that are free; renumber one of them, or translate it.",
  });
}

function endOfDevice({ name, kind, ...view }: FarDevice): ConnectionEnd {
  return { site: name, device: kind, ...view };
}

function rangesOf({ site, networks }: ConnectionEnd): PlannedRange[] {
  return networks.map((cidr) => ({ site, networkId: site, name: site, cidr }));
}
