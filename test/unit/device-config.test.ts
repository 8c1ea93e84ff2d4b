import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type DeviceView, deviceKinds, maskOf } from "../../src/domain/devices/device.ts";
import { deviceConfig } from "../../src/domain/devices/index.ts";
import { agreeIpsec } from "../../src/domain/ipsec.ts";

const tunnel = (index: number) => ({
  index,
  address: `203.0.113.${index + 1}`,
  peerAddress: `198.51.100.${index + 1}`,
  id: `novacron-x-${index}-g1-far`,
  peerId: `novacron-x-${index}-g1-near`,
  key: `kSECRET${index}`,
});
const view: DeviceView = {
  parameters: agreeIpsec("strongswan", "cisco-ios-xe", "aes256") ?? assert.fail(),
  networks: ["10.2.0.0/16", "10.3.4.0/23"],
  peerNetworks: ["10.1.0.0/16"],
  tunnels: [tunnel(0), tunnel(1)],
};

describe("what a device is told", () => {
  for (const kind of deviceKinds) {
    test(`${kind}: both tunnels with their ends, identities and keys, all pairs of networks, and what a person does`, () => {
      const { files, steps } = deviceConfig(kind, view);
      const text = files.map(({ content }) => content).join("\n");
      for (const { address, peerAddress, id, peerId, key } of view.tunnels) {
        for (const said of [address, peerAddress, id, peerId, key]) assert.ok(text.includes(said), said);
      }
      for (const network of ["10.2.0.0", "10.3.4.0", "10.1.0.0"]) assert.ok(text.includes(network), network);
      assert.match(text, /256/);
      assert.match(text, /gcm/i);
      assert.match(text, /sha-?384/i);
      assert.match(text, /28800/);
      assert.match(text, /3600/);
      assert.match(text, /20/);
      assert.ok(!/undefined|NaN/.test(text));
      assert.ok(steps.length >= 3);
    });
  }

  test("a cipher that is no GCM gets what proves its packets", () => {
    const cbc = { ...view, parameters: { ...view.parameters, esp: "aes256" as const } };
    const of = (kind: (typeof deviceKinds)[number]) => deviceConfig(kind, cbc).files[0]?.content ?? "";
    assert.match(of("cisco-ios-xe"), /transform-set novacron esp-aes 256 esp-sha384-hmac/);
    assert.match(of("juniper-junos"), /ipsec proposal novacron authentication-algorithm hmac-sha-384/);
    assert.match(of("fortinet-fortios"), /set proposal aes256-sha384/);
    assert.match(of("pfsense"), /AES, 256 bits, with Hash SHA384/);
  });

  test("Cisco's list, routes and profile are as its pages have them", () => {
    const { content } = deviceConfig("cisco-ios-xe", view).files[0] ?? assert.fail();
    for (const line of [
      " permit ip 10.3.4.0 0.0.1.255 10.1.0.0 0.0.255.255",
      "ip route 10.1.0.0 255.255.0.0 Tunnel100",
      "ip route 10.1.0.0 255.255.0.0 Tunnel101 10",
      " match identity remote fqdn novacron-x-1-g1-near",
      "crypto ipsec transform-set novacron esp-gcm 256",
      " set pfs group20",
    ]) {
      assert.ok(content.split("\n").includes(line), line);
    }
  });
});

test("masks and their inverses", () => {
  assert.deepEqual(maskOf("10.0.0.0/8"), { address: "10.0.0.0", mask: "255.0.0.0", wildcard: "0.255.255.255" });
  assert.deepEqual(maskOf("0.0.0.0/0"), { address: "0.0.0.0", mask: "0.0.0.0", wildcard: "255.255.255.255" });
  assert.deepEqual(maskOf("10.0.0.1/32"), { address: "10.0.0.1", mask: "255.255.255.255", wildcard: "0.0.0.0" });
});
