// Long because each kind of network resource has its own way to be made and to be changed as a whole.
import type { VirtualNetwork as AzureNetwork, NetworkSecurityGroup, PublicIPAddress } from "@azure/arm-network";
import type { Address, NetworkAdminFacet, SecurityGroup, SecurityRule, VirtualNetwork } from "../cloud-facets.ts";
import { conflict, notFound, type Subject } from "../failures.ts";
import type { Network } from "../provider.ts";
import type { Azure } from "./client.ts";
import { goneIsUndefined } from "./errors.ts";
import { namedFor, parseId } from "./names.ts";
import { toNetwork } from "./network.ts";
import { type Placements, publicAddress, vmNameOf } from "./placements.ts";
import { fromAzureRules, toAzureRules } from "./security-rules.ts";
import { createdTags, fromWire, toWire } from "./tags.ts";
import { primaryConfig } from "./view.ts";

type Keyed = { readonly key: string; readonly tags: Readonly<Record<string, string>>; readonly name: string };

/** Virtual networks, subnets, network security groups and public addresses. Each is made under a name that its key decides, so
 *  that Azure itself makes a repeat find it. */
export class AzureNetworkAdmin implements NetworkAdminFacet {
  readonly #azure: Azure;
  readonly #placements: Placements;

  constructor(azure: Azure, placements: Placements) {
    this.#azure = azure;
    this.#placements = placements;
  }

  async *listVirtualNetworks(signal: AbortSignal): AsyncGenerator<VirtualNetwork> {
    const subject = this.#subject("list virtual networks", "all");
    for await (const network of this.#placements.virtualNetworks(subject, signal)) yield toVirtualNetwork(network);
  }

  /** A way out needs no gateway here: what no security group refuses goes out by a public address of its own. */
  async createVirtualNetwork(
    input: Keyed & { cidr: string; internet: boolean },
    signal: AbortSignal,
  ): Promise<VirtualNetwork> {
    const { key, tags, name, cidr } = input;
    const subject = this.#subject("create virtual network", name);
    const azureName = namedFor(name, "network", key);
    const known = await this.#network(azureName, subject, signal);
    // A PUT is the whole of it: one that is there already would lose its subnets.
    if (known) return toVirtualNetwork(known);
    const network: AzureNetwork = {
      location: this.#azure.entry.region,
      tags: toWire(createdTags(tags, key), { name }),
      addressSpace: { addressPrefixes: [cidr] },
      subnets: [],
    };
    const made = await this.#azure.network(subject, signal, (client, { group, options }) =>
      client.virtualNetworks.createOrUpdate(group, azureName, network, options),
    );
    return toVirtualNetwork(made);
  }

  async deleteVirtualNetwork(virtualNetworkId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete virtual network", virtualNetworkId);
    const network = await this.#network(virtualNetworkId, subject, signal);
    if (!network) return;
    // Azure would take them along.
    const [subnet] = network.subnets ?? [];
    if (subnet) throw conflict(subject, `subnet ${subnet.name} lies in it`, "Delete its subnets first.");
    await goneIsUndefined(
      this.#azure.network(subject, signal, (client, { group, options }) =>
        client.virtualNetworks.delete(group, virtualNetworkId, options),
      ),
    );
  }

  /** Its name tells it apart within its network; Azure has no tags for subnets, so the network notes which are ours. */
  async createSubnet(
    input: Keyed & { virtualNetworkId: string; cidr: string; zone?: string },
    signal: AbortSignal,
  ): Promise<Network> {
    const { name, virtualNetworkId, cidr } = input;
    const subject = this.#subject("create subnet", name);
    const subnetName = /^[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,78}[a-zA-Z0-9_])?$/.test(name)
      ? name
      : namedFor(name, "subnet");
    const network = await this.#network(virtualNetworkId, subject, signal);
    if (!network) throw notFound(subject, `virtual network ${virtualNetworkId} does not exist`);
    const known = network.subnets?.find((subnet) => subnet.name?.toLowerCase() === subnetName.toLowerCase());
    if (known && (known.addressPrefix ?? known.addressPrefixes?.[0]) !== cidr) {
      throw conflict(subject, `there is a subnet of that name with other addresses`, "Choose another name.");
    }
    await this.#noteSubnets(network, (ours) => [...ours, subnetName], subject, signal);
    const subnet =
      known ??
      (await this.#azure.network(subject, signal, (client, { group, options }) =>
        client.subnets.createOrUpdate(group, virtualNetworkId, subnetName, { addressPrefix: cidr }, options),
      ));
    const networkId = `${virtualNetworkId}/${subnetName}`;
    return toNetwork({ networkId, virtualNetwork: network, subnet, isDefault: false });
  }

  async deleteSubnet(networkId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete subnet", networkId);
    const [virtualNetworkId = "", name = ""] = networkId.split("/");
    await goneIsUndefined(
      this.#azure.network(subject, signal, (client, { group, options }) =>
        client.subnets.delete(group, virtualNetworkId, name, options),
      ),
    );
    const network = await this.#network(virtualNetworkId, subject, signal);
    if (network) await this.#noteSubnets(network, (ours) => ours.filter((each) => each !== name), subject, signal);
  }

  async *listSecurityGroups(signal: AbortSignal): AsyncGenerator<SecurityGroup> {
    const subject = this.#subject("list security groups", "all");
    const all = this.#azure.networkList(subject, signal, (client, { group, options }) =>
      client.networkSecurityGroups.list(group, options),
    );
    for await (const each of all) yield toSecurityGroup(each);
  }

  async createSecurityGroup(
    input: Keyed & { description: string; virtualNetworkId: string; rules: readonly SecurityRule[] },
    signal: AbortSignal,
  ): Promise<SecurityGroup> {
    const { key, tags, name, virtualNetworkId, rules } = input;
    const subject = this.#subject("create security group", name);
    const azureName = namedFor(name, "security-group", key);
    return this.#putGroup(
      azureName,
      toWire(createdTags(tags, key), { name, network: virtualNetworkId }),
      rules,
      subject,
      signal,
    );
  }

  /** One PUT is the whole of it, so that nothing is shut out in between. */
  async setSecurityRules(
    securityGroupId: string,
    rules: readonly SecurityRule[],
    signal: AbortSignal,
  ): Promise<SecurityGroup> {
    const subject = this.#subject("set security rules", securityGroupId);
    const seen = await this.#azure.network(subject, signal, (client, { group, options }) =>
      client.networkSecurityGroups.get(group, securityGroupId, options),
    );
    return this.#putGroup(securityGroupId, seen.tags ?? {}, rules, subject, signal);
  }

  async deleteSecurityGroup(securityGroupId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("delete security group", securityGroupId);
    await goneIsUndefined(
      this.#azure.network(subject, signal, (client, { group, options }) =>
        client.networkSecurityGroups.delete(group, securityGroupId, options),
      ),
    );
  }

  async *listAddresses(signal: AbortSignal): AsyncGenerator<Address> {
    const subject = this.#subject("list addresses", "all");
    const all = this.#azure.networkList(subject, signal, (client, { group, options }) =>
      client.publicIPAddresses.list(group, options),
    );
    for await (const each of all) yield await this.#toAddress(each, subject, signal);
  }

  async allocateAddress({ key, tags, name }: Keyed, signal: AbortSignal): Promise<Address> {
    const subject = this.#subject("allocate address", name);
    const azureName = namedFor(name, "address", key);
    const known = await this.#address(azureName, subject, signal);
    const made =
      known ??
      (await this.#azure.network(subject, signal, (client, { group, options }) =>
        client.publicIPAddresses.createOrUpdate(
          group,
          azureName,
          publicAddress(this.#azure, createdTags(tags, key), name),
          options,
        ),
      ));
    return this.#toAddress(made, subject, signal);
  }

  async associateAddress(addressId: string, vmId: string | undefined, signal: AbortSignal): Promise<Address> {
    const subject = this.#subject("associate address", addressId);
    const seen = await this.#address(addressId, subject, signal);
    if (!seen) throw notFound(subject, "there is no such address");
    const before = await this.#toAddress(seen, subject, signal);
    if (before.vmId === vmId) return before;
    const holder = configHolder(seen);
    if (holder !== undefined) await this.#setAddress(holder, undefined, subject, signal);
    if (vmId !== undefined) {
      const machine = await this.#azure.compute(subject, signal, (client, { group, options }) =>
        client.virtualMachines.get(group, vmId, options),
      );
      const nics = machine.networkProfile?.networkInterfaces ?? [];
      const nic = parseId((nics.find(({ primary }) => primary) ?? nics[0])?.id).name;
      if (nic === "") throw conflict(subject, `VM ${vmId} has no network interface`, "Give it one first.");
      await this.#setAddress(nic, seen.id, subject, signal);
    }
    return this.#toAddress((await this.#address(addressId, subject, signal)) ?? seen, subject, signal);
  }

  async releaseAddress(addressId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("release address", addressId);
    await goneIsUndefined(
      this.#azure.network(subject, signal, (client, { group, options }) =>
        client.publicIPAddresses.delete(group, addressId, options),
      ),
    );
  }

  async #putGroup(
    name: string,
    tags: Readonly<Record<string, string>>,
    rules: readonly SecurityRule[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<SecurityGroup> {
    const wanted: NetworkSecurityGroup = {
      location: this.#azure.entry.region,
      tags: { ...tags },
      securityRules: toAzureRules(rules, subject),
    };
    const made = await this.#azure.network(subject, signal, (client, { group, options }) =>
      client.networkSecurityGroups.createOrUpdate(group, name, wanted, options),
    );
    return toSecurityGroup(made);
  }

  /** A PUT is the whole of an interface, too: it is sent back as it came, but for the address. */
  async #setAddress(nicName: string, addressId: string | undefined, subject: Subject, signal: AbortSignal) {
    const nic = await this.#azure.network(subject, signal, (client, { group, options }) =>
      client.networkInterfaces.get(group, nicName, options),
    );
    const primary = primaryConfig(nic);
    const ipConfigurations = (nic.ipConfigurations ?? []).map((config) => {
      if (config !== primary) return config;
      const { publicIPAddress: _gone, ...rest } = config;
      return addressId === undefined ? rest : { ...rest, publicIPAddress: { id: addressId } };
    });
    await this.#azure.network(subject, signal, (client, { group, options }) =>
      client.networkInterfaces.createOrUpdate(group, nicName, { ...nic, ipConfigurations }, options),
    );
  }

  #network(name: string, subject: Subject, signal: AbortSignal): Promise<AzureNetwork | undefined> {
    return goneIsUndefined(
      this.#azure.network(subject, signal, (client, { group, options }) =>
        client.virtualNetworks.get(group, name, options),
      ),
    );
  }

  #address(name: string, subject: Subject, signal: AbortSignal): Promise<PublicIPAddress | undefined> {
    return goneIsUndefined(
      this.#azure.network(subject, signal, (client, { group, options }) =>
        client.publicIPAddresses.get(group, name, options),
      ),
    );
  }

  async #noteSubnets(
    network: AzureNetwork,
    change: (ours: readonly string[]) => readonly string[],
    subject: Subject,
    signal: AbortSignal,
  ): Promise<void> {
    const { raw } = fromWire(network.tags);
    const before = oursOf(network);
    const after = [...new Set(change(before))];
    if (after.length === before.length) return;
    const { "novacron:subnets": _before, ...rest } = raw;
    const tags = { ...rest, ...(after.length > 0 && { "novacron:subnets": after.join(" ") }) };
    await this.#azure.network(subject, signal, (client, { group, options }) =>
      client.virtualNetworks.updateTags(group, network.name ?? "", { tags }, options),
    );
  }

  async #toAddress(address: PublicIPAddress, subject: Subject, signal: AbortSignal): Promise<Address> {
    const holder = configHolder(address);
    const nic =
      holder === undefined
        ? undefined
        : await goneIsUndefined(
            this.#azure.network(subject, signal, (client, { group, options }) =>
              client.networkInterfaces.get(group, holder, options),
            ),
          );
    const vmId = nic && vmNameOf(nic);
    return {
      addressId: address.name ?? "",
      address: address.ipAddress ?? "",
      ...(vmId !== undefined && { vmId }),
      tags: fromWire(address.tags).tags,
    };
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#azure.resource("network", id) };
  }
}

/** The subnets of a network that we made. */
export function oursOf({ tags }: AzureNetwork): string[] {
  return (fromWire(tags).notes.subnets ?? "").split(" ").filter((name) => name !== "");
}

/** `…/networkInterfaces/n/ipConfigurations/c`: the interface that has the address. */
function configHolder({ ipConfiguration }: PublicIPAddress): string | undefined {
  const match = /\/networkInterfaces\/([^/]+)\//i.exec(ipConfiguration?.id ?? "");
  return match?.[1];
}

function toVirtualNetwork(network: AzureNetwork): VirtualNetwork {
  const { tags, notes } = fromWire(network.tags);
  return {
    virtualNetworkId: network.name ?? "",
    name: notes.name ?? network.name ?? "",
    cidrs: network.addressSpace?.addressPrefixes ?? [],
    // Azure has none that it would make by itself.
    isDefault: false,
    tags,
  };
}

function toSecurityGroup(group: NetworkSecurityGroup): SecurityGroup {
  const { tags, notes } = fromWire(group.tags);
  return {
    securityGroupId: group.name ?? "",
    name: notes.name ?? group.name ?? "",
    ...(notes.network !== undefined && { virtualNetworkId: notes.network }),
    rules: fromAzureRules(group.securityRules ?? []),
    tags,
  };
}
