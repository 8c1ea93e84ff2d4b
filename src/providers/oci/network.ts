import type { FirewallRule, VmFirewall } from "../../domain/firewall.ts";
import type { Network, NetworkFacet } from "../provider.ts";
import type { Oci } from "./client.ts";
import { firewallOf, networkRules } from "./firewall.ts";
import { type Subnet, stateOf } from "./models.ts";
import { usualOf } from "./placements.ts";
import type { OciView } from "./view.ts";

/** A network is a subnet here. */
export class OciNetwork implements NetworkFacet {
  readonly #oci: Oci;
  readonly #view: OciView;

  constructor(oci: Oci, view: OciView) {
    this.#oci = oci;
    this.#view = view;
  }

  async *listNetworks(signal: AbortSignal): AsyncGenerator<Network> {
    const subject = { operation: "list subnets", resource: this.#oci.site };
    const subnets = await Array.fromAsync(this.#view.subnets(undefined, subject, signal));
    const usual = usualOf(subnets)?.id;
    for (const subnet of subnets) yield toNetwork(subnet, subnet.id === usual);
  }

  networkRules(networkId: string, signal: AbortSignal): Promise<FirewallRule[]> {
    return networkRules(this.#oci, networkId, signal);
  }

  firewallOf(vmId: string, signal: AbortSignal): Promise<VmFirewall> {
    return firewallOf(this.#oci, this.#view, vmId, signal);
  }
}

export function toNetwork(subnet: Subnet, isDefault = false): Network {
  const { id, displayName = id, cidrBlock, vcnId, availabilityDomain, lifecycleState } = subnet;
  return {
    networkId: id,
    name: displayName,
    kind: "subnet",
    active: stateOf({ lifecycleState }) === "AVAILABLE",
    ...(isDefault && { isDefault }),
    ...(cidrBlock && { cidr: cidrBlock }),
    // "Three IP addresses in each subnet", Oracle's networking overview: the first two and the last one.
    reserved: { first: 2, last: 1 },
    virtualNetworkId: vcnId,
    ...(availabilityDomain && { zone: availabilityDomain }),
  };
}
