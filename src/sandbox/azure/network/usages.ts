import type { Kinds } from "../arm/kinds.ts";
import { page } from "../arm/paging.ts";
import type { Route } from "../arm/request.ts";
import { addressQuota, addressType, interfaceType } from "./addresses.ts";
import { groupType } from "./security-groups.ts";
import { networkType } from "./virtual-networks.ts";

/** https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits */
const limits = [
  ["VirtualNetworks", "Virtual Networks", networkType, 1_000],
  ["NetworkSecurityGroups", "Network Security Groups", groupType, 5_000],
  ["NetworkInterfaces", "Network Interfaces", interfaceType, 65_536],
  ["PublicIPAddresses", "Public IP Addresses", addressType, addressQuota],
  ["StandardSkuPublicIpAddresses", "Public IPv4 Addresses - Standard", addressType, addressQuota],
] as const;

export function networkUsageRoutes(kinds: Kinds): Route[] {
  const { subscriptionId } = kinds.cloud.account;
  return [
    {
      service: "network",
      operation: "usages.list",
      action: "Microsoft.Network/locations/usages/read",
      method: "GET",
      path: "providers/microsoft.network/locations/:location/usages",
      run: (request) =>
        page(request, limits, limits.length + 1, ([value, localizedValue, type, limit]) => ({
          id: `/subscriptions/${subscriptionId}/providers/Microsoft.Network/locations/${request.params.location}/usages/${value}`,
          unit: "Count",
          currentValue: kinds.of(type).length,
          limit,
          name: { value, localizedValue },
        })),
    },
  ];
}
