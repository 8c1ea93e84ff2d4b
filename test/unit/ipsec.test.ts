import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import {
  haveSeparatePaths,
  isDrillDue,
  planTunnels,
  readTunnelName,
  tunnelName,
  whyDegraded,
} from "../../src/domain/connection.ts";
import { agreeIpsec, espProposal, ikeProposal, ipsecAbilities, ipsecKinds } from "../../src/domain/ipsec.ts";
import { readPing } from "../../src/integrations/ipsec/ping.ts";
import { tunnelKey } from "../../src/integrations/ipsec/tunnel-key.ts";
import { Vici } from "../../src/integrations/ipsec/vici.ts";
import { decodeMessage, encodeMessage, encodeName } from "../../src/integrations/ipsec/vici-message.ts";

describe("what two ends agree on", () => {
  test("every two kinds have AES-256 and forward secrecy in common, with GCM where both can", () => {
    for (const near of ipsecKinds) {
      for (const far of ipsecKinds) {
        const agreed = agreeIpsec(near, far, "aes256") ?? assert.fail(`${near} and ${far}`);
        for (const kind of [near, far]) {
          const able = ipsecAbilities[kind];
          assert.ok(able.ike.includes(agreed.ike) && able.esp.includes(agreed.esp), kind);
          assert.ok(able.dh.includes(agreed.dh) && able.integrity.includes(agreed.integrity), kind);
          assert.ok(agreed.ikeSeconds <= able.longestIke && agreed.espSeconds <= able.longestEsp, kind);
        }
        assert.equal(ikeProposal(agreed), "aes256-sha384-ecp384");
        assert.equal(espProposal(agreed), "aes256gcm16-ecp384");
      }
    }
    assert.equal(espProposal(agreeIpsec("aws", "oci", "aes128") ?? assert.fail()), "aes128gcm16-ecp384");
  });

  test("a cipher that is no GCM names what proves its packets", () => {
    const agreed = agreeIpsec("aws", "azure", "aes256") ?? assert.fail();
    assert.equal(espProposal({ ...agreed, esp: "aes256" }), "aes256-sha384-ecp384");
    assert.equal(ikeProposal({ ...agreed, ike: "aes256gcm16" }), "aes256gcm16-prfsha384-ecp384");
  });
});

test("tunnels take paths that share nothing, where there are addresses for it", () => {
  const [one, two] = [
    { addresses: ["192.0.2.1"], networks: [] },
    { addresses: ["198.51.100.1", "198.51.100.2"], networks: [] },
  ];
  assert.deepEqual(
    planTunnels(one, two).map(({ nearAddress, farAddress }) => `${nearAddress} ${farAddress}`),
    ["192.0.2.1 198.51.100.1", "192.0.2.1 198.51.100.2"],
  );
  assert.equal(haveSeparatePaths(planTunnels(one, two)), false);
  assert.equal(haveSeparatePaths(planTunnels(two, two)), true);
});

test("a tunnel's name tells its connection, number and generation", () => {
  assert.deepEqual(readTunnelName(tunnelName("a-0-g1", 1, 12)), { connectionId: "a-0-g1", index: 1, generation: 12 });
  assert.equal(readTunnelName("office"), undefined);
});

test("a connection counts as degraded by tunnels that are down, loss, and round trips beyond the target", () => {
  const up = [true, true];
  assert.equal(whyDegraded({ up }, 50), undefined);
  assert.equal(whyDegraded({ up, path: { lossRatio: 0, roundTripMs: 50 } }, 50), undefined);
  assert.match(whyDegraded({ up, path: { lossRatio: 0, roundTripMs: 51 } }, 50) ?? "", /50 ms is the target/);
  assert.equal(whyDegraded({ up, path: { lossRatio: 0, roundTripMs: 51 } }, undefined), undefined);
  assert.match(whyDegraded({ up, path: { lossRatio: 0.1 } }, 50) ?? "", /10 % of packets/);
  assert.match(whyDegraded({ up, path: { lossRatio: 1 } }, 50) ?? "", /nothing comes back/);
  assert.equal(whyDegraded({ up: [true, false] }, 50), "1 of 2 tunnels is down");
  assert.equal(whyDegraded({ up: [false, false] }, 50), "no tunnel is up");
});

test("a connection is due for a drill so long after the last one, where both ends can be proven", () => {
  const hour = 3_600_000;
  const end = { site: "a", addresses: [], networks: [], probeAddress: "10.0.0.1" };
  const parameters = agreeIpsec("strongswan", "strongswan", "aes256") ?? assert.fail();
  const plan = { near: end, far: end, parameters, tunnels: [], separatePaths: true };
  const [keysAt, now] = ["2026-01-01T00:00:00.000Z", Date.parse("2026-01-01T02:00:00.000Z")];
  assert.equal(isDrillDue({ keysAt, plan }, hour, now), true);
  assert.equal(isDrillDue({ keysAt, plan }, undefined, now), false);
  const drill = { at: "2026-01-01T01:30:00.000Z", passed: true, tunnels: [] };
  assert.equal(isDrillDue({ keysAt, plan, drill }, hour, now), false);
  const { probeAddress: _, ...silent } = end;
  assert.equal(isDrillDue({ keysAt, plan: { ...plan, far: silent } }, hour, now), false);
});

test("a tunnel's key is the same for the same name, another for another, and one that every vendor takes", () => {
  const secret = "a secret of a test, of more than 32 characters";
  const key = tunnelKey(secret, "novacron-a-0-g1");
  assert.equal(tunnelKey(secret, "novacron-a-0-g1"), key);
  assert.match(key, /^[A-Za-z1-9._][A-Za-z0-9._]{7,63}$/);
  const others = ["novacron-a-1-g1", "novacron-a-0-g2"].map((name) => tunnelKey(secret, name));
  assert.throws(() => tunnelKey("short", "x"), { code: "InvalidInput" });
  assert.equal(new Set([key, ...others, tunnelKey(`${secret}!`, "novacron-a-0-g1")]).size, 4);
});

test("what ping says is read, also where nothing came back", () => {
  const some =
    "10 packets transmitted, 9 received, 10% packet loss, time 1810ms\nrtt min/avg/max/mdev = 0.5/2.25/9.1/3.5 ms";
  assert.deepEqual(readPing(some), { lossRatio: 0.1, roundTripMs: 2.25, jitterMs: 3.5 });
  assert.deepEqual(readPing("10 packets transmitted, 0 received, 100% packet loss, time 1ms"), { lossRatio: 1 });
  assert.equal(readPing("ping: unknown host"), undefined);
});

describe("the control interface of strongSwan", () => {
  const message = { a: "1", list: ["x", "y"], empty: [], inner: { deep: { b: "ä" } } };

  test("messages come back as they were, and torn ones are refused", () => {
    const bytes = encodeMessage(message);
    assert.deepEqual(decodeMessage(bytes), message);
    for (let length = 1; length < bytes.length; length++) {
      const torn = () => decodeMessage(bytes.subarray(0, length));
      try {
        assert.notDeepEqual(torn(), message);
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }
    // As the daemon's own page has it: version request, "daemon = charon".
    assert.equal(
      encodeMessage({ daemon: "charon" }).toString("hex"),
      "03066461656d6f6e000663686172 6f6e".replace(" ", ""),
    );
  });

  test("reads answers however they are torn, and says why it was refused or got none", async (context) => {
    const packet = (type: number, body: Buffer) => {
      const head = Buffer.alloc(5);
      head.writeUInt32BE(body.length + 1);
      head.writeUInt8(type, 4);
      return Buffer.concat([head, body]);
    };
    const refusal = packet(1, encodeMessage({ success: "no", errmsg: "no proposal chosen" }));
    const answers: Readonly<Record<string, (socket: Socket) => void>> = {
      version: (socket) => {
        const bytes = packet(1, encodeMessage({ daemon: "charon" }));
        socket.write(bytes.subarray(0, 3));
        setTimeout(() => socket.write(bytes.subarray(3)), 20);
      },
      initiate: (socket) => socket.write(refusal),
      "list-sas": (socket) => {
        socket.write(Buffer.concat([packet(5, Buffer.alloc(0))]));
        const event = packet(7, Buffer.concat([encodeName("list-sa"), encodeMessage({ one: { state: "UP" } })]));
        setTimeout(() => socket.write(Buffer.concat([event, event, packet(1, Buffer.alloc(0))])), 20);
      },
    };
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (bytes) => {
        const command = Object.keys(answers).find((name) => bytes.includes(name));
        if (command === undefined) socket.destroy();
        else answers[command]?.(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    context.after(() => server.close());
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const vici = new Vici("a", `127.0.0.1:${port}`);
    const { signal } = new AbortController();
    assert.deepEqual(await vici.request("version", {}, signal), { daemon: "charon" });
    await assert.rejects(vici.request("initiate", {}, signal), { code: "Conflict", message: /no proposal chosen/ });
    await assert.rejects(vici.request("stats", {}, signal), { code: "Unavailable", message: /closed the connection/ });
    const aborting = AbortSignal.timeout(10);
    const nobody = new Vici("a", "127.0.0.1:1");
    await assert.rejects(nobody.request("version", {}, signal), { code: "Unavailable" });
    await assert.rejects(vici.stream("list-conns", "list-conn", {}, aborting));
  });
});
