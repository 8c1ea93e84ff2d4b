import type { Permission } from "@azure/arm-authorization";
import { dnsRecordTypes } from "../traffic-facets.ts";
import type { Azure } from "./client.ts";

/** Every action that the adapter uses, as a role names it. */
export const actions: readonly string[] = [
  ...["read", "write", "delete", "start/action", "powerOff/action", "deallocate/action", "instanceView/read"].map(
    (what) => `Microsoft.Compute/virtualMachines/${what}`,
  ),
  "Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action",
  ...["read", "write", "delete"].map((what) => `Microsoft.Compute/disks/${what}`),
  ...["read", "write", "delete", "beginGetAccess/action", "endGetAccess/action"].map(
    (what) => `Microsoft.Compute/snapshots/${what}`,
  ),
  ...["read", "write", "delete"].map((what) => `Microsoft.Compute/images/${what}`),
  ...["read", "write", "delete", "status/read"].map((what) => `Microsoft.Insights/metricAlerts/${what}`),
  "Microsoft.Insights/metrics/read",
  "Microsoft.CostManagement/query/action",
  "Microsoft.CostManagement/forecast/action",
  "Microsoft.Compute/virtualMachineScaleSets/read",
  "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read",
  ...["read", "write", "delete", "join/action"].map((what) => `Microsoft.Network/networkInterfaces/${what}`),
  ...["read", "write", "delete"].map((what) => `Microsoft.Network/virtualNetworks/${what}`),
  ...["read", "write", "delete", "join/action"].map((what) => `Microsoft.Network/virtualNetworks/subnets/${what}`),
  ...["read", "write", "delete", "join/action"].map((what) => `Microsoft.Network/networkSecurityGroups/${what}`),
  ...["read", "write", "delete", "join/action"].map((what) => `Microsoft.Network/publicIPAddresses/${what}`),
  "Microsoft.Network/loadBalancers/read",
  ...["write", "join/action"].map((what) => `Microsoft.Network/loadBalancers/backendAddressPools/${what}`),
  "Microsoft.Network/loadBalancers/loadBalancingRules/health/action",
  "Microsoft.Network/dnsZones/read",
  "Microsoft.Network/dnsZones/recordsets/read",
  ...dnsRecordTypes.flatMap((type) =>
    ["read", "write", "delete"].map((what) => `Microsoft.Network/dnsZones/${type}/${what}`),
  ),
  "Microsoft.Network/trafficManagerProfiles/read",
  ...["azureEndpoints", "externalEndpoints", "nestedEndpoints"].flatMap((kind) =>
    ["write", "delete"].map((what) => `Microsoft.Network/trafficManagerProfiles/${kind}/${what}`),
  ),
  "Microsoft.Network/connections/read",
  "Microsoft.Storage/storageAccounts/read",
];

/** The same for what lies in the storage account. */
export const dataActions: readonly string[] = ["read", "write", "delete", "add/action"].map(
  (what) => `Microsoft.Storage/storageAccounts/blobServices/containers/blobs/${what}`,
);
const containers = ["read", "write", "delete"].map(
  (what) => `Microsoft.Storage/storageAccounts/blobServices/containers/${what}`,
);

/** What of all that the identity may not do in the resource group. Quotas and sizes are asked of the subscription: they are missed
 *  when they are asked for. */
export async function missingPermissions(
  azure: Azure,
  signal: AbortSignal,
): Promise<{ readonly checked: number; readonly missing: readonly string[]; readonly missingData: readonly string[] }> {
  const subject = { operation: "look up permissions", resource: azure.site };
  const granted = await Array.fromAsync(azure.permissions(subject, signal));
  const management = [...actions, ...containers];
  return {
    checked: management.length + dataActions.length,
    missing: management.filter((action) => !isAllowed(action, granted)),
    missingData: dataActions.filter((action) => !isAllowed(action, granted, true)),
  };
}

/** One role is enough that grants it and does not take it away again ("Understand Azure role definitions"). */
export function isAllowed(action: string, granted: readonly Permission[], isData = false): boolean {
  return granted.some((role) => {
    const [given = [], taken = []] = isData ? [role.dataActions, role.notDataActions] : [role.actions, role.notActions];
    return given.some((pattern) => matches(pattern, action)) && !taken.some((pattern) => matches(pattern, action));
  });
}

function matches(pattern: string, action: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "i").test(action);
}
