import type { GcpCloud } from "../cloud.ts";
import { defaultRegion } from "../places.ts";
import type { Firewall } from "../state.ts";
import { newNumericId } from "./ids.ts";
import { addDefaultRoute } from "./routes.ts";

export const defaultNetworkId = "global/networks/default";
/** Made beside what a new project has, so that probes from this machine reach a guest's application. */
export const demoTag = "novacron-demo";
/** The same for helper instances and the port of their block service. */
const helperTag = "novacron-helper";

/** https://cloud.google.com/vpc/docs/subnets#ip-ranges: what auto mode gives the regions. */
export const autoRanges: Readonly<Record<string, string>> = {
  [defaultRegion]: "10.128.0.0/20",
  "us-east1": "10.142.0.0/20",
  "europe-west1": "10.132.0.0/20",
};

/** Gives a new project what it finds there: an auto-mode network with its subnetworks and firewall rules. */
export function ensureDefaultNetwork(cloud: GcpCloud): void {
  const { tables, documents } = cloud;
  if (tables.settings.has("default-network")) return;
  // Older than any consistency delay: it was always there.
  const createdAt = Date.UTC(2026, 0, 1);
  const base = () => ({ numericId: newNumericId(), createdAt, builtIn: true });
  documents.together(() => {
    const description = "Default network for the project";
    const network = tables.networks.put({
      ...base(),
      id: defaultNetworkId,
      description,
      auto: true,
      mtu: 1460,
      routingMode: "REGIONAL",
    });
    addDefaultRoute(cloud, network);
    for (const [region, cidr] of Object.entries(autoRanges)) {
      const id = `regions/${region}/subnetworks/default`;
      tables.subnetworks.put({ ...base(), id, networkId: defaultNetworkId, cidr, privateIpGoogleAccess: false });
    }
    const opened: readonly (readonly [name: string, rule: Partial<Firewall>])[] = [
      ["default-allow-icmp", { allowed: [{ protocol: "icmp", ports: [] }], priority: 65_534 }],
      ["default-allow-ssh", { allowed: [{ protocol: "tcp", ports: ["22"] }], priority: 65_534 }],
      ["novacron-demo-8080", { allowed: [{ protocol: "tcp", ports: ["8080"] }], targetTags: [demoTag] }],
      ["novacron-helper", { allowed: [{ protocol: "tcp", ports: ["8790"] }], targetTags: [helperTag] }],
    ];
    for (const [name, rule] of opened) {
      tables.firewalls.put({
        ...base(),
        id: `global/firewalls/${name}`,
        networkId: defaultNetworkId,
        direction: "INGRESS",
        priority: 1000,
        allowed: [],
        denied: [],
        sourceRanges: ["0.0.0.0/0"],
        destinationRanges: [],
        sourceTags: [],
        targetTags: [],
        disabled: false,
        ...rule,
      });
    }
    tables.settings.put({ id: "default-network", value: true });
  });
}
