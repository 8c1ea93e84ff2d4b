import { bitsOf, type DeviceConfig, type DeviceView, groupNumbers, isGcm, pairsOf } from "./device.ts";

/** Junos on SRX: route-based tunnels with traffic selectors, whose routes come and go with them. */
export function juniperConfig(view: DeviceView): DeviceConfig {
  const { ike, esp, integrity, dh, ikeSeconds, espSeconds } = view.parameters;
  const group = `group${groupNumbers[dh]}`;
  const [ikeAt, ipsecAt] = ["set security ike", "set security ipsec"];
  const lines = [
    `${ikeAt} proposal novacron authentication-method pre-shared-keys`,
    `${ikeAt} proposal novacron dh-group ${group}`,
    `${ikeAt} proposal novacron authentication-algorithm ${integrity.replace("sha", "sha-")}`,
    `${ikeAt} proposal novacron encryption-algorithm aes-${bitsOf(ike)}-cbc`,
    `${ikeAt} proposal novacron lifetime-seconds ${ikeSeconds}`,
    `${ipsecAt} proposal novacron protocol esp`,
    `${ipsecAt} proposal novacron encryption-algorithm aes-${bitsOf(esp)}-${isGcm(esp) ? "gcm" : "cbc"}`,
    ...(isGcm(esp)
      ? []
      : [`${ipsecAt} proposal novacron authentication-algorithm hmac-${integrity.replace("sha", "sha-")}`]),
    `${ipsecAt} proposal novacron lifetime-seconds ${espSeconds}`,
    `${ipsecAt} policy novacron perfect-forward-secrecy keys ${group}`,
    `${ipsecAt} policy novacron proposals novacron`,
    ...view.tunnels.flatMap(({ index, address, peerAddress, id, peerId, key }) => {
      const name = `novacron-${index}`;
      return [
        `set interfaces st0 unit ${100 + index} family inet mtu 1400`,
        `set security zones security-zone novacron interfaces st0.${100 + index}`,
        `${ikeAt} policy ${name} proposals novacron`,
        `${ikeAt} policy ${name} pre-shared-key ascii-text "${key}"`,
        `${ikeAt} gateway ${name} ike-policy ${name}`,
        `${ikeAt} gateway ${name} address ${peerAddress}`,
        `${ikeAt} gateway ${name} dead-peer-detection interval 10 threshold 3`,
        `${ikeAt} gateway ${name} local-identity hostname ${id}`,
        `${ikeAt} gateway ${name} remote-identity hostname ${peerId}`,
        `${ikeAt} gateway ${name} external-interface EXTERNAL`,
        `${ikeAt} gateway ${name} local-address ${address}`,
        `${ikeAt} gateway ${name} version v2-only`,
        `${ipsecAt} vpn ${name} bind-interface st0.${100 + index}`,
        `${ipsecAt} vpn ${name} ike gateway ${name}`,
        `${ipsecAt} vpn ${name} ike ipsec-policy novacron`,
        ...pairsOf(view).map(
          ({ near, far, number }) =>
            `${ipsecAt} vpn ${name} traffic-selector pair-${number} local-ip ${near} remote-ip ${far}`,
        ),
      ];
    }),
  ];
  return {
    files: [{ name: "novacron-juniper-junos.txt", content: `${lines.join("\n")}\n` }],
    steps: [
      "Replace EXTERNAL by the interface that has the device's addresses, and see that st0.100 and st0.101 are free.",
      "In configuration mode: load set FILE, then: commit confirmed 5",
      "Let the system services ike in on the external zone, and write policies between the zone novacron and those of your networks for what may pass.",
      "See that both are up: show security ike security-associations. Then: commit",
    ],
  };
}
