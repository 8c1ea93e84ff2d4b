import type * as Compute from "@google-cloud/compute";
import type {
  LoadBalancer,
  LoadBalancersFacet,
  ScalingGroup,
  ScalingGroupsFacet,
  Tunnel,
  TunnelsFacet,
} from "../cloud-facets.ts";
import type { Subject } from "../failures.ts";
import type { Gcp } from "./client.ts";
import { seenOf } from "./labels.ts";
import { nameOf } from "./names.ts";
import type { Collection } from "./sdk.ts";

type ForwardingRule = Compute.protos.google.cloud.compute.v1.IForwardingRule;
type GroupManager = Compute.protos.google.cloud.compute.v1.IInstanceGroupManager;
type ManagedInstance = Compute.protos.google.cloud.compute.v1.IManagedInstance;
type Autoscaler = Compute.protos.google.cloud.compute.v1.IAutoscaler;
type Template = Compute.protos.google.cloud.compute.v1.IInstanceTemplate;
type VpnTunnel = Compute.protos.google.cloud.compute.v1.IVpnTunnel;
type VpnGateway = Compute.protos.google.cloud.compute.v1.IVpnGateway & { readonly network?: string | null };

/** Forwarding rules: what Google's load balancers take traffic in by, those of the site's region and the global ones. */
export class GcpLoadBalancers implements LoadBalancersFacet {
  readonly #gcp: Gcp;

  constructor(gcp: Gcp) {
    this.#gcp = gcp;
  }

  async *listLoadBalancers(signal: AbortSignal): AsyncGenerator<LoadBalancer> {
    const subject = { operation: "list load balancers", resource: this.#gcp.site };
    for (const collection of ["forwardingRules", "globalForwardingRules"] as const) {
      for await (const rule of this.#gcp.list<ForwardingRule>(collection, {}, subject, signal)) {
        // Such rules also lead to VPN gateways, and to services of others.
        if (!rule.backendService && !/\/target(?!VpnGateways)\w+\//.test(rule.target ?? "")) continue;
        yield toLoadBalancer(rule, collection === "globalForwardingRules");
      }
    }
  }
}

function toLoadBalancer(rule: ForwardingRule, isGlobal: boolean): LoadBalancer {
  const { loadBalancingScheme, network, subnetwork, creationTimestamp, serviceName } = rule;
  const name = rule.name ?? "";
  const scheme = loadBalancingScheme ?? "EXTERNAL";
  const address = rule.IPAddress;
  return {
    loadBalancerId: isGlobal ? `global/${name}` : name,
    name,
    type: scheme,
    state: "active",
    internetFacing: scheme.startsWith("EXTERNAL"),
    ...(address && { addresses: [address] }),
    ...(serviceName && { dnsName: serviceName }),
    ...(network && { virtualNetworkId: nameOf(network) }),
    networkIds: subnetwork ? [nameOf(subnetwork)] : [],
    ...(creationTimestamp && { createdAt: new Date(creationTimestamp).toISOString() }),
    tags: seenOf(rule).tags,
  };
}

/** Managed instance groups of the zone, and those of its region. */
export class GcpScalingGroups implements ScalingGroupsFacet {
  readonly #gcp: Gcp;

  constructor(gcp: Gcp) {
    this.#gcp = gcp;
  }

  async *listScalingGroups(signal: AbortSignal): AsyncGenerator<ScalingGroup> {
    const subject = { operation: "list managed instance groups", resource: this.#gcp.site };
    const networks = new Map<string, readonly string[]>();
    for (const [managers, autoscalers] of [
      ["instanceGroupManagers", "autoscalers"],
      ["regionInstanceGroupManagers", "regionAutoscalers"],
    ] as const) {
      const bounds = new Map<string, Autoscaler>();
      for await (const autoscaler of this.#gcp.list<Autoscaler>(autoscalers, {}, subject, signal))
        bounds.set(nameOf(autoscaler.target), autoscaler);
      for await (const manager of this.#gcp.list<GroupManager>(managers, {}, subject, signal)) {
        const networkIds = await this.#networksOf(manager, networks, subject, signal);
        yield await this.#toGroup(managers, manager, bounds.get(manager.name ?? ""), networkIds, subject, signal);
      }
    }
  }

  async #toGroup(
    collection: Collection,
    manager: GroupManager,
    autoscaler: Autoscaler | undefined,
    networkIds: readonly string[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<ScalingGroup> {
    const { targetSize, status, creationTimestamp } = manager;
    const name = manager.name ?? "";
    const { minNumReplicas, maxNumReplicas } = autoscaler?.autoscalingPolicy ?? {};
    const request = { instanceGroupManager: name };
    const members = this.#gcp.list<ManagedInstance>(collection, request, subject, signal, "listManagedInstances");
    const wantedVms = targetSize ?? 0;
    return {
      scalingGroupId: collection === "regionInstanceGroupManagers" ? `${this.#gcp.region}/${name}` : name,
      name,
      state: status?.isStable === false ? "changing" : "active",
      // Without an autoscaler it has the number that a person sets.
      minVms: minNumReplicas ?? wantedVms,
      maxVms: maxNumReplicas ?? wantedVms,
      wantedVms,
      vmIds: (await Array.fromAsync(members)).map(({ instance }) => nameOf(instance)).filter((id) => id !== ""),
      networkIds,
      ...(creationTimestamp && { createdAt: new Date(creationTimestamp).toISOString() }),
      tags: seenOf({ description: manager.description ?? undefined }).tags,
    };
  }

  /** What its template puts its instances in; templates of a region are left out. */
  async #networksOf(
    { instanceTemplate }: GroupManager,
    known: Map<string, readonly string[]>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    if (!instanceTemplate?.includes("/global/")) return [];
    const seen = known.get(instanceTemplate);
    if (seen) return seen;
    const request = { instanceTemplate: nameOf(instanceTemplate) };
    const template = await this.#gcp.find<Template>("instanceTemplates", request, subject, signal);
    const nics = template?.properties?.networkInterfaces ?? [];
    const ids = [...new Set(nics.map(({ subnetwork, network }) => nameOf(subnetwork ?? network)))].filter(Boolean);
    known.set(instanceTemplate, ids);
    return ids;
  }
}

/** Tunnels of Cloud VPN in the region, of both kinds of gateways. */
export class GcpTunnels implements TunnelsFacet {
  readonly #gcp: Gcp;

  constructor(gcp: Gcp) {
    this.#gcp = gcp;
  }

  async *listTunnels(signal: AbortSignal): AsyncGenerator<Tunnel> {
    const subject = { operation: "list VPN tunnels", resource: this.#gcp.site };
    const gateways = new Map<string, VpnGateway>();
    for (const collection of ["vpnGateways", "targetVpnGateways"] as const)
      for await (const gateway of this.#gcp.list<VpnGateway>(collection, {}, subject, signal))
        gateways.set(`${collection}/${gateway.name}`, gateway);
    for await (const tunnel of this.#gcp.list<VpnTunnel>("vpnTunnels", {}, subject, signal)) {
      const { vpnGateway, targetVpnGateway, vpnGatewayInterface, status, peerIp } = tunnel;
      const gateway = gateways.get(
        vpnGateway ? `vpnGateways/${nameOf(vpnGateway)}` : `targetVpnGateways/${nameOf(targetVpnGateway)}`,
      );
      const address = gateway?.vpnInterfaces?.find(({ id }) => (id ?? 0) === (vpnGatewayInterface ?? 0))?.ipAddress;
      const name = tunnel.name ?? "";
      yield {
        tunnelId: name,
        name,
        type: vpnGateway ? "HA_VPN" : "CLASSIC_VPN",
        state: status ?? "UNDEFINED_STATUS",
        ...(peerIp && { peerAddress: peerIp }),
        ...(gateway?.network && { virtualNetworkId: nameOf(gateway.network) }),
        ends: [{ ...(address && { address }), up: status === "ESTABLISHED" }],
        tags: seenOf(tunnel).tags,
      };
    }
  }
}
