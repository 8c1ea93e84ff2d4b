import type { NetworkInterface, NetworkSecurityGroup, Subnet, VirtualNetwork } from "@azure/arm-network";
import { invalid, notFound, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { VmSpec } from "../provider.ts";
import type { Azure } from "./client.ts";
import { goneIsUndefined, vendorCode } from "./errors.ts";
import { parseId } from "./names.ts";
import { createdTags, fromWire, isManaged, toWire } from "./tags.ts";

/** Azure's own: no VM may go in there. */
const reserved = /^(GatewaySubnet|AzureBastionSubnet|AzureFirewall\w*Subnet|RouteServerSubnet)$/i;

export interface SeenSubnet {
  readonly networkId: string;
  readonly virtualNetwork: VirtualNetwork;
  readonly subnet: Subnet;
  readonly isDefault: boolean;
}

/** Where new VMs go: subnets, their interfaces and security groups. */
export class Placements {
  readonly #azure: Azure;

  constructor(azure: Azure) {
    this.#azure = azure;
  }

  virtualNetworks(subject: Subject, signal: AbortSignal): AsyncGenerator<VirtualNetwork> {
    return inRegion(
      this.#azure,
      this.#azure.networkList(subject, signal, (client, { group, options }) =>
        client.virtualNetworks.list(group, options),
      ),
    );
  }

  /** All subnets of the resource group. Azure has no default network: the first one counts as it, and none that we made
   *  ourselves. */
  async subnets(subject: Subject, signal: AbortSignal): Promise<SeenSubnet[]> {
    const found: Omit<SeenSubnet, "isDefault">[] = [];
    for await (const virtualNetwork of this.virtualNetworks(subject, signal)) {
      for (const subnet of virtualNetwork.subnets ?? []) {
        if (reserved.test(subnet.name ?? "")) continue;
        found.push({ networkId: `${virtualNetwork.name}/${subnet.name}`, virtualNetwork, subnet });
      }
    }
    found.sort((a, b) => (a.networkId < b.networkId ? -1 : 1));
    const first = found.find(({ virtualNetwork }) => !isManaged(virtualNetwork.tags));
    return found.map((each) => ({ ...each, isDefault: each === first }));
  }

  async defaultSubnet(subject: Subject, signal: AbortSignal): Promise<SeenSubnet> {
    const found = (await this.subnets(subject, signal)).find(({ isDefault }) => isDefault);
    if (found) return found;
    throw invalid(
      subject,
      `resource group ${this.#azure.entry.resourceGroup} has no virtual network with a subnet in ${this.#azure.entry.region}`,
      "Name a subnet, or make a virtual network with one.",
    );
  }

  /** Makes the network interfaces of a new VM, named after it. @returns their resource ids, the first one first. */
  async interfaces(
    spec: Pick<VmSpec, "nics" | "securityGroups" | "publicAddress">,
    vm: { readonly name: string; readonly key: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string[]> {
    const subnets =
      spec.nics.length === 0
        ? [await this.defaultSubnet(subject, signal)]
        : await this.#named(
            spec.nics.map(({ networkId }) => networkId),
            subject,
            signal,
          );
    const group = await this.#securityGroup(
      spec.securityGroups ?? this.#azure.entry.securityGroups ?? [],
      subject,
      signal,
    );
    const ids: string[] = [];
    for (const [index, { subnet }] of subnets.entries()) {
      const name = interfaceName(vm.name, index);
      const publicId = spec.publicAddress && index === 0 ? await this.#publicAddress(vm, subject, signal) : undefined;
      const address = spec.nics[index]?.address;
      const nic: NetworkInterface = {
        location: this.#azure.entry.region,
        tags: toWire(createdTags({}, vm.key)),
        ...(group !== undefined && { networkSecurityGroup: { id: group } }),
        ipConfigurations: [
          {
            name: "primary",
            primary: true,
            privateIPAllocationMethod: address === undefined ? "Dynamic" : "Static",
            ...(address !== undefined && { privateIPAddress: address }),
            subnet: { id: subnet.id ?? "" },
            ...(publicId !== undefined && { publicIPAddress: { id: publicId, deleteOption: "Delete" } }),
          },
        ],
      };
      const made = await this.#azure.network(subject, signal, (client, at) =>
        client.networkInterfaces.createOrUpdate(at.group, name, nic, at.options),
      );
      ids.push(made.id ?? this.#azure.id("Microsoft.Network/networkInterfaces", name));
    }
    return ids;
  }

  /** What {@link interfaces} made and no VM took along. */
  async removeInterfaces(vmName: string, subject: Subject, signal: AbortSignal): Promise<void> {
    for (let index = 0; ; index++) {
      const name = interfaceName(vmName, index);
      const nic = await goneIsUndefined(
        this.#azure.network(subject, signal, (client, { group, options }) =>
          client.networkInterfaces.get(group, name, options),
        ),
      );
      if (!nic) break;
      if (!isManaged(nic.tags) || nic.virtualMachine) continue;
      await this.#removeInterface(name, subject, signal);
    }
    const address = addressName(vmName);
    const seen = await goneIsUndefined(
      this.#azure.network(subject, signal, (client, { group, options }) =>
        client.publicIPAddresses.get(group, address, options),
      ),
    );
    if (!seen || !isManaged(seen.tags)) return;
    await goneIsUndefined(
      this.#azure.network(subject, signal, (client, { group, options }) =>
        client.publicIPAddresses.delete(group, address, options),
      ),
    );
  }

  /** Azure keeps one for its VM a while after that has failed or gone. */
  async #removeInterface(name: string, subject: Subject, signal: AbortSignal): Promise<void> {
    const { patience } = this.#azure;
    const deadline = Date.now() + patience.reservedNicMs;
    const remove = async (): Promise<true | undefined> => {
      try {
        await goneIsUndefined(
          this.#azure.network(subject, signal, (client, { group, options }) =>
            client.networkInterfaces.delete(group, name, options),
          ),
        );
        return true;
      } catch (error) {
        if (vendorCode(error) !== "NicReservedForAnotherVm" || Date.now() >= deadline) throw error;
        return undefined;
      }
    };
    await poll(remove, patience, signal);
  }

  async #publicAddress(
    vm: { readonly name: string; readonly key: string },
    subject: Subject,
    signal: AbortSignal,
  ): Promise<string> {
    const name = addressName(vm.name);
    const made = await this.#azure.network(subject, signal, (client, { group, options }) =>
      client.publicIPAddresses.createOrUpdate(
        group,
        name,
        publicAddress(this.#azure, createdTags({}, vm.key)),
        options,
      ),
    );
    return made.id ?? this.#azure.id("Microsoft.Network/publicIPAddresses", name);
  }

  async #named(ids: readonly string[], subject: Subject, signal: AbortSignal): Promise<SeenSubnet[]> {
    const all = await this.subnets(subject, signal);
    return ids.map((id) => {
      const found = all.find(({ networkId }) => networkId.toLowerCase() === id.toLowerCase());
      if (found) return found;
      throw notFound(subject, `subnet ${id} does not exist in the site's resource group`);
    });
  }

  /** An interface takes one group. */
  async #securityGroup(wanted: readonly string[], subject: Subject, signal: AbortSignal): Promise<string | undefined> {
    const [first, ...more] = wanted;
    if (first === undefined) return undefined;
    if (more.length > 0) {
      throw invalid(
        subject,
        `${wanted.length} security groups are named, and an Azure network interface takes one`,
        "Name one; put the other's rules into it.",
      );
    }
    const groups = this.#azure.networkList(subject, signal, (client, { group, options }) =>
      client.networkSecurityGroups.list(group, options),
    );
    const seen: NetworkSecurityGroup[] = await Array.fromAsync(groups);
    const found = seen.find(
      ({ name, id, tags }) => name === first || id === first || fromWire(tags).notes.name === first,
    );
    if (found?.id !== undefined) return found.id;
    throw invalid(
      subject,
      `resource group ${this.#azure.entry.resourceGroup} has no network security group ${first}`,
      `It has: ${seen.map(({ name }) => name).join(", ") || "none"}.`,
    );
  }
}

/** Standard addresses are closed to what no security group lets in. */
export function publicAddress(azure: Azure, tags: Readonly<Record<string, string>>, name?: string) {
  return {
    location: azure.entry.region,
    sku: { name: "Standard" as const },
    publicIPAllocationMethod: "Static" as const,
    publicIPAddressVersion: "IPv4" as const,
    tags: toWire(tags, { name }),
  };
}

/** Where a VM's interface is, by its resource id. */
export function vmNameOf(nic: NetworkInterface): string | undefined {
  return nic.virtualMachine?.id === undefined ? undefined : parseId(nic.virtualMachine.id).name;
}

function interfaceName(vmName: string, index: number): string {
  return `${vmName}-nic${index}`;
}

function addressName(vmName: string): string {
  return `${vmName}-ip`;
}

async function* inRegion<T extends { readonly location?: string }>(
  azure: Azure,
  all: AsyncIterable<T>,
): AsyncGenerator<T> {
  const region = azure.entry.region.replaceAll(" ", "").toLowerCase();
  for await (const each of all) if ((each.location ?? "").replaceAll(" ", "").toLowerCase() === region) yield each;
}
