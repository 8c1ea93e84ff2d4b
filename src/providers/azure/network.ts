import type { VmFirewall } from "../../domain/firewall.ts";
import type { Network, NetworkFacet } from "../provider.ts";
import type { Azure } from "./client.ts";
import { firewallOf } from "./firewall.ts";
import type { Placements, SeenSubnet } from "./placements.ts";
import type { View } from "./view.ts";

/** A network is a subnet here. */
export class AzureNetwork implements NetworkFacet {
  readonly #azure: Azure;
  readonly #placements: Placements;
  readonly #view: View;

  constructor(azure: Azure, placements: Placements, view: View) {
    this.#azure = azure;
    this.#placements = placements;
    this.#view = view;
  }

  async *listNetworks(signal: AbortSignal): AsyncGenerator<Network> {
    const subject = { operation: "list subnets", resource: this.#azure.site };
    for (const seen of await this.#placements.subnets(subject, signal)) yield toNetwork(seen);
  }

  firewallOf(vmId: string, signal: AbortSignal): Promise<VmFirewall> {
    return firewallOf(this.#azure, this.#view, vmId, signal);
  }
}

export function toNetwork({ networkId, virtualNetwork, subnet, isDefault }: SeenSubnet): Network {
  const cidr = subnet.addressPrefix ?? subnet.addressPrefixes?.[0];
  return {
    networkId,
    name: subnet.name ?? networkId,
    kind: "subnet",
    active: subnet.provisioningState === undefined || subnet.provisioningState === "Succeeded",
    ...(isDefault && { isDefault }),
    ...(cidr !== undefined && { cidr }),
    // "Are there any restrictions on using IP addresses within these subnets?", Azure's virtual network FAQ: four and one.
    reserved: { first: 4, last: 1 },
    virtualNetworkId: virtualNetwork.name ?? "",
  };
}
