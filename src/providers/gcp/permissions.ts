import type { Gcp } from "./client.ts";

const of = (resource: string, ...verbs: readonly string[]) => verbs.map((verb) => `compute.${resource}.${verb}`);

/** Every permission that the adapter uses, sorted; the README lists the same. */
export const neededPermissions: readonly string[] = [
  ...of("addresses", "create", "delete", "get", "list", "setLabels", "use"),
  ...of("autoscalers", "list"),
  ...of("backendServices", "get", "list", "update"),
  ...of("disks", "create", "createSnapshot", "delete", "get", "list", "setLabels", "use", "useReadOnly"),
  ...of("firewalls", "create", "delete", "get", "list"),
  ...of("forwardingRules", "list"),
  ...of("globalForwardingRules", "list"),
  ...of("globalOperations", "get", "list"),
  ...of("images", "create", "delete", "get", "list", "setLabels", "useReadOnly"),
  ...of("instanceGroupManagers", "get", "list"),
  ...of("instanceTemplates", "get"),
  ...of("instances", "addAccessConfig", "create", "delete", "deleteAccessConfig", "get", "getSerialPortOutput", "list"),
  ...of("instances", "setDiskAutoDelete", "setLabels", "setMachineType", "setMetadata", "setTags", "start", "stop"),
  ...of("machineTypes", "get", "list"),
  ...of("networkEndpointGroups", "attachNetworkEndpoints", "detachNetworkEndpoints", "get", "list", "use"),
  ...of("networks", "create", "delete", "get", "list", "updatePolicy"),
  ...of("regionOperations", "get", "list"),
  ...of("regions", "get"),
  ...of("routes", "delete", "list"),
  ...of("snapshots", "create", "delete", "get", "list", "setLabels", "useReadOnly"),
  ...of("subnetworks", "create", "delete", "get", "list", "use", "useExternalIp"),
  ...of("targetHttpProxies", "list"),
  ...of("targetTcpProxies", "list"),
  ...of("targetVpnGateways", "list"),
  ...of("urlMaps", "list"),
  ...of("vpnGateways", "list"),
  ...of("vpnTunnels", "list"),
  ...of("zoneOperations", "get", "list"),
  ...of("zones", "get"),
  ...["changes.create", "changes.get", "managedZones.get", "managedZones.list"].map((name) => `dns.${name}`),
  ...["create", "delete", "list"].map((verb) => `dns.resourceRecordSets.${verb}`),
  "bigquery.jobs.create",
  ...["create", "delete", "get", "list"].map((verb) => `monitoring.alertPolicies.${verb}`),
  "monitoring.timeSeries.list",
  ...["create", "delete", "get", "list"].map((verb) => `storage.buckets.${verb}`),
  ...["create", "delete", "get", "list"].map((verb) => `storage.objects.${verb}`),
].sort();

/** "testIamPermissions": at most so many at once. */
const atOnce = 100;

/** Those that the identity lacks in the project. */
export async function missingPermissions(gcp: Gcp, signal: AbortSignal): Promise<readonly string[]> {
  const { endpoint = "https://cloudresourcemanager.googleapis.com" } = gcp.entry;
  const project = await gcp.project();
  const subject = { operation: "ask for permissions", resource: gcp.resource("project", project) };
  const { auth } = await gcp.signer();
  const has = new Set<string>();
  for (let at = 0; at < neededPermissions.length; at += atOnce) {
    const permissions = neededPermissions.slice(at, at + atOnce);
    const answer = await gcp.send(
      "resourcemanager",
      "testIamPermissions",
      async () => {
        const { data } = await auth.request<{ permissions?: readonly string[] }>({
          url: `${endpoint}/v1/projects/${project}:testIamPermissions`,
          method: "POST",
          data: { permissions },
          signal,
          retryConfig: { retry: 0, noResponseRetries: 0 },
        });
        return data;
      },
      subject,
      signal,
    );
    for (const permission of answer.permissions ?? []) has.add(permission);
  }
  return neededPermissions.filter((permission) => !has.has(permission));
}
