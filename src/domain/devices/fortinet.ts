import { bitsOf, type DeviceConfig, type DeviceView, groupNumbers, isGcm, maskOf, pairsOf } from "./device.ts";

/** FortiOS: a tunnel interface for each, and static routes of which the second one stands by. */
export function fortinetConfig(view: DeviceView): DeviceConfig {
  const { ike, esp, integrity, dh, ikeSeconds, espSeconds } = view.parameters;
  const group = groupNumbers[dh];
  const phase2 = isGcm(esp) ? `aes${bitsOf(esp)}gcm` : `aes${bitsOf(esp)}-${integrity}`;
  const edit = (name: string, settings: readonly string[]) => [
    `    edit ${name}`,
    ...settings.map((setting) => `        set ${setting}`),
    "    next",
  ];
  const lines = [
    "config vpn ipsec phase1-interface",
    ...view.tunnels.flatMap(({ index, address, peerAddress, id, peerId, key }) =>
      edit(`"novacron-${index}"`, [
        'interface "EXTERNAL"',
        "ike-version 2",
        `local-gw ${address}`,
        `remote-gw ${peerAddress}`,
        `keylife ${ikeSeconds}`,
        "localid-type fqdn",
        `localid "${id}"`,
        "peertype one",
        `peerid "${peerId}"`,
        `proposal aes${bitsOf(ike)}-${integrity}`,
        `dhgrp ${group}`,
        "nattraversal forced",
        "dpd on-idle",
        "dpd-retryinterval 5",
        `psksecret ${key}`,
      ]),
    ),
    "end",
    "config vpn ipsec phase2-interface",
    ...view.tunnels.flatMap(({ index }) =>
      pairsOf(view).flatMap(({ near, far, number }) =>
        edit(`"novacron-${index}-${number}"`, [
          `phase1name "novacron-${index}"`,
          `proposal ${phase2}`,
          `dhgrp ${group}`,
          `keylifeseconds ${espSeconds}`,
          `src-subnet ${masked(near)}`,
          `dst-subnet ${masked(far)}`,
        ]),
      ),
    ),
    "end",
    "config router static",
    ...view.tunnels.flatMap(({ index }) =>
      view.peerNetworks.flatMap((network) =>
        edit("0", [`dst ${masked(network)}`, `device "novacron-${index}"`, `distance ${10 * (index + 1)}`]),
      ),
    ),
    "end",
  ];
  return {
    files: [{ name: "novacron-fortinet-fortios.txt", content: `${lines.join("\n")}\n` }],
    steps: [
      "Replace EXTERNAL by the interface that has the device's addresses.",
      "Paste the file at the command line, or upload it as a script.",
      "Write firewall policies between novacron-0, novacron-1 and your networks' interfaces for what may pass: without one FortiOS brings no tunnel up.",
      "See that both are up: get vpn ipsec tunnel summary",
    ],
  };
}

function masked(cidr: string): string {
  const { address, mask } = maskOf(cidr);
  return `${address} ${mask}`;
}
