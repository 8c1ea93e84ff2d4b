import type { VmFirewall } from "../../domain/firewall.ts";
import { invalid, notFound, type Subject } from "../failures.ts";
import type { Network, NetworkFacet } from "../provider.ts";
import type { DigitalOcean } from "./client.ts";
import { described } from "./described.ts";
import { nicId } from "./droplets.ts";
import { toFirewallRules } from "./rules.ts";
import type { WireFirewall, WireVpc } from "./wire.ts";

/** VPCs of the region: a droplet is in one of them, and none has parts. */
export class DigitalOceanNetwork implements NetworkFacet {
  readonly #cloud: DigitalOcean;

  constructor(cloud: DigitalOcean) {
    this.#cloud = cloud;
  }

  async *listNetworks(signal: AbortSignal): AsyncGenerator<Network> {
    const subject = { operation: "list networks", resource: this.#cloud.site };
    for await (const vpc of this.vpcs(subject, signal)) yield toNetwork(vpc);
  }

  /** Without a firewall nothing is held back; with some, what any of them lets through gets through. */
  async firewallOf(vmId: string, signal: AbortSignal): Promise<VmFirewall> {
    const subject = { operation: "read firewall rules", resource: this.#cloud.resource("vm", vmId) };
    if (!/^[1-9]\d*$/.test(vmId)) throw notFound(subject, "there is no such droplet in the team");
    const path = `droplets/${vmId}/firewalls`;
    const request = { operation: "droplets_list_firewalls", path, member: "firewalls" };
    const all = await Array.fromAsync(this.#cloud.list<WireFirewall>(request, subject, signal));
    const otherwise = { ingress: "deny", egress: "deny" } as const;
    const name = all.map((firewall) => firewall.name).join(", ");
    const layers = all.length === 0 ? [] : [{ name, rules: all.flatMap(toFirewallRules), otherwise }];
    return { nics: [{ nicId, layers }], unread: [] };
  }

  async *vpcs(subject: Subject, signal: AbortSignal): AsyncGenerator<WireVpc> {
    const request = { operation: "vpcs_list", path: "vpcs", member: "vpcs" };
    for await (const vpc of this.#cloud.list<WireVpc>(request, subject, signal)) {
      if (vpc.region === this.#cloud.entry.region) yield vpc;
    }
  }

  /** Of all regions: firewalls belong to none. */
  firewalls(subject: Subject, signal: AbortSignal): AsyncGenerator<WireFirewall> {
    const request = { operation: "firewalls_list", path: "firewalls", member: "firewalls" };
    return this.#cloud.list<WireFirewall>(request, subject, signal);
  }

  /** Where a droplet goes; without an id into the region's default VPC. @throws InvalidInput. */
  async place(networkId: string | undefined, subject: Subject, signal: AbortSignal): Promise<WireVpc> {
    for await (const vpc of this.vpcs(subject, signal)) {
      if (networkId === undefined ? vpc.default : vpc.id === networkId) return vpc;
    }
    const { region } = this.#cloud.entry;
    throw networkId === undefined
      ? invalid(subject, `${region} has no default VPC`, "Name a network.")
      : invalid(subject, `there is no VPC ${networkId} in ${region}`, "Choose one that is there.");
  }
}

export function toNetwork({ id, name, ip_range: cidr, description, default: isDefault }: WireVpc): Network {
  return {
    networkId: id,
    name: described(description)?.name ?? name,
    kind: "subnet",
    active: true,
    ...(isDefault && { isDefault }),
    cidr,
    virtualNetworkId: id,
  };
}
