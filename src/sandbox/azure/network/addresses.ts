import type { Kind, Kinds } from "../arm/kinds.ts";
import { AzureError } from "../errors.ts";
import { quotaExceeded } from "../refusals.ts";
import type { Resource } from "../state.ts";
import { childrenOf, idOf } from "./lists.ts";

export const addressType = "Microsoft.Network/publicIPAddresses";
export const interfaceType = "Microsoft.Network/networkInterfaces";
/** https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits */
export const addressQuota = 1_000;

/** Public addresses are loopback's: 127.81.0.0/16, which every Linux machine has without setting anything up. */
export function addressKind(kinds: Kinds): Kind<object> {
  return {
    service: "network",
    type: addressType,
    collection: "publicIPAddresses",
    lists: ["list", "listAll"],
    tagsOnly: true,
    write(_request, wish, before) {
      const sku = wish.sku ?? before?.sku ?? { name: "Standard", tier: "Regional" };
      const method =
        wish.properties.publicIPAllocationMethod ?? before?.properties.publicIPAllocationMethod ?? "Static";
      if (sku.name === "Standard" && method !== "Static") {
        throw new AzureError(
          "StandardSkuPublicIPAddressMustBeStatic",
          `Standard sku publicIp ${wish.path} must have AllocationMethod set to Static.`,
        );
      }
      const used = kinds.of(addressType);
      if (!before && used.length >= addressQuota)
        throw quotaExceeded("PublicIPAddresses", wish.location, addressQuota, used.length, 1);
      const ipAddress = before?.properties.ipAddress ?? unused(used);
      const common = { publicIPAddressVersion: "IPv4", idleTimeoutInMinutes: 4 };
      const properties = { ...common, ...wish.properties, publicIPAllocationMethod: method, ipAddress };
      return { resource: { ...wish, sku, properties } };
    },
    checkRemoval(address) {
      const user = holderOfAddress(kinds, address.id);
      if (!user) return;
      throw new AzureError(
        "PublicIPAddressCannotBeDeleted",
        `Public IP address ${address.path} can not be deleted since it is still allocated to resource ${user.configuration}.`,
        400,
      );
    },
    view(address) {
      const user = holderOfAddress(kinds, address.id);
      return { ...address.properties, ...(user ? { ipConfiguration: { id: user.configuration } } : {}) };
    },
  };
}

/** The network interface that has a public address, and which of its configurations. */
export function holderOfAddress(kinds: Kinds, id: string): { nic: Resource; configuration: string } | undefined {
  for (const nic of kinds.of(interfaceType)) {
    const found = childrenOf(nic.properties.ipConfigurations).find(
      (one) => idOf(one.properties.publicIPAddress) === id,
    );
    if (found) return { nic, configuration: `${nic.path}/ipConfigurations/${found.name}` };
  }
  return undefined;
}

function unused(addresses: readonly Resource[]): string {
  const used = new Set(addresses.map(({ properties }) => properties.ipAddress));
  for (;;) {
    const address = `127.81.${Math.floor(Math.random() * 256)}.${1 + Math.floor(Math.random() * 254)}`;
    if (!used.has(address)) return address;
  }
}
