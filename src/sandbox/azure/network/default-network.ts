import type { Kinds } from "../arm/kinds.ts";
import { defaultGroup, defaultLocation } from "../cloud.ts";
import { newEtag } from "../ids.ts";
import type { Json } from "../state.ts";
import { groupType } from "./security-groups.ts";
import { networkType } from "./virtual-networks.ts";

/** Opens a port, so that probes from this machine reach a guest's application. */
export const demoGroupName = "novacron-demo-8080";
export const defaultNetworkName = "novacron";
const demoPort = "8080";

/** What the sandbox's subscription has from its start; it stays away once it was deleted. */
export function ensureDefaultNetwork(kinds: Kinds): void {
  const { tables, documents } = kinds.cloud;
  if (tables.settings.has("built-in")) return;
  const put = (type: string, name: string, properties: Json): string => {
    const path = kinds.path(type, defaultGroup, name);
    const resource = kinds.put({
      id: path.toLowerCase(),
      path,
      type,
      group: defaultGroup,
      name,
      location: defaultLocation,
      // Older than any delay: it was always there.
      createdAt: Date.UTC(2026, 10, 1),
      tags: {},
      properties,
      provisioningState: "Succeeded",
      etag: newEtag(),
      facts: {},
    });
    return resource.id;
  };
  documents.together(() => {
    const network = put(networkType, defaultNetworkName, {
      addressSpace: { addressPrefixes: ["10.20.0.0/16"] },
      subnets: [{ name: "default", properties: { addressPrefix: "10.20.0.0/24" } }],
    });
    const group = put(groupType, demoGroupName, {
      securityRules: [
        {
          name: "demo",
          properties: {
            protocol: "Tcp",
            sourcePortRange: "*",
            destinationPortRange: demoPort,
            sourceAddressPrefix: "127.0.0.0/8",
            destinationAddressPrefix: "*",
            access: "Allow",
            priority: 100,
            direction: "Inbound",
          },
        },
      ],
    });
    tables.settings.put({ id: "built-in", value: [network, group] });
  });
}
