import type { SiteConfig } from "./config-types.ts";
import type { SitePlace } from "./name-server-config.ts";
import type { ProviderContent } from "./schema.ts";

export function toVpnGateway(
  given: ProviderContent["vpn_gateway"],
  { type, ownWorkersOnly, refuse }: SitePlace,
): SiteConfig["vpnGateway"] {
  if (!given) return undefined;
  if (type !== "libvirt" && type !== "folder") {
    return refuse(
      "vpn_gateway",
      "only a libvirt or folder site has one",
      "Leave it out; a cloud has gateways of its own.",
    );
  }
  if (ownWorkersOnly) {
    return refuse("vpn_gateway", "workers for everything set its tunnels", "Add it to a site that they reach.");
  }
  const { vici, addresses, networks, probe_address: probeAddress, namespace } = given;
  return {
    ...{ vici, addresses, networks },
    ...(probeAddress === undefined ? {} : { probeAddress }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}
