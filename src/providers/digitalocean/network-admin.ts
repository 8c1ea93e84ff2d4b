import { isProviderError } from "../../domain/errors.ts";
import { tagKeys } from "../../domain/vm.ts";
import { capabilities } from "../capabilities.ts";
import type { Address, NetworkAdminFacet, SecurityGroup, SecurityRule, VirtualNetwork } from "../cloud-facets.ts";
import { conflict, invalid, notFound, type Subject, unsupported } from "../failures.ts";
import type { Network } from "../provider.ts";
import type { DigitalOcean } from "./client.ts";
import { describe, described, describedTags } from "./described.ts";
import { noteOf, noteWords } from "./groups.ts";
import { readableName } from "./names.ts";
import { type DigitalOceanNetwork, toNetwork } from "./network.ts";
import { toSecurityRules, toWireRules } from "./rules.ts";
import type { Tagging } from "./tagging.ts";
import type { Action, Droplet, WireFirewall, WireReservedIp, WireVpc } from "./wire.ts";

const longestDescription = 255;
type Input<M extends keyof NetworkAdminFacet> = Parameters<NetworkAdminFacet[M]>[0];

export class DigitalOceanNetworkAdmin implements NetworkAdminFacet {
  readonly #cloud: DigitalOcean;
  readonly #network: DigitalOceanNetwork;
  readonly #tagging: Tagging;

  constructor(cloud: DigitalOcean, parts: { network: DigitalOceanNetwork; tagging: Tagging }) {
    this.#cloud = cloud;
    this.#network = parts.network;
    this.#tagging = parts.tagging;
  }

  async *listVirtualNetworks(signal: AbortSignal): AsyncGenerator<VirtualNetwork> {
    const subject = { operation: "list virtual networks", resource: this.#cloud.site };
    for await (const vpc of this.#network.vpcs(subject, signal)) yield toVirtualNetwork(vpc);
  }

  /** A VPC's droplets reach the internet by addresses of their own; without `internet` its droplets get none. */
  async createVirtualNetwork(input: Input<"createVirtualNetwork">, signal: AbortSignal): Promise<VirtualNetwork> {
    const { name: shown, cidr, internet, key, tags } = input;
    const subject = this.#subject("create virtual network", "network", shown);
    const description = describe({ name: shown, key, tags, ...(!internet && { inside: true }) });
    if (description.length > longestDescription) {
      throw invalid(subject, "its name, its key and its tags are too long together", "Shorten them.");
    }
    const name = readableName(shown, key);
    const known = await this.#vpcNamed(name, subject, signal);
    if (known) return toVirtualNetwork(known);
    const body = { name, description, region: this.#cloud.entry.region, ip_range: cidr };
    const request = { operation: "vpcs_create", method: "POST", path: "vpcs", body } as const;
    try {
      return toVirtualNetwork((await this.#cloud.call<{ vpc: WireVpc }>(request, subject, signal)).vpc);
    } catch (error) {
      const there = isProviderError(error, "Conflict") ? await this.#vpcNamed(name, subject, signal) : undefined;
      if (!there) throw error;
      return toVirtualNetwork(there);
    }
  }

  async deleteVirtualNetwork(virtualNetworkId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete virtual network", "network", virtualNetworkId);
    await this.#cloud.drop("vpcs_delete", `vpcs/${virtualNetworkId}`, subject, signal);
  }

  /** The VPC itself, where all of it is asked for: it has no parts. */
  async createSubnet(input: Input<"createSubnet">, signal: AbortSignal): Promise<Network> {
    const { virtualNetworkId, cidr, name } = input;
    const subject = this.#subject("create subnet", "network", name);
    const path = `vpcs/${virtualNetworkId}`;
    const vpc = await this.#cloud.find<WireVpc>("vpcs_get", path, "vpc", subject, signal);
    if (!vpc) throw notFound(subject, `there is no VPC ${virtualNetworkId}`);
    if (vpc.ip_range === cidr) return toNetwork(vpc);
    throw unsupported(subject, capabilities.digitalocean["network.subnets"], `Ask for all of it: ${vpc.ip_range}.`);
  }

  /** It goes with its virtual network. */
  async deleteSubnet(): Promise<void> {}

  async *listSecurityGroups(signal: AbortSignal): AsyncGenerator<SecurityGroup> {
    const subject = { operation: "list firewalls", resource: this.#cloud.site };
    for await (const firewall of this.#network.firewalls(subject, signal)) yield toGroup(firewall);
  }

  async createSecurityGroup(input: Input<"createSecurityGroup">, signal: AbortSignal): Promise<SecurityGroup> {
    const { name: shown, virtualNetworkId, rules, key, tags } = input;
    const subject = this.#subject("create firewall", "security-group", shown);
    refuseRules(rules, subject);
    const name = readableName(shown, key);
    const known = await this.#firewallNamed(name, subject, signal);
    if (known) return toGroup(known);
    const words = noteWords({ name: shown, key, virtualNetworkId, tags }, subject);
    // A firewall takes tags only that are there.
    for (const word of words) await this.#tagging.make(word, subject, signal);
    const body = { name, tags: words, ...toWireRules(rules) };
    const request = { operation: "firewalls_create", method: "POST", path: "firewalls", body } as const;
    try {
      return toGroup((await this.#cloud.call<{ firewall: WireFirewall }>(request, subject, signal)).firewall);
    } catch (error) {
      const there = isProviderError(error, "Conflict") ? await this.#firewallNamed(name, subject, signal) : undefined;
      if (!there) throw error;
      return toGroup(there);
    }
  }

  /** All at once: the firewall is replaced as a whole. */
  async setSecurityRules(
    securityGroupId: string,
    rules: readonly SecurityRule[],
    signal: AbortSignal,
  ): Promise<SecurityGroup> {
    const subject = this.#subject("set rules of firewall", "security-group", securityGroupId);
    refuseRules(rules, subject);
    const firewall = await this.#firewall(securityGroupId, subject, signal);
    if (!firewall) throw notFound(subject, "there is no such firewall");
    const { name, droplet_ids, tags } = firewall;
    const body = { name, droplet_ids: droplet_ids ?? [], tags: tags ?? [], ...toWireRules(rules) };
    const request = { operation: "firewalls_update", method: "PUT", path: `firewalls/${firewall.id}`, body } as const;
    return toGroup((await this.#cloud.call<{ firewall: WireFirewall }>(request, subject, signal)).firewall);
  }

  async deleteSecurityGroup(securityGroupId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete firewall", "security-group", securityGroupId);
    const firewall = await this.#firewall(securityGroupId, subject, signal);
    if (!firewall) return;
    await this.#refuseUsed(firewall, subject, signal);
    await this.#cloud.drop("firewalls_delete", `firewalls/${firewall.id}`, subject, signal);
    if (!noteOf(firewall)) return;
    for (const word of firewall.tags ?? []) await this.#tagging.delete(word, subject, signal);
  }

  /** DigitalOcean itself would take it from its droplets, which would then be open to everybody. */
  async #refuseUsed(firewall: WireFirewall, subject: Subject, signal: AbortSignal): Promise<void> {
    const ids = new Set(firewall.droplet_ids);
    const words = new Set(firewall.tags);
    // Of all regions: a firewall belongs to none.
    const request = { operation: "droplets_list", path: "droplets", member: "droplets" };
    for await (const { id, name, tags } of this.#cloud.list<Droplet>(request, subject, signal)) {
      if (!ids.has(id) && !tags.some((word) => words.has(word))) continue;
      throw conflict(
        subject,
        `droplet ${name} is behind it`,
        "Delete the droplet, or take it out of the firewall, first.",
      );
    }
  }

  async *listAddresses(signal: AbortSignal): AsyncGenerator<Address> {
    const subject = { operation: "list reserved IPs", resource: this.#cloud.site };
    const request = { operation: "reservedIPs_list", path: "reserved_ips", member: "reserved_ips" };
    for await (const one of this.#cloud.list<WireReservedIp>(request, subject, signal)) {
      if (one.region.slug === this.#cloud.entry.region) yield toAddress(one);
    }
  }

  async allocateAddress({ name }: Input<"allocateAddress">): Promise<Address> {
    const subject = this.#subject("reserve an IP", "address", name);
    const reason = capabilities.digitalocean["network.public-address"];
    throw unsupported(subject, reason, "Reserve it in the control panel, and give it to the VM.");
  }

  async associateAddress(addressId: string, vmId: string | undefined, signal: AbortSignal): Promise<Address> {
    const subject = this.#subject("assign reserved IP", "address", addressId);
    const path = `reserved_ips/${addressId}`;
    const find = () => this.#cloud.find<WireReservedIp>("reservedIPs_get", path, "reserved_ip", subject, signal);
    const found = await find();
    if (!found) throw notFound(subject, "the team has no such reserved IP");
    const now = found.droplet === null ? undefined : String(found.droplet.id);
    if (now === vmId) return toAddress(found);
    const body = vmId === undefined ? { type: "unassign" } : { type: "assign", droplet_id: Number(vmId) };
    const request = { operation: "reservedIPsActions_post", method: "POST", path: `${path}/actions`, body } as const;
    const { action } = await this.#cloud.call<{ action: Action }>({ ...request, repeatable: true }, subject, signal);
    await this.#cloud.done(action, subject, signal);
    return toAddress((await find()) ?? found);
  }

  async releaseAddress(addressId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("release reserved IP", "address", addressId);
    await this.#cloud.drop("reservedIPs_delete", `reserved_ips/${addressId}`, subject, signal);
  }

  async #vpcNamed(name: string, subject: Subject, signal: AbortSignal): Promise<WireVpc | undefined> {
    for await (const vpc of this.#network.vpcs(subject, signal)) if (vpc.name === name) return vpc;
    return undefined;
  }

  async #firewallNamed(name: string, subject: Subject, signal: AbortSignal): Promise<WireFirewall | undefined> {
    for await (const one of this.#network.firewalls(subject, signal)) if (one.name === name) return one;
    return undefined;
  }

  #firewall(id: string, subject: Subject, signal: AbortSignal): Promise<WireFirewall | undefined> {
    return this.#cloud.find<WireFirewall>("firewalls_get", `firewalls/${id}`, "firewall", subject, signal);
  }

  #subject(operation: string, kind: string, id: string): Subject {
    return { operation, resource: this.#cloud.resource(kind, id) };
  }
}

function refuseRules(rules: readonly SecurityRule[], subject: Subject): void {
  const gaps = capabilities.digitalocean;
  for (const { peer, protocol, fromPort } of rules) {
    if (!/^[0-9a-f.:]+(?:\/\d+)?$/i.test(peer)) {
      throw unsupported(subject, gaps["network.rules.group-peers"], "Name ranges of addresses.");
    }
    if (protocol === "icmp" && fromPort !== undefined) {
      throw unsupported(subject, gaps["network.rules.icmp-types"], "Let all of ICMP through, or none.");
    }
  }
}

function toVirtualNetwork({ id, name, description, ip_range, default: isDefault }: WireVpc): VirtualNetwork {
  const found = described(description);
  return {
    virtualNetworkId: id,
    name: found?.name ?? name,
    cidrs: [ip_range],
    isDefault,
    tags: describedTags(found),
  };
}

function toGroup(firewall: WireFirewall): SecurityGroup {
  const note = noteOf(firewall);
  return {
    securityGroupId: firewall.id,
    name: note?.name ?? firewall.name,
    ...(note && { virtualNetworkId: note.virtualNetworkId }),
    rules: toSecurityRules(firewall),
    tags: note ? { ...note.tags, [tagKeys.managed]: "true", [tagKeys.key]: note.key } : {},
  };
}

function toAddress({ ip, droplet }: WireReservedIp): Address {
  return { addressId: ip, address: ip, ...(droplet && { vmId: String(droplet.id) }), tags: {} };
}
