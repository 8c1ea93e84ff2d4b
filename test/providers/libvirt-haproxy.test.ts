import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { PoolTarget } from "../../src/providers/traffic-facets.ts";
import { balancingAt, type RunningHaproxy, startApplication, startHaproxy } from "./support/haproxy.ts";
import { refuses } from "./support/refuses.ts";

const signal = AbortSignal.timeout(600_000);
const withinMs = 60_000;
type Application = Awaited<ReturnType<typeof startApplication>>;

describe("a real HAProxy", () => {
  let first: Application;
  let second: Application;
  let started: RunningHaproxy | string;

  before(async () => {
    first = await startApplication("first");
    second = await startApplication("second");
    started = await startHaproxy(first.port);
  });
  after(async () => {
    if (typeof started !== "string") await started?.close();
    await first.close();
    await second.close();
  });

  /** The test's name says what it shows; without a HAProxy it says why it was skipped. */
  function shows(name: string, work: (haproxy: RunningHaproxy) => Promise<void>): void {
    test(name, async (context) => {
      if (typeof started === "string") context.skip(started);
      else await work(started);
    });
  }

  const targetsOf = async ({ balancing }: RunningHaproxy): Promise<PoolTarget[]> =>
    Array.fromAsync(balancing.listTargets("web", signal));
  const add = (haproxy: RunningHaproxy) =>
    haproxy.balancing.addTarget({ poolId: "web", address: "127.0.0.1", port: second.port }, signal);
  const count = async (haproxy: RunningHaproxy, of: number): Promise<number> => {
    let seconds = 0;
    for (let connection = 0; connection < of; connection++) if ((await haproxy.ask()) === "second") seconds++;
    return seconds;
  };

  shows("shows its backends with where clients come in", async (haproxy) => {
    const pools = await Array.fromAsync(haproxy.balancing.listPools(signal));
    assert.deepEqual(pools.map(({ poolId }) => poolId).sort(), ["fixed", "web"]);
    const { endpoints, protocol, shares } = await haproxy.balancing.getPool("web", signal);
    assert.deepEqual([protocol, endpoints], ["TCP", [{ host: haproxy.host, port: haproxy.port }]]);
    assert.deepEqual(shares, [{ shareId: "one", name: "one", weight: 100, accepts: "address" }]);
    assert.equal((await haproxy.balancing.check(signal)).result, "pass");
  });

  shows("gives a new target nothing before it is weighed, and its part then", async (haproxy) => {
    const wait = { poolId: "web", withinMs };
    const { targetId } = await add(haproxy);
    assert.equal((await add(haproxy)).targetId, targetId);
    assert.equal((await targetsOf(haproxy)).length, 2);
    assert.equal((await haproxy.balancing.waitUntilHealthy({ ...wait, targetId }, signal))?.state, "healthy");
    assert.equal(await count(haproxy, 8), 0);
    const weighed = { poolId: "web", weights: { one: 25, [targetId]: 75 } };
    const { shares } = await haproxy.balancing.setWeights(weighed, signal);
    assert.deepEqual(Object.fromEntries(shares.map(({ shareId, weight }) => [shareId, weight])), weighed.weights);
    const seconds = await count(haproxy, 40);
    assert.ok(seconds >= 27 && seconds <= 33, `${seconds} of 40`);
  });

  shows("lets connections end that are there while a target drains, and takes it back", async (haproxy) => {
    const { targetId } = await add(haproxy);
    await haproxy.balancing.waitUntilHealthy({ poolId: "web", targetId, withinMs }, signal);
    await haproxy.balancing.setWeights({ poolId: "web", weights: { one: 0, [targetId]: 100 } }, signal);
    const { name, socket } = await haproxy.hold();
    assert.equal(name, "second");
    await haproxy.balancing.setWeights({ poolId: "web", weights: { one: 100 } }, signal);
    for (let repeat = 0; repeat < 2; repeat++) await haproxy.balancing.drainTarget({ poolId: "web", targetId }, signal);
    const look = async () => (await targetsOf(haproxy)).find((target) => target.targetId === targetId);
    // Those of before may not have ended yet at HAProxy.
    while (((await look())?.connections ?? 0) > 1) signal.throwIfAborted();
    const draining = await look();
    assert.deepEqual([draining?.state, draining?.connections], ["draining", 1]);
    assert.equal(await count(haproxy, 8), 0);
    const waiting = await haproxy.balancing.waitUntilDrained({ poolId: "web", targetId, withinMs: 1 }, signal);
    assert.equal(waiting?.state, "draining");
    assert.ok(!socket.destroyed);
    socket.destroy();
    const drained = await haproxy.balancing.waitUntilDrained({ poolId: "web", targetId, withinMs }, signal);
    assert.deepEqual([drained?.state, drained?.connections], ["drained", 0]);
    await add(haproxy);
    const { shares } = await haproxy.balancing.getPool("web", signal);
    assert.equal(shares.find(({ shareId }) => shareId === targetId)?.weight, 0);
    const back = await haproxy.balancing.waitUntilHealthy({ poolId: "web", targetId, withinMs }, signal);
    assert.equal(back?.state, "healthy");
  });

  shows("takes a target off with the connections that it still has", async (haproxy) => {
    const { targetId } = await add(haproxy);
    await haproxy.balancing.waitUntilHealthy({ poolId: "web", targetId, withinMs }, signal);
    await haproxy.balancing.setWeights({ poolId: "web", weights: { one: 0, [targetId]: 100 } }, signal);
    const { socket } = await haproxy.hold();
    const closed = once(socket, "close");
    socket.on("error", () => {});
    await haproxy.balancing.setWeights({ poolId: "web", weights: { one: 100 } }, signal);
    for (let repeat = 0; repeat < 2; repeat++) {
      await haproxy.balancing.removeTarget({ poolId: "web", targetId }, signal);
    }
    await closed;
    assert.deepEqual(
      (await targetsOf(haproxy)).map((target) => target.targetId),
      ["one"],
    );
    assert.equal(await haproxy.balancing.waitUntilDrained({ poolId: "web", targetId, withinMs }, signal), undefined);
    await haproxy.balancing.drainTarget({ poolId: "web", targetId }, signal);
  });

  shows("refuses what can't be, by the reason", async ({ balancing }) => {
    const at = { poolId: "web", address: "127.0.0.1" };
    await refuses("NotFound", balancing.getPool("nowhere", signal));
    await refuses("NotFound", Array.fromAsync(balancing.listTargets("nowhere", signal)));
    await refuses("NotFound", balancing.drainTarget({ poolId: "nowhere", targetId: "one" }, signal));
    await refuses("NotFound", balancing.setWeights({ poolId: "web", weights: { nobody: 1 } }, signal));
    await refuses("InvalidInput", balancing.setWeights({ poolId: "web", weights: { one: 0 } }, signal));
    await refuses("InvalidInput", balancing.setWeights({ poolId: "web", weights: { one: 1.5 } }, signal));
    await refuses("InvalidInput", balancing.addTarget({ poolId: "web", vmId: "vm" }, signal));
    await refuses("InvalidInput", balancing.addTarget({ ...at, port: 1, weight: 101 }, signal));
    await refuses("InvalidInput", balancing.drainTarget({ poolId: "web", targetId: "one;show info" }, signal));
    await refuses("UnsupportedCapability", balancing.addTarget({ ...at, poolId: "fixed", port: 1 }, signal));
    await refuses("UnsupportedCapability", balancing.setWeights({ poolId: "fixed", weights: { one: 50 } }, signal));
  });
});

describe("what a runtime API answers", () => {
  const dir = mkdtempSync(join(tmpdir(), "nvc-haproxy-"));
  const socket = join(dir, "s");
  const asked: string[] = [];
  let answers: Readonly<Record<string, string>> = {};
  const server = createServer((client) => {
    client.once("data", (line) => {
      asked.push(String(line));
      client.end(`${answers[String(line).trim()] ?? ""}\n`);
    });
  });
  before(async () => {
    server.listen(socket);
    await once(server, "listening");
  });
  after(() => {
    server.close();
    rmSync(dir, { recursive: true });
  });

  // As HAProxy 2.6.12 printed them.
  const head =
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port";
  const line = (name: string, operation: number, admin: number, result: number, check: number) =>
    `2 web 1 ${name} 10.0.0.9 ${operation} ${admin} 256 256 9 6 ${result} 4 ${check} 0 0 0 - 8080 - 0 0 - - 0`;

  test("tells a server's state by its checks, what it was put to and its connections", async () => {
    const servers = [
      line("healthy", 2, 0, 3, 6),
      line("down", 0, 0, 2, 6),
      line("new", 2, 0, 0, 6),
      line("unchecked", 2, 0, 0, 0),
      line("draining", 2, 8, 3, 6),
      line("drained", 2, 8, 3, 6),
      line("maintained", 0, 1, 2, 10),
    ];
    answers = {
      "show servers state web": [head, ...servers].join("\n"),
      "show stat": '# pxname,svname,scur,status,\nweb,draining,2,DRAIN,\n"web",drained,0,"DRAIN, so to say",',
    };
    const targets = await Array.fromAsync(balancingAt(socket).listTargets("web", signal));
    assert.deepEqual(Object.fromEntries(targets.map(({ targetId, state }) => [targetId, state])), {
      healthy: "healthy",
      down: "unhealthy",
      new: "starting",
      unchecked: "unknown",
      draining: "draining",
      drained: "drained",
      maintained: "unused",
    });
    const drained = targets.find(({ targetId }) => targetId === "drained");
    assert.deepEqual([drained?.address, drained?.port, drained?.reason], ["10.0.0.9", 8080, "DRAIN, so to say"]);
  });

  test("a socket without the level admin, and an old HAProxy, are told apart", async () => {
    answers = {
      "show servers state web": `${head}\n${line("one", 2, 0, 3, 6)}`,
      "show stat": "# pxname,svname,scur,status,\nweb,one,0,UP,",
      "set server web/one state drain": "Permission denied",
      "add server web/10.0.0.10:8080 10.0.0.10:8080 check weight 7":
        "This command is restricted to experimental mode only.",
    };
    const balancing = balancingAt(socket);
    await refuses("CloudPermissionDenied", balancing.drainTarget({ poolId: "web", targetId: "one" }, signal));
    const target = { poolId: "web", address: "10.0.0.10", weight: 7 };
    await refuses("UnsupportedCapability", balancing.addTarget(target, signal));
    assert.ok(asked.every((one) => /^[^;\n]+\n$/.test(one)));
  });

  test("one that is not there is unavailable", async () => {
    await refuses("Unavailable", balancingAt(join(dir, "none")).getPool("web", signal));
    await refuses("Unavailable", balancingAt("127.0.0.1:1").getPool("web", signal));
  });
});
