import {
  bitsOf,
  type DeviceConfig,
  type DeviceTunnel,
  type DeviceView,
  groupNumbers,
  isGcm,
  maskOf,
  pairsOf,
} from "./device.ts";

/** Tunnel interfaces of IOS XE 16.12 and later, which protect what a list names ("Multi-SA Support for Virtual Tunnel
 *  Interfaces"). */
export function ciscoConfig(view: DeviceView): DeviceConfig {
  const { parameters, tunnels, peerNetworks } = view;
  const { ike, esp, integrity, dh, ikeSeconds, espSeconds } = parameters;
  const group = groupNumbers[dh];
  const transform = isGcm(esp)
    ? `esp-gcm ${bitsOf(esp)}`
    : `esp-aes ${bitsOf(esp)} esp-${integrity.replace("sha", "sha")}-hmac`;
  const lines = [
    "crypto ikev2 proposal novacron",
    ` encryption aes-cbc-${bitsOf(ike)}`,
    ` integrity ${integrity}`,
    ` group ${group}`,
    "crypto ikev2 policy novacron",
    " proposal novacron",
    `crypto ipsec transform-set novacron ${transform}`,
    " mode tunnel",
    "ip access-list extended novacron",
    ...pairsOf(view).map(({ near, far }) => ` permit ip ${wild(near)} ${wild(far)}`),
    ...tunnels.flatMap((tunnel) => [
      ...profile(tunnel, ikeSeconds),
      `crypto ipsec profile novacron-${tunnel.index}`,
      " set transform-set novacron",
      ` set pfs group${group}`,
      ` set security-association lifetime seconds ${espSeconds}`,
      ` set ikev2-profile novacron-${tunnel.index}`,
      `interface Tunnel${100 + tunnel.index}`,
      " ip unnumbered Loopback0",
      " ip mtu 1400",
      " ip tcp adjust-mss 1350",
      ` tunnel source ${tunnel.address}`,
      " tunnel mode ipsec ipv4",
      ` tunnel destination ${tunnel.peerAddress}`,
      " tunnel protection ipsec policy ipv4 novacron",
      ` tunnel protection ipsec profile novacron-${tunnel.index}`,
    ]),
    // The second one counts while the first one's interface is down.
    ...tunnels.flatMap(({ index }) =>
      peerNetworks.map((network) => {
        const { address, mask } = maskOf(network);
        return `ip route ${address} ${mask} Tunnel${100 + index}${index === 0 ? "" : ` ${10 * index}`}`;
      }),
    ),
    "end",
  ];
  return {
    files: [{ name: "novacron-cisco-ios-xe.txt", content: `${lines.join("\n")}\n` }],
    steps: [
      "See that Loopback0 has an address, and that Tunnel100 and Tunnel101 are free; change the numbers where they are not.",
      "Paste the file in configuration mode, or copy it to the device and run: copy FILE running-config",
      "Let UDP 500 and 4500 in from our addresses, where a list holds them back.",
      "See that both are up: show crypto ikev2 sa. Then: write memory",
    ],
  };
}

function profile({ index, peerAddress, id, peerId, key }: DeviceTunnel, ikeSeconds: number): string[] {
  return [
    `crypto ikev2 keyring novacron-${index}`,
    ` peer novacron-${index}`,
    `  address ${peerAddress}`,
    `  pre-shared-key ${key}`,
    `crypto ikev2 profile novacron-${index}`,
    ` match identity remote fqdn ${peerId}`,
    ` identity local fqdn ${id}`,
    " authentication remote pre-share",
    " authentication local pre-share",
    ` keyring local novacron-${index}`,
    ` lifetime ${ikeSeconds}`,
    " dpd 10 2 on-demand",
  ];
}

function wild(cidr: string): string {
  const { address, wildcard } = maskOf(cidr);
  return `${address} ${wildcard}`;
}
