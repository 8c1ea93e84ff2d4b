import type * as Compute from "@google-cloud/compute";
import type { FirewallRule, VmFirewall } from "../../domain/firewall.ts";
import { invalid, type Subject } from "../failures.ts";
import type { Network, NetworkFacet } from "../provider.ts";
import type { Gcp } from "./client.ts";
import { firewallOf, networkRules } from "./firewall.ts";
import { described } from "./labels.ts";
import { nameOf } from "./names.ts";

type Subnetwork = Compute.protos.google.cloud.compute.v1.ISubnetwork;

export const defaultNetwork = "default";

/** Subnetworks of the region: a VM's network interface is in one of them. */
export class GcpNetwork implements NetworkFacet {
  readonly #gcp: Gcp;

  constructor(gcp: Gcp) {
    this.#gcp = gcp;
  }

  async *listNetworks(signal: AbortSignal): AsyncGenerator<Network> {
    const subject = { operation: "list networks", resource: this.#gcp.site };
    for await (const subnetwork of this.#gcp.list<Subnetwork>("subnetworks", {}, subject, signal)) {
      yield toNetwork(subnetwork);
    }
  }

  firewallOf(vmId: string, signal: AbortSignal): Promise<VmFirewall> {
    return firewallOf(this.#gcp, vmId, signal);
  }

  async networkRules(networkId: string, signal: AbortSignal): Promise<FirewallRule[]> {
    const request = { subnetwork: networkId };
    const subject = { operation: "find network", resource: this.#gcp.resource("network", networkId) };
    const subnetwork = await this.#gcp.call<Subnetwork>("subnetworks", "get", request, subject, signal);
    return networkRules(this.#gcp, nameOf(subnetwork.network), signal);
  }

  /** Where a network interface goes; without a name into the default network. @throws InvalidInput. */
  async place(
    networkId: string | undefined,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<{ url: string; isDefault: boolean }> {
    for await (const { networkId: id, isDefault = false } of this.listNetworks(signal)) {
      if (networkId === undefined ? !isDefault : id !== networkId) continue;
      return { url: `regions/${this.#gcp.region}/subnetworks/${id}`, isDefault };
    }
    throw networkId === undefined
      ? invalid(subject, "the project has no default network here", "Name a network.")
      : invalid(subject, `there is no subnetwork ${networkId} in ${this.#gcp.region}`, "Choose one that is there.");
  }
}

export function toNetwork({ name, network, ipCidrRange, description }: Subnetwork): Network {
  const virtualNetworkId = nameOf(network);
  return {
    networkId: name ?? "",
    name: described(description).name ?? name ?? "",
    kind: "subnet",
    active: true,
    ...(virtualNetworkId === defaultNetwork && { isDefault: true }),
    ...(ipCidrRange && { cidr: ipCidrRange }),
    // "Unusable addresses in IPv4 subnet ranges", Google's VPC documentation: the first two and the last two.
    reserved: { first: 2, last: 2 },
    virtualNetworkId,
  };
}
