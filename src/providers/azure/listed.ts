import type {
  LoadBalancer,
  LoadBalancersFacet,
  ScalingGroup,
  ScalingGroupsFacet,
  Tunnel,
  TunnelsFacet,
} from "../cloud-facets.ts";
import type { Azure } from "./client.ts";
import { parseId } from "./names.ts";
import { fromWire } from "./tags.ts";

/** Layer 4 load balancers. */
export class AzureLoadBalancers implements LoadBalancersFacet {
  readonly #azure: Azure;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  async *listLoadBalancers(signal: AbortSignal): AsyncGenerator<LoadBalancer> {
    const subject = { operation: "list load balancers", resource: this.#azure.site };
    const all = this.#azure.networkList(subject, signal, (client, { group, options }) =>
      client.loadBalancers.list(group, options),
    );
    for await (const { name = "", sku, provisioningState, frontendIPConfigurations = [], tags } of all) {
      const subnets = frontendIPConfigurations.flatMap(({ subnet }) => (subnet?.id ? [parseId(subnet.id)] : []));
      const virtualNetworkId = subnets[0]?.parent;
      yield {
        loadBalancerId: name,
        name,
        type: sku?.name ?? "Basic",
        state: provisioningState ?? "Unknown",
        internetFacing: frontendIPConfigurations.some(({ publicIPAddress }) => publicIPAddress !== undefined),
        ...(virtualNetworkId !== undefined && { virtualNetworkId }),
        networkIds: subnets.map((subnet) => `${subnet.parent}/${subnet.name}`),
        tags: fromWire(tags).tags,
      };
    }
  }
}

/** Virtual machine scale sets. */
export class AzureScalingGroups implements ScalingGroupsFacet {
  readonly #azure: Azure;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  /** A scale set has the number that it is to have; who scales it (Azure Monitor, a person) sets that. */
  async *listScalingGroups(signal: AbortSignal): AsyncGenerator<ScalingGroup> {
    const subject = { operation: "list scale sets", resource: this.#azure.site };
    const all = this.#azure.computeList(subject, signal, (client, { group, options }) =>
      client.virtualMachineScaleSets.list(group, options),
    );
    for await (const { name = "", sku, provisioningState, timeCreated, tags, virtualMachineProfile } of all) {
      const wantedVms = sku?.capacity ?? 0;
      const members = this.#azure.computeList(subject, signal, (client, { group, options }) =>
        client.virtualMachineScaleSetVMs.list(group, name, options),
      );
      const nics = virtualMachineProfile?.networkProfile?.networkInterfaceConfigurations ?? [];
      const subnets = nics.flatMap(({ ipConfigurations = [] }) =>
        ipConfigurations.flatMap(({ subnet }) => (subnet?.id ? [parseId(subnet.id)] : [])),
      );
      yield {
        scalingGroupId: name,
        name,
        state: provisioningState ?? "Unknown",
        minVms: wantedVms,
        maxVms: wantedVms,
        wantedVms,
        vmIds: await Array.fromAsync(members, (member) => member.name ?? ""),
        networkIds: [...new Set(subnets.map((subnet) => `${subnet.parent}/${subnet.name}`))],
        ...(timeCreated && { createdAt: timeCreated.toISOString() }),
        tags: fromWire(tags).tags,
      };
    }
  }
}

/** Connections of virtual network gateways. */
export class AzureTunnels implements TunnelsFacet {
  readonly #azure: Azure;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  async *listTunnels(signal: AbortSignal): AsyncGenerator<Tunnel> {
    const subject = { operation: "list VPN connections", resource: this.#azure.site };
    const all = this.#azure.networkList(subject, signal, (client, { group, options }) =>
      client.virtualNetworkGatewayConnections.list(group, options),
    );
    for await (const { name = "", connectionType, connectionStatus, localNetworkGateway2, tags } of all) {
      const peerAddress = localNetworkGateway2?.gatewayIpAddress;
      yield {
        tunnelId: name,
        name,
        type: connectionType ?? "IPsec",
        state: connectionStatus ?? "Unknown",
        ...(peerAddress !== undefined && { peerAddress }),
        ends: [{ up: connectionStatus === "Connected" }],
        tags: fromWire(tags).tags,
      };
    }
  }
}
