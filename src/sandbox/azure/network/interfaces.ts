import { contains, formatAddress, parseAddress, sizeOf } from "../../cloud/ipv4.ts";
import type { Kind, Kinds } from "../arm/kinds.ts";
import { AzureError } from "../errors.ts";
import { newMac } from "../ids.ts";
import type { Json, Resource } from "../state.ts";
import { textOf } from "../text.ts";
import { addressType, holderOfAddress, interfaceType } from "./addresses.ts";
import { type Child, childrenOf, idOf, showChildren } from "./lists.ts";
import { groupType } from "./security-groups.ts";
import { findSubnet } from "./virtual-networks.ts";

/** The first four addresses of a subnet and its last are Azure's own:
 *  https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq */
const reserved = 4;

/** Network interfaces: https://learn.microsoft.com/rest/api/virtualnetwork/network-interfaces. `changed` is told of each change. */
export function interfaceKind(kinds: Kinds, changed: () => void): Kind<object> {
  return {
    service: "network",
    type: interfaceType,
    collection: "networkInterfaces",
    lists: ["list", "listAll"],
    tagsOnly: true,
    write(request, wish, before) {
      const ifMatch = request.headers["if-match"];
      if (before && ifMatch !== undefined && ifMatch !== "*" && ifMatch !== before.etag)
        throw new AzureError("PreconditionFailed", "The precondition given in the request headers is not met.", 412);
      const asked = childrenOf(wish.properties.ipConfigurations);
      if (asked.length === 0)
        throw new AzureError("InvalidRequestFormat", "A network interface needs an IP configuration.");
      const old = childrenOf(before?.properties.ipConfigurations);
      const ipConfigurations = asked.map((one, index) => configuration(kinds, wish, one, old, index));
      requireOne(kinds, wish.properties.networkSecurityGroup, groupType);
      const { macAddress = newMac(), virtualMachine } = before?.properties ?? {};
      return {
        resource: {
          ...wish,
          properties: {
            enableAcceleratedNetworking: false,
            enableIPForwarding: false,
            ...wish.properties,
            ipConfigurations,
            macAddress,
            ...(virtualMachine === undefined ? {} : { virtualMachine }),
          },
        },
        work: async () => changed(),
      };
    },
    checkRemoval({ path, properties }) {
      const vm = idOf(properties.virtualMachine);
      if (vm === undefined) return;
      throw new AzureError(
        "NicInUse",
        `Network Interface ${path} is used by existing resource ${vm}. In order to delete the network interface, it must be dissociated from the resource.`,
        400,
      );
    },
    view: ({ path, etag, properties }) => ({
      ...properties,
      primary: true,
      ipConfigurations: showChildren(
        properties.ipConfigurations,
        path,
        etag,
        `${interfaceType}/ipConfigurations`,
        "ipConfigurations",
      ),
    }),
  };
}

function configuration(kinds: Kinds, nic: Resource, one: Child, old: readonly Child[], index: number): Child {
  const subnetId = idOf(one.properties.subnet);
  if (subnetId === undefined)
    throw new AzureError("InvalidRequestFormat", `The IP configuration ${one.name} names no subnet.`);
  const { cidr } = findSubnet(kinds, subnetId);
  const addressId = requireOne(kinds, one.properties.publicIPAddress, addressType);
  const holder = addressId === undefined ? undefined : holderOfAddress(kinds, addressId);
  if (holder && holder.nic.id !== nic.id) {
    throw new AzureError(
      "PublicIPAddressInUse",
      `Resource ${nic.path} is referencing public IP address ${addressId} that is already allocated to resource ${holder.configuration}.`,
    );
  }
  const before = old.find(({ name }) => name === one.name);
  const method = one.properties.privateIPAllocationMethod ?? "Dynamic";
  const taken = kinds
    .of(interfaceType)
    .filter(({ id }) => id !== nic.id)
    .flatMap(({ properties }) => childrenOf(properties.ipConfigurations))
    .filter((other) => idOf(other.properties.subnet) === subnetId)
    .map((other) => other.properties.privateIPAddress);
  const kept = idOf(before?.properties.subnet) === subnetId ? before?.properties.privateIPAddress : undefined;
  const wanted = method === "Static" ? (one.properties.privateIPAddress ?? kept) : kept;
  if (wanted !== undefined) {
    const base = parseAddress(textOf(wanted));
    if (base === undefined || !contains(cidr, { base, prefix: 32 }))
      throw new AzureError(
        "PrivateIPAddressNotInSubnet",
        `Private static IP address ${textOf(wanted)} does not belong to the range of the subnet.`,
      );
    if (taken.includes(wanted))
      throw new AzureError("PrivateIPAddressInUse", `IP address ${textOf(wanted)} is already in use.`);
  }
  const properties: Json = {
    ...one.properties,
    privateIPAllocationMethod: method,
    privateIPAddress: wanted ?? free(cidr, taken),
    privateIPAddressVersion: "IPv4",
    primary: one.properties.primary ?? index === 0,
  };
  return { name: one.name, properties };

  function free({ base, prefix }: { base: number; prefix: number }, used: readonly unknown[]): string {
    for (let address = base + reserved; address < base + sizeOf({ base, prefix }) - 1; address++)
      if (!used.includes(formatAddress(address))) return formatAddress(address);
    throw new AzureError("SubnetIsFull", `Subnet ${subnetId} does not have enough capacity for 1 IP address.`);
  }
}

/** @throws AzureError InvalidResourceReference */
function requireOne(kinds: Kinds, reference: unknown, type: string): string | undefined {
  const id = idOf(reference);
  if (id === undefined || kinds.byId(id, type)) return id;
  throw new AzureError("InvalidResourceReference", `Resource ${id} referenced by the request was not found.`);
}
