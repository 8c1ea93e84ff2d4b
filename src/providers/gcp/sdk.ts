import type { GoogleAuth } from "google-auth-library";

/** Compute Engine's collections, and the modules of their clients: the package's own entry loads all hundred of them, three
 *  times over (1.0 s and 250 MB, against 0.2 s and 110 MB for one). */
const clients = {
  addresses: "addresses",
  autoscalers: "autoscalers",
  backendServices: "backend_services",
  disks: "disks",
  firewalls: "firewalls",
  forwardingRules: "forwarding_rules",
  globalForwardingRules: "global_forwarding_rules",
  globalOperations: "global_operations",
  images: "images",
  instanceGroupManagers: "instance_group_managers",
  instanceTemplates: "instance_templates",
  instances: "instances",
  machineTypes: "machine_types",
  networkEndpointGroups: "network_endpoint_groups",
  networks: "networks",
  regionAutoscalers: "region_autoscalers",
  regionInstanceGroupManagers: "region_instance_group_managers",
  regionOperations: "region_operations",
  regions: "regions",
  routes: "routes",
  snapshots: "snapshots",
  subnetworks: "subnetworks",
  targetHttpProxies: "target_http_proxies",
  targetTcpProxies: "target_tcp_proxies",
  targetVpnGateways: "target_vpn_gateways",
  urlMaps: "url_maps",
  vpnGateways: "vpn_gateways",
  vpnTunnels: "vpn_tunnels",
  zoneOperations: "zone_operations",
  zones: "zones",
} as const;
export type Collection = keyof typeof clients;

export type Method = (request: object, options: object) => Promise<readonly unknown[]>;
export type AnyClient = Readonly<Record<string, Method>> & { close(): Promise<void> };
const zonal = new Set<Collection>([
  ...(["autoscalers", "disks", "instanceGroupManagers", "instances", "machineTypes"] as const),
  ...(["networkEndpointGroups", "zoneOperations"] as const),
]);
const regional = new Set<Collection>([
  ...([
    "addresses",
    "forwardingRules",
    "regionAutoscalers",
    "regionInstanceGroupManagers",
    "regionOperations",
  ] as const),
  ...(["subnetworks", "targetVpnGateways", "vpnGateways", "vpnTunnels"] as const),
]);

/** What tells a collection's place in the project. */
export function placeOf(
  collection: Collection,
  { project, zone, region }: { project: string; zone: string; region: string },
): object {
  if (zonal.has(collection)) return { project, zone };
  return regional.has(collection) ? { project, region } : { project };
}

/** Calls go to the endpoint instead of to Google, where there is one. */
export async function loadClient(
  collection: Collection,
  endpoint: string | undefined,
  auth: GoogleAuth,
): Promise<AnyClient> {
  const file = `@google-cloud/compute/build/src/v1/${clients[collection]}_client.js`;
  const module = (await import(file)) as Readonly<Record<string, new (options: object) => AnyClient>>;
  const url = endpoint === undefined ? undefined : new URL(endpoint);
  const name = `${collection[0]?.toUpperCase()}${collection.slice(1)}Client`;
  const Client = module[name];
  if (!Client) throw new Error(`Google's SDK has no ${name}`);
  return new Client({
    auth,
    fallback: true,
    ...(url && {
      apiEndpoint: url.hostname,
      port: Number(url.port || (url.protocol === "http:" ? 80 : 443)),
      protocol: url.protocol.replace(":", ""),
    }),
  });
}
