// Long because each kind of network resource has its own way to carry what labels carry elsewhere.
import type * as Compute from "@google-cloud/compute";
import { isProviderError } from "../../domain/errors.ts";
import { tagKeys } from "../../domain/vm.ts";
import type { Address, NetworkAdminFacet, SecurityGroup, SecurityRule, VirtualNetwork } from "../cloud-facets.ts";
import { conflict, invalid, notFound, type Subject } from "../failures.ts";
import type { Network } from "../provider.ts";
import type { Gcp } from "./client.ts";
import { restPriority } from "./firewall.ts";
import { createdTags, describe, described, seenOf, toLabels } from "./labels.ts";
import { digest, nameOf, readableName } from "./names.ts";
import { defaultNetwork, toNetwork } from "./network.ts";
import type { Collection } from "./sdk.ts";

type V1 = typeof Compute.protos.google.cloud.compute.v1;
type Wire<K extends keyof V1> = V1[K] extends new (...args: never) => infer I ? I : never;
type GoogleNetwork = Partial<Wire<"Network">>;
type Subnetwork = Partial<Wire<"Subnetwork">>;
type Firewall = Partial<Wire<"Firewall">>;
type GoogleAddress = Partial<Wire<"Address">>;
type Instance = Partial<Wire<"Instance">>;
type Route = Partial<Wire<"Route">>;
type Keyed = { readonly key: string; readonly tags: Readonly<Record<string, string>>; readonly name: string };

const everywhere = "0.0.0.0/0";
/** Allowed whatever else says no: the groups' own order is none. */
const priority = 1_000;

/**
 * Networks, subnetworks, addresses, and security groups: a group is a network tag with the firewall rules that have it as
 * their target. Networks and firewall rules have no labels; what those would say is in descriptions.
 */
export class GcpNetworkAdmin implements NetworkAdminFacet {
  readonly #gcp: Gcp;

  constructor(gcp: Gcp) {
    this.#gcp = gcp;
  }

  async *listVirtualNetworks(signal: AbortSignal): AsyncGenerator<VirtualNetwork> {
    const subject = this.#subject("list networks", "all");
    const ranges = new Map<string, string[]>();
    for await (const { network, ipCidrRange } of this.#subnetworks(subject, signal)) {
      const of = nameOf(network);
      if (ipCidrRange) ranges.set(of, [...(ranges.get(of) ?? []), ipCidrRange]);
    }
    for await (const network of this.#gcp.list<GoogleNetwork>("networks", {}, subject, signal)) {
      yield toVirtualNetwork(network, ranges.get(network.name ?? "") ?? []);
    }
  }

  /** A network has no range of its own: the one that is asked for is noted, and its subnetworks have to be in it. */
  async createVirtualNetwork(
    input: Keyed & { cidr: string; internet: boolean },
    signal: AbortSignal,
  ): Promise<VirtualNetwork> {
    const { name, key, tags, cidr, internet } = input;
    const id = readableName(name, key);
    const subject = this.#subject("create network", id);
    const description = describe({ name, key, tags: createdTags(tags, key), cidr });
    const networkResource = { name: id, autoCreateSubnetworks: false, description };
    await this.#once("networks", "network", id, { networkResource }, subject, signal);
    if (!internet) await this.#closeToInternet(id, subject, signal);
    const made = await this.#gcp.call<GoogleNetwork>("networks", "get", { network: id }, subject, signal);
    return toVirtualNetwork(made, []);
  }

  async deleteVirtualNetwork(virtualNetworkId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete network", virtualNetworkId);
    // Asked first: its routes must not be gone when it then can't be deleted.
    for await (const { network, name } of this.#subnetworks(subject, signal)) {
      if (nameOf(network) === virtualNetworkId) {
        throw conflict(subject, `subnetwork ${name} is in it`, "Delete the subnetwork first.");
      }
    }
    await this.#gcp.drop("networks", { network: virtualNetworkId }, subject, signal);
  }

  async createSubnet(
    input: Keyed & { virtualNetworkId: string; cidr: string; zone?: string },
    signal: AbortSignal,
  ): Promise<Network> {
    const { name, key, tags, virtualNetworkId, cidr } = input;
    const id = readableName(name, key);
    const subject = this.#subject("create subnetwork", id);
    const subnetworkResource = {
      name: id,
      network: this.#networkUrl(virtualNetworkId),
      ipCidrRange: cidr,
      description: describe({ name, key, tags: createdTags(tags, key) }),
    };
    await this.#once("subnetworks", "subnetwork", id, { subnetworkResource }, subject, signal);
    return toNetwork(await this.#gcp.call<Subnetwork>("subnetworks", "get", { subnetwork: id }, subject, signal));
  }

  async deleteSubnet(networkId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete subnetwork", networkId);
    await this.#gcp.drop("subnetworks", { subnetwork: networkId }, subject, signal);
  }

  async *listSecurityGroups(signal: AbortSignal): AsyncGenerator<SecurityGroup> {
    const subject = this.#subject("list firewall rules", "all");
    const groups = new Map<string, Firewall[]>();
    for await (const rule of this.#gcp.list<Firewall>("firewalls", {}, subject, signal)) {
      const [tag, ...others] = rule.targetTags ?? [];
      // A rule for several tags, for service accounts or for everybody is no group's.
      if (tag !== undefined && others.length === 0) groups.set(tag, [...(groups.get(tag) ?? []), rule]);
    }
    for (const [tag, rules] of groups) yield toGroup(tag, rules);
  }

  async createSecurityGroup(
    input: Keyed & { description: string; virtualNetworkId: string; rules: readonly SecurityRule[] },
    signal: AbortSignal,
  ): Promise<SecurityGroup> {
    const { name, key, tags, description: text, virtualNetworkId, rules } = input;
    const tag = readableName(name, key);
    const subject = this.#subject("create security group", tag);
    const network = this.#networkUrl(virtualNetworkId);
    // Without these a VM with the tag would let out everything, and in what the network's usual rules do.
    const rest = { network, priority: restPriority, denied: [{ IPProtocol: "all" }], targetTags: [tag] };
    const description = describe({ name, key, tags: createdTags(tags, key), text });
    const anchor = { ...rest, name: tag, description, direction: "INGRESS", sourceRanges: [everywhere] };
    await this.#once("firewalls", "firewall", tag, { firewallResource: anchor }, subject, signal);
    const outward = { ...rest, name: outwardName(tag), direction: "EGRESS", destinationRanges: [everywhere] };
    await this.#once("firewalls", "firewall", outward.name, { firewallResource: outward }, subject, signal);
    return this.#setRules(tag, virtualNetworkId, rules, subject, signal);
  }

  async setSecurityRules(
    securityGroupId: string,
    rules: readonly SecurityRule[],
    signal: AbortSignal,
  ): Promise<SecurityGroup> {
    const subject = this.#subject("change security group", securityGroupId);
    const [first] = await this.#rulesOf(securityGroupId, subject, signal);
    if (!first) throw notFound(subject, "no firewall rule has that target tag");
    return this.#setRules(securityGroupId, nameOf(first.network), rules, subject, signal);
  }

  async deleteSecurityGroup(securityGroupId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete security group", securityGroupId);
    const rules = await this.#rulesOf(securityGroupId, subject, signal);
    if (rules.length > 0) await this.#refuseUsed(securityGroupId, rules, subject, signal);
    // What says that there is one goes last.
    for (const { name } of rules.toSorted((rule) => (isAnchor(rule) ? 1 : -1))) {
      await this.#gcp.drop("firewalls", { firewall: name }, subject, signal);
    }
  }

  /** Google itself would take rules from under a VM that has their tag. */
  async #refuseUsed(tag: string, rules: readonly Firewall[], subject: Subject, signal: AbortSignal): Promise<void> {
    const networks = new Set(rules.map(({ network }) => nameOf(network)));
    for await (const { name, tags, networkInterfaces } of this.#gcp.list<Instance>("instances", {}, subject, signal)) {
      const isIn = (networkInterfaces ?? []).some(({ network }) => networks.has(nameOf(network)));
      if (!isIn || !tags?.items?.includes(tag)) continue;
      throw conflict(subject, `VM ${name} has its tag`, "Take the tag from the VM, or delete the VM, first.");
    }
  }

  async *listAddresses(signal: AbortSignal): AsyncGenerator<Address> {
    const subject = this.#subject("list addresses", "all");
    for await (const address of this.#gcp.list<GoogleAddress>("addresses", {}, subject, signal)) {
      if (address.addressType !== "INTERNAL") yield toAddress(address);
    }
  }

  async allocateAddress(input: Keyed, signal: AbortSignal): Promise<Address> {
    const { name, key, tags } = input;
    const id = readableName(name, key);
    const subject = this.#subject("allocate address", id);
    const addressResource = {
      name: id,
      addressType: "EXTERNAL",
      description: describe({ name, key }),
      labels: toLabels(createdTags(tags, key)),
    };
    await this.#once("addresses", "address", id, { addressResource }, subject, signal);
    return this.#address(id, subject, signal);
  }

  /** An instance's interface has one external address: the one that it had before goes. */
  async associateAddress(addressId: string, vmId: string | undefined, signal: AbortSignal): Promise<Address> {
    const subject = this.#subject("associate address", addressId);
    const address = await this.#address(addressId, subject, signal);
    if (address.vmId === vmId) return address;
    if (address.vmId !== undefined) await this.#takeAddress(address.vmId, subject, signal);
    if (vmId !== undefined) {
      await this.#takeAddress(vmId, subject, signal);
      const accessConfigResource = { name: "External NAT", type: "ONE_TO_ONE_NAT", natIP: address.address };
      const request = { instance: vmId, networkInterface: "nic0", accessConfigResource };
      await this.#gcp.change("instances", "addAccessConfig", request, subject, signal);
    }
    return this.#address(addressId, subject, signal);
  }

  async releaseAddress(addressId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("release address", addressId);
    await this.#gcp.drop("addresses", { address: addressId }, subject, signal);
  }

  async #takeAddress(vmId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const instance = await this.#gcp.find<Instance>("instances", { instance: vmId }, subject, signal);
    const [config] = instance?.networkInterfaces?.[0]?.accessConfigs ?? [];
    if (!config) return;
    const request = { instance: vmId, networkInterface: "nic0", accessConfig: config.name };
    await this.#gcp.change("instances", "deleteAccessConfig", request, subject, signal);
  }

  async #setRules(
    tag: string,
    virtualNetworkId: string,
    rules: readonly SecurityRule[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<SecurityGroup> {
    const wanted = new Map(rules.map((rule) => [ruleName(tag, rule), rule]));
    const there = await this.#rulesOf(tag, subject, signal);
    for (const [name, rule] of wanted) {
      if (there.some((known) => known.name === name)) continue;
      const firewallResource = { ...toFirewall(tag, rule, subject), name, network: this.#networkUrl(virtualNetworkId) };
      await this.#once("firewalls", "firewall", name, { firewallResource }, subject, signal);
    }
    for (const known of there) {
      if (isAnchor(known) || known.name === outwardName(tag) || wanted.has(known.name ?? "")) continue;
      await this.#gcp.drop("firewalls", { firewall: known.name }, subject, signal);
    }
    const anchor = await this.#gcp.find<Firewall>("firewalls", { firewall: tag }, subject, signal);
    const now = await Promise.all(
      [...wanted.keys()].map((name) =>
        this.#gcp.call<Firewall>("firewalls", "get", { firewall: name }, subject, signal),
      ),
    );
    return toGroup(tag, anchor ? [anchor, ...now] : now);
  }

  async #rulesOf(tag: string, subject: Subject, signal: AbortSignal): Promise<Firewall[]> {
    const found: Firewall[] = [];
    for await (const rule of this.#gcp.list<Firewall>("firewalls", {}, subject, signal)) {
      if (rule.targetTags?.length === 1 && rule.targetTags[0] === tag) found.push(rule);
    }
    return found;
  }

  async #address(addressId: string, subject: Subject, signal: AbortSignal): Promise<Address> {
    return toAddress(await this.#gcp.call<GoogleAddress>("addresses", "get", { address: addressId }, subject, signal));
  }

  /** Google gives each new network a way out. */
  async #closeToInternet(network: string, subject: Subject, signal: AbortSignal): Promise<void> {
    for await (const route of this.#gcp.list<Route>("routes", {}, subject, signal)) {
      if (nameOf(route.network) !== network || !route.nextHopGateway) continue;
      await this.#gcp.drop("routes", { route: route.name }, subject, signal);
    }
  }

  #subnetworks(subject: Subject, signal: AbortSignal): AsyncGenerator<Subnetwork> {
    return this.#gcp.list<Subnetwork>("subnetworks", {}, subject, signal);
  }

  async #once(
    collection: Collection,
    member: string,
    name: string,
    request: object,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    const find = () => this.#gcp.find(collection, { [member]: name }, subject, signal);
    if (await find()) return;
    await this.#gcp.change(collection, "insert", request, subject, signal).catch(async (error: unknown) => {
      if (!isProviderError(error, "Conflict") || !(await find())) throw error;
    });
  }

  #networkUrl(name: string): string {
    return `global/networks/${name}`;
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#gcp.resource("network", id) };
  }
}

export function isAnchor({ name, targetTags, description }: Firewall): boolean {
  return name === targetTags?.[0] && described(description).tags?.[tagKeys.managed] === "true";
}

/** Of the rule that refuses the way out. */
function outwardName(tag: string): string {
  return `${tag.slice(0, 46)}-${digest(12, tag, "outward")}`;
}

function ruleName(tag: string, rule: SecurityRule): string {
  const { direction, protocol, fromPort = -1, toPort = -1, peer } = rule;
  return `${tag.slice(0, 46)}-${digest(12, tag, direction, protocol, fromPort, toPort, peer)}`;
}

function toFirewall(tag: string, rule: SecurityRule, subject: Subject): object {
  const { direction, protocol, fromPort, toPort, peer, description } = rule;
  const isRange = peer.includes("/");
  if (direction === "egress" && !isRange) {
    throw invalid(subject, "an egress rule names a group as its peer", "Name a range of addresses instead.");
  }
  if (protocol === "icmp" && fromPort !== undefined) {
    throw invalid(subject, "firewall rules here know no types of ICMP", "Leave them out, or the rule.");
  }
  const ports = fromPort === undefined ? undefined : [fromPort === toPort ? `${fromPort}` : `${fromPort}-${toPort}`];
  return {
    direction: direction.toUpperCase(),
    priority,
    targetTags: [tag],
    allowed: [{ IPProtocol: protocol, ...(ports && { ports }) }],
    ...(direction === "egress"
      ? { destinationRanges: [peer] }
      : isRange
        ? { sourceRanges: [peer] }
        : { sourceTags: [peer] }),
    ...(description && { description }),
  };
}

function toGroup(tag: string, rules: readonly Firewall[]): SecurityGroup {
  const anchor = rules.find(isAnchor);
  const told = described(anchor?.description);
  return {
    securityGroupId: tag,
    name: told.name ?? tag,
    virtualNetworkId: nameOf(rules[0]?.network),
    rules: rules.filter((rule) => rule !== anchor).flatMap(toRules),
    tags: told.tags ?? {},
  };
}

function toRules(rule: Firewall): SecurityRule[] {
  const direction = rule.direction === "EGRESS" ? "egress" : "ingress";
  const ranges = direction === "egress" ? rule.destinationRanges : rule.sourceRanges;
  const peers = [...(ranges ?? []), ...(rule.sourceTags ?? [])];
  return (rule.allowed ?? []).flatMap(({ IPProtocol, ports }) =>
    (ports && ports.length > 0 ? ports : [undefined]).flatMap((range) => {
      const [from, to = from] = range?.split("-") ?? [];
      const protocol = (["tcp", "udp", "icmp"] as const).find((known) => known === IPProtocol) ?? "all";
      return peers.map(
        (peer): SecurityRule => ({
          direction,
          protocol,
          ...(from !== undefined && { fromPort: Number(from), toPort: Number(to) }),
          peer,
          ...(rule.description && { description: rule.description }),
        }),
      );
    }),
  );
}

function toVirtualNetwork({ name, description }: GoogleNetwork, ranges: readonly string[]): VirtualNetwork {
  const told = described(description);
  return {
    virtualNetworkId: name ?? "",
    name: told.name ?? name ?? "",
    cidrs: told.cidr === undefined ? ranges : [told.cidr],
    isDefault: name === defaultNetwork,
    tags: told.tags ?? {},
  };
}

function toAddress(address: GoogleAddress): Address {
  const [user] = address.users ?? [];
  return {
    addressId: address.name ?? "",
    address: address.address ?? "",
    ...(user && { vmId: nameOf(user) }),
    tags: seenOf(address).tags,
  };
}
