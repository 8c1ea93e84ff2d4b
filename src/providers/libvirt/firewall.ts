import type { FirewallLayer, FirewallRule, VmFirewall } from "../../domain/firewall.ts";
import { isolatedNetworkId } from "../../domain/vm.ts";
import { userNetworkId } from "./domain-xml.ts";
import type { SeenDomain } from "./domains.ts";

/** QEMU's user-mode network lets out everything and in what is published, at the host's own address: who reaches that is not
 *  known here. In libvirt's networks and on bridges nothing is held back but by filters that the administrator made. */
export function firewallOf({ nics, metadata }: SeenDomain): VmFirewall {
  const published = metadata.publishPorts.map(
    (port): FirewallRule => ({
      ruleId: `port ${port}`,
      direction: "ingress",
      action: "allow",
      protocol: "tcp",
      fromPort: port,
      toPort: port,
      peers: [{ kind: "service", name: "host" }],
    }),
  );
  const layersOf: Readonly<Record<string, FirewallLayer>> = {
    [userNetworkId]: { name: "published", rules: published, otherwise: { ingress: "deny", egress: "allow" } },
    [isolatedNetworkId]: { name: "isolated", rules: [], otherwise: { ingress: "deny", egress: "deny" } },
  };
  const others = nics.some(({ networkId }) => layersOf[networkId] === undefined);
  return {
    nics: nics.map(({ nicId, networkId }) => {
      const layer = layersOf[networkId];
      return { nicId, layers: layer ? [layer] : [] };
    }),
    unread: others ? ["network filters and firewalls of the host"] : [],
  };
}
