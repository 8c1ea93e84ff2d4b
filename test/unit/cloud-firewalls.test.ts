import assert from "node:assert/strict";
import { test } from "node:test";
import { describeRule } from "../../src/domain/security-rule.ts";
import { translateRules } from "../../src/domain/translate-rules.ts";
import { toLayer } from "../../src/providers/azure/firewall.ts";
import { nicFirewalls } from "../../src/providers/gcp/firewall.ts";

const isInward = ({ direction }: { direction: string }) => direction === "ingress";

test("Compute Engine's rules refuse by a protocol's number, too, and let in to the addresses that they name", () => {
  const at = "https://www.googleapis.com/compute/v1/projects";
  const network = `${at}/ours/global/networks/n`;
  const selfLink = `${at}/ours/zones/z/instances/vm`;
  const instance = { selfLink, networkInterfaces: [{ name: "nic0", network, networkIP: "10.0.0.7" }] };
  const everybody = { network, sourceRanges: ["0.0.0.0/0"] };
  const rules = [
    { ...everybody, name: "no-tcp", priority: 1, denied: [{ IPProtocol: "6", ports: ["22"] }] },
    { ...everybody, name: "tcp", priority: 2, allowed: [{ IPProtocol: "tcp", ports: ["22-23"] }] },
    { ...everybody, name: "own", allowed: [{ IPProtocol: "17" }], destinationRanges: ["10.0.0.0/24"] },
    { ...everybody, name: "others", allowed: [{ IPProtocol: "all" }], destinationRanges: ["10.0.1.0/24"] },
  ];
  const subject = { operation: "read firewall rules", resource: "gcp/vm/vm" };
  const [nic] = nicFirewalls(instance, rules, subject);
  assert.ok(nic);
  const said = translateRules(nic, {}).rules.filter(isInward).map(describeRule);
  assert.deepEqual(said, ["in tcp 23 from 0.0.0.0/0", "in udp from 0.0.0.0/0"]);
  const shared = { selfLink, networkInterfaces: [{ name: "nic0", network: `${at}/host/global/networks/n` }] };
  assert.throws(() => nicFirewalls(shared, rules, subject), /its network n is another project's/);
});

test("what Azure refuses to everybody it refuses to IPv6 as well, and a network's own public ranges are not the internet", () => {
  const nic = { ipConfigurations: [{ primary: true, privateIPAddress: "20.0.0.7" }] };
  const any = { sourcePortRange: "*", destinationAddressPrefix: "*", destinationPortRange: "*", direction: "Inbound" };
  const rule = (name: string, priority: number, access: string, sourceAddressPrefix: string, protocol: string) => {
    return { ...any, name, priority, access, sourceAddressPrefix, protocol };
  };
  const securityRules = [
    rule("no-udp", 100, "Deny", "*", "Udp"),
    rule("six", 110, "Allow", "2001:db8::/32", "Udp"),
    rule("internet", 120, "Allow", "Internet", "Tcp"),
  ];
  const layer = toLayer({ name: "g", securityRules }, nic, { addressSpace: { addressPrefixes: ["20.0.0.0/6"] } });
  const { rules } = translateRules({ nicId: "n", layers: [layer] }, {});
  assert.ok(rules.every(({ protocol }) => protocol === "tcp"));
  const peers = rules.map(({ peer }) => peer);
  assert.ok(peers.includes("24.0.0.0/5") && !peers.some((peer) => /^2[0-3]\.|^16\.0\.0\.0\/4/.test(peer)));
});
