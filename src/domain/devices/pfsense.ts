import { bitsOf, type DeviceConfig, type DeviceView, groupNumbers, isGcm, pairsOf } from "./device.ts";

/** pfSense has no file to load for a tunnel: a sheet of what its pages want (VPN, IPsec, Tunnels). */
export function pfsenseConfig(view: DeviceView): DeviceConfig {
  const { ike, esp, integrity, dh, ikeSeconds, espSeconds } = view.parameters;
  const hash = integrity.toUpperCase();
  const group = `${groupNumbers[dh]} (${dh === "modp2048" ? "2048 bit" : `nist ${dh}`})`;
  const sheet = view.tunnels.flatMap(({ index, address, peerAddress, id, peerId, key }) => [
    `Phase 1 of tunnel ${index}`,
    `  Description             novacron-${index}`,
    "  Key Exchange version    IKEv2",
    `  Interface               the one that has ${address}`,
    `  Remote Gateway          ${peerAddress}`,
    "  Authentication Method   Mutual PSK",
    `  My identifier           Fully qualified domain name: ${id}`,
    `  Peer identifier         Fully qualified domain name: ${peerId}`,
    `  Pre-Shared Key          ${key}`,
    `  Encryption Algorithm    AES, ${bitsOf(ike)} bits, ${hash}, DH Group ${group}`,
    `  Life Time               ${ikeSeconds}`,
    "  Child SA Start Action   None (Responder Only)",
    "  NAT Traversal           Force",
    "  Dead Peer Detection     enabled, delay 10, max failures 3",
    ...pairsOf(view).flatMap(({ near, far }) => [
      `Phase 2 of tunnel ${index}`,
      "  Mode                    Tunnel IPv4",
      `  Local Network           ${near}`,
      `  Remote Network          ${far}`,
      "  Protocol                ESP",
      `  Encryption Algorithms   ${isGcm(esp) ? `AES${bitsOf(esp)}-GCM, 128 bits` : `AES, ${bitsOf(esp)} bits, with Hash ${hash}`}; no other one`,
      `  PFS key group           ${group}`,
      `  Life Time               ${espSeconds}`,
    ]),
    "",
  ]);
  return {
    files: [{ name: "novacron-pfsense.txt", content: `${sheet.join("\n")}\n` }],
    steps: [
      "Under VPN, IPsec, Tunnels add a phase 1 for each tunnel and its phases 2 as the sheet has them.",
      "Under Firewall, Rules, IPsec let in what may pass.",
      "Apply, and see under Status, IPsec that both are established.",
    ],
  };
}
