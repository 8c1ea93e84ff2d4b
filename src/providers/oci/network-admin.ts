// Long because each kind of network resource has its own way to be made once and to be removed.
import type { models } from "oci-core";
import type { Address, NetworkAdminFacet, SecurityGroup, SecurityRule, VirtualNetwork } from "../cloud-facets.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { Network } from "../provider.ts";
import type { Oci } from "./client.ts";
import { askToEnd } from "./ending.ts";
import { vendorCode } from "./errors.ts";
import { stateOf, type Vcn } from "./models.ts";
import { toNetwork } from "./network.ts";
import { fromOracle, ruleKey, toOracle } from "./security-rules.ts";
import { createdTags, fromWire, hasKey, isOurs, type Tagged, token, toWire } from "./tags.ts";
import { alive, goneIsUndefined, isOver, items, type OciView } from "./view.ts";

type Keyed = { readonly key: string; readonly tags: Readonly<Record<string, string>>; readonly name: string };
type Lived = Tagged & { readonly id?: string; readonly lifecycleState?: string };
const limit = 1_000;
/** "Network Security Groups": so many rules go in one call. */
const rulesACall = 25;
/** A key whose resource was deleted gets another retry token; so many times at most. */
const rounds = 20;

/** VCNs, subnets, network security groups and reserved public addresses. */
export class OciNetworkAdmin implements NetworkAdminFacet {
  readonly #oci: Oci;
  readonly #view: OciView;

  constructor(oci: Oci, view: OciView) {
    this.#oci = oci;
    this.#view = view;
  }

  async *listVirtualNetworks(signal: AbortSignal): AsyncGenerator<VirtualNetwork> {
    for await (const vcn of this.#view.vcns(this.#subject("list VCNs", "all"), signal)) yield toVirtualNetwork(vcn);
  }

  async createVirtualNetwork(
    input: Keyed & { cidr: string; internet: boolean },
    signal: AbortSignal,
  ): Promise<VirtualNetwork> {
    const subject = this.#subject("create VCN", input.name);
    const vcn = await this.#once(
      () => this.#view.vcns(subject, signal),
      async (opcRetryToken) => {
        const createVcnDetails = { ...(await this.#details(input)), cidrBlocks: [input.cidr] };
        return (await this.#oci.network.call("createVcn", { createVcnDetails, opcRetryToken }, subject, signal)).vcn;
      },
      async ({ id }) => (await this.#oci.network.call("getVcn", { vcnId: id ?? "" }, subject, signal)).vcn,
      input.key,
      subject,
      signal,
    );
    if (input.internet) await this.#openToInternet(vcn, input, subject, signal);
    return toVirtualNetwork(vcn);
  }

  async deleteVirtualNetwork(virtualNetworkId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete VCN", virtualNetworkId);
    const vcn = await this.#vcn(virtualNetworkId, subject, signal);
    if (!vcn) return;
    // Asked first: its gateway must not be gone when it then can't be deleted.
    for await (const { displayName, id } of this.#view.subnets(virtualNetworkId, subject, signal)) {
      throw conflict(subject, `subnet ${displayName ?? id} lies in it`, "Delete its subnets first.");
    }
    for (const { id = "" } of await this.#gateways(virtualNetworkId, subject, signal)) {
      await this.#withoutRoute(vcn, id, subject, signal);
      await this.#removed(
        () => this.#oci.network.call("deleteInternetGateway", { igId: id }, subject, signal),
        async () => (await this.#oci.network.call("getInternetGateway", { igId: id }, subject, signal)).internetGateway,
        subject,
        signal,
      );
    }
    await this.#removed(
      () => this.#oci.network.call("deleteVcn", { vcnId: virtualNetworkId }, subject, signal),
      async () => (await this.#oci.network.call("getVcn", { vcnId: virtualNetworkId }, subject, signal)).vcn,
      subject,
      signal,
    );
  }

  async createSubnet(
    input: Keyed & { virtualNetworkId: string; cidr: string; zone?: string },
    signal: AbortSignal,
  ): Promise<Network> {
    const subject = this.#subject("create subnet", input.name);
    const subnet = await this.#once(
      () => this.#view.subnets(input.virtualNetworkId, subject, signal),
      async (opcRetryToken) => {
        const createSubnetDetails = {
          ...(await this.#details(input)),
          vcnId: input.virtualNetworkId,
          cidrBlock: input.cidr,
          ...(input.zone !== undefined && { availabilityDomain: input.zone }),
        };
        const request = { createSubnetDetails, opcRetryToken };
        return (await this.#oci.network.call("createSubnet", request, subject, signal)).subnet;
      },
      async ({ id }) => (await this.#oci.network.call("getSubnet", { subnetId: id ?? "" }, subject, signal)).subnet,
      input.key,
      subject,
      signal,
    );
    return toNetwork(subnet);
  }

  async deleteSubnet(subnetId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete subnet", subnetId);
    await this.#removed(
      () => this.#oci.network.call("deleteSubnet", { subnetId }, subject, signal),
      async () => (await this.#oci.network.call("getSubnet", { subnetId }, subject, signal)).subnet,
      subject,
      signal,
    );
  }

  async *listSecurityGroups(signal: AbortSignal): AsyncGenerator<SecurityGroup> {
    const subject = this.#subject("list network security groups", "all");
    for await (const group of this.#groups(subject, signal)) {
      yield toGroup(group, await this.#rules(group.id, subject, signal));
    }
  }

  async createSecurityGroup(
    input: Keyed & { description: string; virtualNetworkId: string; rules: readonly SecurityRule[] },
    signal: AbortSignal,
  ): Promise<SecurityGroup> {
    const subject = this.#subject("create network security group", input.name);
    const { network } = this.#oci;
    const group = await this.#once(
      () => this.#groups(subject, signal),
      async (opcRetryToken) => {
        const createNetworkSecurityGroupDetails = {
          ...(await this.#details(input)),
          vcnId: input.virtualNetworkId,
        };
        const request = { createNetworkSecurityGroupDetails, opcRetryToken };
        return (await network.call("createNetworkSecurityGroup", request, subject, signal)).networkSecurityGroup;
      },
      async ({ id }) => {
        const request = { networkSecurityGroupId: id ?? "" };
        return (await network.call("getNetworkSecurityGroup", request, subject, signal)).networkSecurityGroup;
      },
      input.key,
      subject,
      signal,
    );
    return this.setSecurityRules(group.id, input.rules, signal);
  }

  async setSecurityRules(
    networkSecurityGroupId: string,
    rules: readonly SecurityRule[],
    signal: AbortSignal,
  ): Promise<SecurityGroup> {
    const subject = this.#subject("set security rules", networkSecurityGroupId);
    const { network } = this.#oci;
    const { networkSecurityGroup } = await network.call(
      "getNetworkSecurityGroup",
      { networkSecurityGroupId },
      subject,
      signal,
    );
    const wanted = new Map(rules.map((rule) => [ruleKey(rule), rule]));
    const there = new Map<string, models.SecurityRule>();
    const extra: string[] = [];
    for (const rule of await this.#rules(networkSecurityGroupId, subject, signal)) {
      const key = ruleKey(fromOracle(rule));
      if (!wanted.has(key) || there.has(key)) extra.push(rule.id ?? "");
      else there.set(key, rule);
    }
    const missing = [...wanted].filter(([key]) => !there.has(key)).map(([, rule]) => toOracle(rule));
    for (const securityRules of inParts(missing)) {
      const addNetworkSecurityGroupSecurityRulesDetails = { securityRules };
      const request = { networkSecurityGroupId, addNetworkSecurityGroupSecurityRulesDetails };
      await network.call("addNetworkSecurityGroupSecurityRules", request, subject, signal);
    }
    for (const securityRuleIds of inParts(extra)) {
      const removeNetworkSecurityGroupSecurityRulesDetails = { securityRuleIds };
      const request = { networkSecurityGroupId, removeNetworkSecurityGroupSecurityRulesDetails };
      await goneIsUndefined(network.call("removeNetworkSecurityGroupSecurityRules", request, subject, signal));
    }
    const settled = await this.#view.shown(async () => {
      const now = await this.#rules(networkSecurityGroupId, subject, signal);
      const same = now.length === wanted.size && now.every((rule) => wanted.has(ruleKey(fromOracle(rule))));
      return same ? now : undefined;
    }, signal);
    const seen = settled ?? (await this.#rules(networkSecurityGroupId, subject, signal));
    return toGroup(networkSecurityGroup, seen);
  }

  async deleteSecurityGroup(networkSecurityGroupId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete network security group", networkSecurityGroupId);
    const { network } = this.#oci;
    const request = { networkSecurityGroupId };
    await this.#removed(
      () => network.call("deleteNetworkSecurityGroup", request, subject, signal),
      async () => (await network.call("getNetworkSecurityGroup", request, subject, signal)).networkSecurityGroup,
      subject,
      signal,
    );
  }

  async *listAddresses(signal: AbortSignal): AsyncGenerator<Address> {
    const subject = this.#subject("list addresses", "all");
    for await (const address of this.#reserved(subject, signal)) yield this.#toAddress(address, subject, signal);
  }

  async allocateAddress(input: Keyed, signal: AbortSignal): Promise<Address> {
    const subject = this.#subject("allocate address", input.name);
    const address = await this.#once(
      () => this.#reserved(subject, signal),
      async (opcRetryToken) => {
        const lifetime = "RESERVED" as models.CreatePublicIpDetails.Lifetime;
        const createPublicIpDetails = { ...(await this.#details(input)), lifetime };
        const request = { createPublicIpDetails, opcRetryToken };
        return (await this.#oci.network.call("createPublicIp", request, subject, signal)).publicIp;
      },
      async ({ id }) =>
        (await this.#oci.network.call("getPublicIp", { publicIpId: id ?? "" }, subject, signal)).publicIp,
      input.key,
      subject,
      signal,
      ["AVAILABLE", "UNASSIGNED", "ASSIGNED"],
    );
    return this.#toAddress(address, subject, signal);
  }

  /** A reserved address goes to the VM's first private address. */
  async associateAddress(addressId: string, vmId: string | undefined, signal: AbortSignal): Promise<Address> {
    const subject = this.#subject("associate address", addressId);
    const { network } = this.#oci;
    const read = async () => (await network.call("getPublicIp", { publicIpId: addressId }, subject, signal)).publicIp;
    const before = await this.#toAddress(await read(), subject, signal);
    if (before.vmId === vmId) return before;
    // An empty text takes it from whichever has it.
    const privateIpId = vmId === undefined ? "" : await this.#privateIpOf(vmId, subject, signal);
    const request = { publicIpId: addressId, updatePublicIpDetails: { privateIpId } };
    await network.call("updatePublicIp", request, subject, signal);
    const after = await poll(
      async () => {
        const seen = await this.#toAddress(await read(), subject, signal);
        return seen.vmId === vmId ? seen : undefined;
      },
      this.#oci.patience,
      signal,
      this.#oci.patience.requestTimeoutMs,
    );
    return after ?? before;
  }

  async releaseAddress(publicIpId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("release address", publicIpId);
    await this.#removed(
      () => this.#oci.network.call("deletePublicIp", { publicIpId }, subject, signal),
      async () => (await this.#oci.network.call("getPublicIp", { publicIpId }, subject, signal)).publicIp,
      subject,
      signal,
    );
  }

  /** Makes a thing unless it is there. The retry token keeps two calls at once, and a repeat of a lost one, from making two. */
  async #once<T extends Lived>(
    list: () => AsyncIterable<T>,
    create: (opcRetryToken: string) => Promise<T>,
    read: (made: T) => Promise<T>,
    key: string,
    subject: Subject,
    signal: AbortSignal,
    ready: readonly string[] = ["AVAILABLE"],
  ): Promise<T> {
    const made = (await first(list(), key)) ?? (await this.#make(create, read, key, subject));
    const done = await poll(
      async () => {
        const seen = await this.#view.shown(() => goneIsUndefined(read(made)), signal);
        if (!seen || isOver(seen)) throw notFound(subject, "Oracle Cloud does not show what it has made");
        return ready.includes(stateOf(seen)) ? seen : undefined;
      },
      this.#oci.patience,
      signal,
    );
    return done;
  }

  async #make<T extends Lived>(
    create: (opcRetryToken: string) => Promise<T>,
    read: (made: T) => Promise<T>,
    key: string,
    subject: Subject,
  ): Promise<T> {
    for (let round = 0; round <= rounds; round++) {
      try {
        const made = await create(token("network", key, round));
        // A known token may answer with what has been deleted since.
        const seen = await goneIsUndefined(read(made));
        if (round === rounds || (seen && !isOver(seen) && stateOf(seen) !== "TERMINATING")) return made;
      } catch (error) {
        if (vendorCode(error) !== "InvalidatedRetryToken") throw error;
      }
    }
    throw conflict(subject, "its key was used too often", "Use another key.");
  }

  /** Returns once it is over. One that is gone is fine. */
  async #removed(
    remove: () => Promise<unknown>,
    read: () => Promise<Lived>,
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    const ask = askToEnd(this.#oci, subject);
    await poll(
      async () => {
        const seen = await goneIsUndefined(read());
        if (!seen || isOver(seen)) return true;
        if (stateOf(seen) !== "TERMINATING") await ask(remove());
        return undefined;
      },
      this.#oci.patience,
      signal,
    );
  }

  async #details({ name, key, tags }: Keyed) {
    const freeformTags = toWire(createdTags(tags, key));
    return { compartmentId: await this.#oci.compartment(), displayName: name, freeformTags };
  }

  async #vcn(vcnId: string, subject: Subject, signal: AbortSignal): Promise<Vcn | undefined> {
    const answer = await goneIsUndefined(this.#oci.network.call("getVcn", { vcnId }, subject, signal));
    return answer && !isOver(answer.vcn) ? answer.vcn : undefined;
  }

  async #openToInternet(vcn: Vcn, input: Keyed, subject: Subject, signal: AbortSignal): Promise<void> {
    const { network } = this.#oci;
    const gateway = await this.#once(
      () => this.#allGateways(vcn.id, subject, signal),
      async (opcRetryToken) => {
        const createInternetGatewayDetails = { ...(await this.#details(input)), vcnId: vcn.id, isEnabled: true };
        const request = { createInternetGatewayDetails, opcRetryToken };
        return (await network.call("createInternetGateway", request, subject, signal)).internetGateway;
      },
      async ({ id }) => (await network.call("getInternetGateway", { igId: id ?? "" }, subject, signal)).internetGateway,
      input.key,
      subject,
      signal,
    );
    const rtId = vcn.defaultRouteTableId ?? "";
    const { routeTable } = await network.call("getRouteTable", { rtId }, subject, signal);
    const destination = "0.0.0.0/0";
    if (routeTable.routeRules.some((rule) => rule.destination === destination)) return;
    const route: models.RouteRule = {
      destination,
      destinationType: "CIDR_BLOCK" as models.RouteRule.DestinationType,
      networkEntityId: gateway.id,
    };
    const updateRouteTableDetails = { routeRules: [...routeTable.routeRules, route] };
    await network.call("updateRouteTable", { rtId, updateRouteTableDetails }, subject, signal);
  }

  /** A gateway that a route leads to can't be deleted. */
  async #withoutRoute(vcn: Vcn, gatewayId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const { network } = this.#oci;
    const rtId = vcn.defaultRouteTableId ?? "";
    const answer = await goneIsUndefined(network.call("getRouteTable", { rtId }, subject, signal));
    const rules = answer?.routeTable.routeRules ?? [];
    const kept = rules.filter(({ networkEntityId }) => networkEntityId !== gatewayId);
    if (kept.length === rules.length) return;
    const request = { rtId, updateRouteTableDetails: { routeRules: kept } };
    await network.call("updateRouteTable", request, subject, signal);
  }

  /** Those of ours. */
  async #gateways(vcnId: string, subject: Subject, signal: AbortSignal) {
    const found = await Array.fromAsync(this.#allGateways(vcnId, subject, signal));
    return found.filter((gateway) => isOurs(gateway));
  }

  async *#allGateways(vcnId: string, subject: Subject, signal: AbortSignal) {
    const compartmentId = await this.#oci.compartment();
    yield* alive(
      items((page) =>
        this.#oci.network.call("listInternetGateways", { compartmentId, vcnId, limit, page }, subject, signal),
      ),
    );
  }

  async *#groups(subject: Subject, signal: AbortSignal) {
    const compartmentId = await this.#oci.compartment();
    yield* alive(
      items((page) =>
        this.#oci.network.call("listNetworkSecurityGroups", { compartmentId, limit, page }, subject, signal),
      ),
    );
  }

  #rules(networkSecurityGroupId: string, subject: Subject, signal: AbortSignal): Promise<models.SecurityRule[]> {
    const request = { networkSecurityGroupId, limit };
    return Array.fromAsync(
      items((page) =>
        this.#oci.network.call("listNetworkSecurityGroupSecurityRules", { ...request, page }, subject, signal),
      ),
    );
  }

  async *#reserved(subject: Subject, signal: AbortSignal) {
    const compartmentId = await this.#oci.compartment();
    const request = { scope: "REGION" as never, lifetime: "RESERVED" as never, compartmentId, limit };
    yield* alive(items((page) => this.#oci.network.call("listPublicIps", { ...request, page }, subject, signal)));
  }

  async #toAddress(address: models.PublicIp, subject: Subject, signal: AbortSignal): Promise<Address> {
    const { id = "", ipAddress = "", privateIpId, assignedEntityId } = address;
    const holder = privateIpId ?? assignedEntityId;
    const vmId = holder === undefined ? undefined : await this.#vmOf(holder, subject, signal);
    return { addressId: id, address: ipAddress, ...(vmId !== undefined && { vmId }), tags: fromWire(address).tags };
  }

  async #vmOf(privateIpId: string, subject: Subject, signal: AbortSignal): Promise<string | undefined> {
    const { network } = this.#oci;
    const answer = await goneIsUndefined(network.call("getPrivateIp", { privateIpId }, subject, signal));
    const vnicId = answer?.privateIp.vnicId;
    if (vnicId === undefined) return undefined;
    const attached = await this.#view.vnicAttachments({}, subject, signal);
    return attached.find((attachment) => attachment.vnicId === vnicId)?.instanceId;
  }

  async #privateIpOf(vmId: string, subject: Subject, signal: AbortSignal): Promise<string> {
    const [attachment] = await this.#view.vnicAttachments({ instanceId: vmId }, subject, signal);
    const vnicId = attachment?.vnicId;
    if (vnicId === undefined) throw notFound(subject, `VM ${vmId} has no network interface`);
    const { items: found } = await this.#oci.network.call("listPrivateIps", { vnicId }, subject, signal);
    const { id } = found.find(({ isPrimary }) => isPrimary) ?? found[0] ?? {};
    if (id === undefined) throw notFound(subject, `VM ${vmId} has no private address`);
    await this.#letGo(id, subject, signal);
    return id;
  }

  /** An address that came with the VM is given back: it has one place for one. */
  async #letGo(privateIpId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const { network } = this.#oci;
    const getPublicIpByPrivateIpIdDetails = { privateIpId };
    const answer = await goneIsUndefined(
      network.call("getPublicIpByPrivateIpId", { getPublicIpByPrivateIpIdDetails }, subject, signal),
    );
    const { id, lifetime } = answer?.publicIp ?? {};
    if (id === undefined) return;
    if (String(lifetime) === "EPHEMERAL") {
      await goneIsUndefined(network.call("deletePublicIp", { publicIpId: id }, subject, signal));
      return;
    }
    throw conflict(subject, "the VM has a reserved address already", "Take that one from it first.");
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#oci.resource("network", id) };
  }
}

async function first<T extends Lived>(found: AsyncIterable<T>, key: string): Promise<T | undefined> {
  for await (const one of found) if (hasKey(one, key)) return one;
  return undefined;
}

function inParts<T>(all: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < all.length; at += rulesACall) parts.push(all.slice(at, at + rulesACall));
  return parts;
}

function toVirtualNetwork(vcn: Vcn): VirtualNetwork {
  const { id, displayName = id, cidrBlocks } = vcn;
  return { virtualNetworkId: id, name: displayName, cidrs: cidrBlocks, isDefault: false, tags: fromWire(vcn).tags };
}

function toGroup(group: models.NetworkSecurityGroup, rules: readonly models.SecurityRule[]): SecurityGroup {
  const { id, displayName = id, vcnId } = group;
  return {
    securityGroupId: id,
    name: displayName,
    virtualNetworkId: vcnId,
    rules: rules.map(fromOracle),
    tags: fromWire(group).tags,
  };
}
