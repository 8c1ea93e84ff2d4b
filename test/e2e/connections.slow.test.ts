import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@temporalio/client";
import { type Gateway, GatewayLab } from "../../bench/lib/gateway-lab.ts";
import { StrongSwan } from "../../src/integrations/ipsec/strong-swan.ts";
import { tunnelKey } from "../../src/integrations/ipsec/tunnel-key.ts";
import type { Provider } from "../../src/providers/provider.ts";
import type { Store } from "../../src/store/index.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import { registryOf, smallDeps, startServers, startSmallWorker } from "../support/small-worker.ts";

const lab = await GatewayLab.start();
const servers = typeof lab === "string" ? undefined : await startServers();
const budget = { take: async () => undefined };
const signal = AbortSignal.timeout(600_000);
const everyMs = 50;

/** Real strongSwan on both ends; ESP in user space, as the kernel of a container has none. */
describe("a connection of two sites with real gateways", { skip: typeof lab === "string" ? lab : false }, () => {
  const gateways = lab as GatewayLab;
  let store: Store;
  let client: Client;
  let stopWorker: () => Promise<void>;
  const ends = new Map<string, StrongSwan>();
  let runs = 0;

  const gatewayOf = ({ vici, addresses, network, host, namespace }: Gateway, site: string, farOff = false) =>
    new StrongSwan({
      ...{ site, vici, namespace, budget, probeAddress: host, networks: [network] },
      // Nobody answers there.
      addresses: farOff ? ["198.18.1.77", "198.18.2.77"] : addresses,
    });

  before(async () => {
    process.env.PATH = gateways.path;
    if (!servers) return;
    ({ store, client } = servers);
    ends.set("near", gatewayOf(gateways.near, "near")).set("far", gatewayOf(gateways.far, "far"));
    ends.set("wrong", gatewayOf(gateways.far, "wrong", true));
    const providers = new Map(
      [...ends].map(([site, tunnels]) => [site, { tunnels, capabilities: {} } as unknown as Provider]),
    );
    const network = {
      vpn: true,
      vpnType: "ipsec",
      encryption: "aes256",
      latencyTargetMs: 500,
      keyOf: async (name: string) => tunnelKey("a secret of a test, of more than 32 characters", name),
    } as const;
    stopWorker = await startSmallWorker(
      servers.temporalAddress,
      smallDeps({ registry: registryOf(providers), store, network }),
    );
  });
  after(async () => {
    await stopWorker?.();
    await store?.close();
    await gateways.stop();
  });

  const run = (type: string, connectionId: string) =>
    client.workflow.execute(type, {
      ...{ taskQueue, workflowId: `${type}/${connectionId}/${(runs += 1)}` },
      args: type === "tendConnections" ? [] : [{ connectionId }],
    });
  const connect = async (connectionId: string, near: string, far: string) => {
    await store.connections.create({ connectionId, near, far, createdBy: "user/ann" });
    await run("connectSites", connectionId);
  };
  const leftAt = async (site: string) => (await Array.fromAsync(ends.get(site)?.listTunnels(signal) ?? [])).length;
  const up = async () => {
    const { generation } = (await store.connections.get("pair")) ?? assert.fail("it is there");
    const names = [0, 1].map((index) => `novacron-pair-${index}-g${generation}`);
    return ends.get("near")?.tunnelsUp(names, signal);
  };
  const untilUp = async () => {
    for (let tries = 0; tries < 200; tries++) {
      if ((await up())?.every(Boolean)) return;
      await sleep(100);
    }
    assert.fail(`both tunnels come up again: ${String(await up())}`);
  };

  /** What came of pings through the tunnels meanwhile. */
  async function traffic(work: () => Promise<unknown>) {
    const end = gateways.ping(everyMs);
    await sleep(500);
    await work();
    await sleep(500);
    return end();
  }

  test("leaves nothing at either end where the other one does not answer", { timeout: 120_000 }, async () => {
    await assert.rejects(connect("none", "near", "wrong"));
    const { state, problem } = (await store.connections.get("none")) ?? assert.fail("it is there");
    assert.equal(state, "failed");
    assert.match(problem?.message ?? "", /strongSwan/);
    assert.equal(problem?.leftBehind, undefined);
    assert.deepEqual([await leftAt("near"), await leftAt("far")], [0, 0]);
  });

  test("comes up, and nothing but encrypted packets is on the links", async () => {
    const captures = ([1, 2] as const).map((link) => gateways.capture(link));
    await sleep(500);
    await connect("pair", "near", "far");
    assert.equal((await store.connections.get("pair"))?.state, "connected");
    assert.deepEqual(await up(), [true, true]);
    const { sent, answered } = await traffic(() => sleep(500));
    assert.equal(answered, sent);
    const seen = (await Promise.all(captures.map((end) => end()))).join("");
    assert.match(seen, /UDP-encap: ESP\(/);
    const packets = seen.split("\n").filter((line) => / IP6? /.test(line) && !/ IP6 | ARP|224\.0\.0|igmp/i.test(line));
    const others = packets.filter((line) => !/UDP-encap: (?:ESP\(|isakmp|NONESP)|isakmp|NONESP-encap/.test(line));
    assert.deepEqual(others, []);
    assert.ok(!seen.includes("10.77."), "no inner address is to be seen");
  });

  for (const [how, fail] of [
    ["cut", (link: 1 | 2) => gateways.cut(link)],
    ["silent", (link: 1 | 2) => gateways.silence(link)],
  ] as const) {
    test(`goes on by the other tunnel within five seconds when the link that it takes is ${how}`, {
      timeout: 120_000,
    }, async (context) => {
      await untilUp();
      let link: 1 | 2 = 1;
      const { longestGapMs } = await traffic(async () => {
        link = await gateways.carrying();
        fail(link);
        await sleep(6_000);
      });
      gateways.mend(link);
      context.diagnostic(`link ${link} ${how}: nothing for ${Math.round(longestGapMs)} ms`);
      assert.ok(longestGapMs < 5_000, `${longestGapMs} ms`);
      await untilUp();
    });
  }

  test("exchanges its keys under traffic, and no connection is lost", async (context) => {
    const before = await store.connections.get("pair");
    const { sent, answered, longestGapMs } = await traffic(() => run("rotateTunnelKeys", "pair"));
    context.diagnostic(`${answered} of ${sent} packets came back, nothing for ${Math.round(longestGapMs)} ms`);
    // One that is under way while its tunnel changes keys may go; what a connection notices is silence.
    assert.ok(answered >= sent - 2 && longestGapMs < 1_000, `${answered} of ${sent}, ${longestGapMs} ms`);
    const after = await store.connections.get("pair");
    assert.deepEqual(
      [before?.generation, after?.generation, after?.state, after?.problem],
      [1, 2, "connected", undefined],
    );
    assert.deepEqual(await up(), [true, true]);
    assert.deepEqual([await leftAt("near"), await leftAt("far")], [1, 1]);
  });

  test("is drilled: each tunnel stands in for the other, and traffic goes on", async () => {
    const { sent, answered } = await traffic(() => run("drillConnection", "pair"));
    assert.ok(answered >= sent - 2, `${answered} of ${sent}`);
    const { drill, state } = (await store.connections.get("pair")) ?? assert.fail("it is there");
    assert.deepEqual([drill?.passed, drill?.tunnels, state], [true, [{ index: 0 }, { index: 1 }], "connected"]);
    assert.deepEqual(await up(), [true, true]);
  });

  test("is mended when a gateway forgot all, and says how it stands", { timeout: 60_000 }, async () => {
    await gateways.restart(gateways.far);
    await sleep(3_000);
    await run("tendConnections", "pair");
    await untilUp();
    await run("tendConnections", "pair");
    const { seen } = (await store.connections.get("pair")) ?? assert.fail("it is there");
    assert.deepEqual([seen?.up, seen?.path?.lossRatio, seen?.degraded], [[true, true], 0, undefined]);
  });

  test("is taken down at both ends", async () => {
    await run("disconnectSites", "pair");
    assert.equal((await store.connections.get("pair"))?.state, "disconnected");
    assert.deepEqual([await leftAt("near"), await leftAt("far")], [0, 0]);
  });

  test("waits for a device that a person configures, and stands when they have", { timeout: 120_000 }, async () => {
    const { addresses, network, host } = gateways.far;
    const device = {
      name: "office",
      kind: "cisco-ios-xe",
      addresses,
      networks: [network],
      probeAddress: host,
    } as const;
    const office = { connectionId: "office", near: "near", far: "office" };
    await store.connections.create({ ...office, device, createdBy: "user/ann" });
    await run("connectSites", "office");
    const waiting = (await store.connections.get("office")) ?? assert.fail("it is there");
    assert.equal(waiting.state, "waiting");
    assert.deepEqual([await leftAt("near"), await leftAt("far")], [1, 0]);
    // What the files for the device say, by the hand of a person.
    const { parameters, tunnels } = waiting.plan ?? assert.fail("it is planned");
    for (const { index, nearAddress, farAddress } of tunnels) {
      const name = `novacron-office-${index}-g1`;
      const paths = { address: farAddress, peerAddress: nearAddress, begins: false };
      const networks = { networks: [network], peerNetworks: [gateways.near.network] };
      const key = tunnelKey("a secret of a test, of more than 32 characters", name);
      await ends.get("far")?.putTunnel({ ...paths, ...networks, name, parameters }, key, signal);
    }
    await run("tendConnections", "office");
    await run("tendConnections", "office");
    const { state, seen } = (await store.connections.get("office")) ?? assert.fail("it is there");
    assert.deepEqual([state, seen?.up, seen?.degraded], ["connected", [true, true], undefined]);
    await run("disconnectSites", "office");
    assert.equal(await leftAt("near"), 0);
  });
});
