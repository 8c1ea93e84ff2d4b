import type { ConfigKey } from "./keys.ts";

const gateway = "a site of ours may have a VPN gateway";
const network = "connections between sites are configured";

/** `network_config`: what holds for all connections between sites. */
export const networkKeys: Readonly<Record<string, ConfigKey>> = {
  "network_config.bandwidth": {
    description: "Capacity of the links between sites.",
    unit: "Mbps",
    example: 1000,
    effect: { now: "caps the bandwidth of moves, beside `migration_config.bandwidth_limit`" },
    test: "bandwidth is read as Mbps and the lower limit wins",
  },
  "network_config.enable_vpn": {
    description: "Whether sites may be connected by tunnels. `true` unless it says otherwise.",
    example: true,
    effect: { now: "with `false` connections are refused; those that are there stay until they are taken down" },
    test: network,
  },
  "network_config.enable_sdwan": {
    description: "Whether traffic moves to a better path by itself.",
    example: false,
    effect: { later: "networks" },
    test: "a key of a later part is reported as not yet in effect",
  },
  "network_config.vpn_type": {
    description:
      "Kind of the tunnels: `ipsec` (also where it says nothing). With `wireguard` connections are refused, as there is no adapter for it.",
    example: "ipsec",
    effect: { now: "what connections are made of" },
    test: network,
  },
  "network_config.latency_target": {
    description: "Round trip through a connection above which it counts as degraded.",
    unit: "duration",
    example: "50ms",
    effect: { now: "a connection that is slower is shown as degraded" },
    test: network,
  },
  "network_config.encryption": {
    description: "Cipher of the tunnels: `aes128` or `aes256` (also where it says nothing).",
    example: "aes256",
    effect: { now: "the ends agree on it, with GCM where both can" },
    test: network,
  },
  "network_config.drill_interval": {
    description:
      "How long after its last drill a connection is drilled again: each tunnel is taken down in its turn while the other one carries the traffic. Without it people order drills.",
    unit: "duration",
    example: "168h",
    effect: { now: "connections are drilled by themselves" },
    test: network,
  },
  "network_config.tunnel_key": {
    description:
      "What the pre-shared keys of tunnels are made from: at least 32 characters, best in a secret store. Kept secret: never logged, shown or stored.",
    example: "${A_VARIABLE}",
    effect: { now: "each tunnel's key is derived from it; without it connections are refused" },
    test: network,
  },
};

/** `providers[].vpn_gateway`: the strongSwan beside a site of ours. */
export const vpnGatewayKeys: Readonly<Record<string, ConfigKey>> = {
  "providers[].vpn_gateway.vici": {
    description:
      "Control socket (VICI) of the strongSwan that is a `libvirt` or `folder` site's VPN gateway: its path, or `host:port`.",
    example: "/var/run/charon.vici",
    effect: { now: "tunnels are set, brought up and looked at there" },
    test: gateway,
  },
  "providers[].vpn_gateway.addresses[]": {
    description: "Addresses that its tunnels may end at. With two, the tunnels of a connection take separate paths.",
    example: "198.51.100.1",
    effect: { now: "the ends of tunnels" },
    test: gateway,
  },
  "providers[].vpn_gateway.networks[]": {
    description: "Networks behind it that are reached through tunnels.",
    example: "10.1.0.0/16",
    effect: { now: "what tunnels carry" },
    test: gateway,
  },
  "providers[].vpn_gateway.probe_address": {
    description: "An address behind it that answers pings.",
    example: "10.1.0.1",
    effect: { now: "connections are proven and measured by it" },
    test: gateway,
  },
  "providers[].vpn_gateway.namespace": {
    description: "Network namespace that the strongSwan runs in, if in one of its own.",
    example: "gateway",
    effect: { now: "pings are sent there, which wants a worker that runs as root" },
    test: gateway,
  },
};
