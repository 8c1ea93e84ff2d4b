import type {
  LoadBalancer,
  LoadBalancersFacet,
  ScalingGroup,
  ScalingGroupsFacet,
  Tunnel,
  TunnelsFacet,
} from "../cloud-facets.ts";
import type { Subject } from "../failures.ts";
import type { Oci } from "./client.ts";
import { isoOf, stateOf } from "./models.ts";
import { fromWire } from "./tags.ts";
import { alive, items } from "./view.ts";

const limit = 100;

/** Load balancers of the application kind; network load balancers are another service of Oracle's. */
export class OciLoadBalancers implements LoadBalancersFacet {
  readonly #oci: Oci;

  constructor(oci: Oci) {
    this.#oci = oci;
  }

  async *listLoadBalancers(signal: AbortSignal): AsyncGenerator<LoadBalancer> {
    const subject = { operation: "list load balancers", resource: this.#oci.site };
    const compartmentId = await this.#oci.compartment();
    const all = items((page) =>
      this.#oci.balancers.call("listLoadBalancers", { compartmentId, limit, page }, subject, signal),
    );
    for await (const balancer of alive(all)) {
      const { id, displayName, shapeName, isPrivate, subnetIds = [], ipAddresses = [], timeCreated } = balancer;
      const leastMbps = balancer.shapeDetails?.minimumBandwidthInMbps;
      yield {
        loadBalancerId: id,
        name: displayName,
        type: shapeName,
        state: stateOf(balancer),
        internetFacing: isPrivate !== true,
        addresses: ipAddresses.flatMap(({ ipAddress }) => (ipAddress ? [ipAddress] : [])),
        networkIds: subnetIds,
        ...(leastMbps !== undefined && { leastMbps }),
        createdAt: isoOf(timeCreated),
        tags: fromWire(balancer).tags,
      };
    }
  }
}

/** Instance pools. Who scales one (an autoscaling configuration, a person) sets its size. */
export class OciScalingGroups implements ScalingGroupsFacet {
  readonly #oci: Oci;

  constructor(oci: Oci) {
    this.#oci = oci;
  }

  async *listScalingGroups(signal: AbortSignal): AsyncGenerator<ScalingGroup> {
    const subject = { operation: "list instance pools", resource: this.#oci.site };
    const compartmentId = await this.#oci.compartment();
    const { management } = this.#oci;
    const pools = items((page) =>
      management.call("listInstancePools", { compartmentId, limit, page }, subject, signal),
    );
    for await (const pool of alive(pools)) {
      const { id, displayName, size, timeCreated } = pool;
      yield {
        scalingGroupId: id,
        name: displayName ?? id,
        state: stateOf(pool),
        minVms: size,
        maxVms: size,
        wantedVms: size,
        vmIds: await this.#members(id, compartmentId, subject, signal),
        networkIds: await this.#subnets(id, subject, signal),
        createdAt: isoOf(timeCreated),
        tags: fromWire(pool).tags,
      };
    }
  }

  async #members(instancePoolId: string, compartmentId: string, subject: Subject, signal: AbortSignal) {
    const { management } = this.#oci;
    const request = { instancePoolId, compartmentId, limit };
    const members = items((page) =>
      management.call("listInstancePoolInstances", { ...request, page }, subject, signal),
    );
    return (await Array.fromAsync(members)).map(({ id }) => id);
  }

  async #subnets(instancePoolId: string, subject: Subject, signal: AbortSignal): Promise<string[]> {
    const { instancePool } = await this.#oci.management.call("getInstancePool", { instancePoolId }, subject, signal);
    const ids = instancePool.placementConfigurations.map(
      ({ primarySubnetId, primaryVnicSubnets }) => primaryVnicSubnets?.subnetId ?? primarySubnetId,
    );
    return [...new Set(ids.filter((id) => id !== undefined))];
  }
}

/** IPSec connections of Site-to-Site VPN. */
export class OciTunnels implements TunnelsFacet {
  readonly #oci: Oci;

  constructor(oci: Oci) {
    this.#oci = oci;
  }

  async *listTunnels(signal: AbortSignal): AsyncGenerator<Tunnel> {
    const subject = { operation: "list IPSec connections", resource: this.#oci.site };
    const compartmentId = await this.#oci.compartment();
    const { network } = this.#oci;
    const connections = items((page) =>
      network.call("listIPSecConnections", { compartmentId, limit, page }, subject, signal),
    );
    for await (const connection of alive(connections)) {
      const { id: ipscId, displayName } = connection;
      const ends = await Array.fromAsync(
        items((page) => network.call("listIPSecConnectionTunnels", { ipscId, limit, page }, subject, signal)),
      );
      const peerAddress = ends.find(({ cpeIp }) => cpeIp)?.cpeIp;
      yield {
        tunnelId: ipscId,
        ...(displayName && { name: displayName }),
        type: "ipsec",
        state: stateOf(connection),
        ...(peerAddress && { peerAddress }),
        ends: ends.map(({ vpnIp, status, timeStatusUpdated }) => ({
          ...(vpnIp && { address: vpnIp }),
          up: String(status) === "UP",
          ...(timeStatusUpdated && { since: isoOf(timeStatusUpdated) }),
        })),
        tags: fromWire(connection).tags,
      };
    }
  }
}
