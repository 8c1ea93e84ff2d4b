import type { Network, NetworkFacet } from "../provider.ts";
import type { Azure } from "./client.ts";
import type { Placements, SeenSubnet } from "./placements.ts";

/** A network is a subnet here. */
export class AzureNetwork implements NetworkFacet {
  readonly #azure: Azure;
  readonly #placements: Placements;

  constructor(azure: Azure, placements: Placements) {
    this.#azure = azure;
    this.#placements = placements;
  }

  async *listNetworks(signal: AbortSignal): AsyncGenerator<Network> {
    const subject = { operation: "list subnets", resource: this.#azure.site };
    for (const seen of await this.#placements.subnets(subject, signal)) yield toNetwork(seen);
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
    virtualNetworkId: virtualNetwork.name ?? "",
  };
}
