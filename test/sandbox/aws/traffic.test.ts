import assert from "node:assert/strict";
import { Agent, get } from "node:http";
import { connect } from "node:net";
import { after, before, describe, test } from "node:test";
import type { Provider } from "../../../src/providers/provider.ts";
import type { DnsFacet, LoadBalancingFacet, PoolEndpoint } from "../../../src/providers/traffic-facets.ts";
import { type Answering, answering } from "../../providers/support/answering.ts";
import { connectAws } from "../../providers/support/aws.ts";
import { type AwsTraffic, makeAwsTraffic } from "../../providers/support/aws-traffic.ts";
import { resolverAt } from "../support-dns.ts";
import { type AwsLab, startAwsLab, until } from "./support.ts";

const withinMs = 60_000;

describe("traffic at the simulated AWS", () => {
  let lab: AwsLab;
  let provider: Provider;
  let dns: DnsFacet;
  let balancing: LoadBalancingFacet;
  const signal = AbortSignal.timeout(240_000);
  const address = () => ({
    region: "us-east-1",
    endpoint: lab.aws.endpoint,
    keys: lab.aws.cloud.identity.administratorKeys,
  });

  before(async () => {
    lab = await startAwsLab({ targetHealthMs: 20, dnsPendingMs: 200 });
    provider = connectAws(address());
    dns = provider.dns as DnsFacet;
    balancing = provider.loadBalancing as LoadBalancingFacet;
  });
  after(async () => {
    await provider?.close();
    await lab?.close();
    assert.deepEqual(lab?.complaints ?? [], []);
  });

  /** Two servers, each the only target of its share. */
  async function withServers(
    traffic: AwsTraffic,
    work: (servers: readonly [Answering, Answering], targets: readonly string[]) => Promise<void>,
    holds: readonly [(() => Promise<void>)?, (() => Promise<void>)?] = [],
  ): Promise<void> {
    const { poolId, shares } = traffic.pool;
    const servers = [
      await answering("old", "127.0.0.1", holds[0]),
      await answering("new", "127.0.0.1", holds[1]),
    ] as const;
    try {
      const targets: string[] = [];
      for (const [index, { port }] of servers.entries()) {
        const shareId = shares[index] ?? "";
        const { targetId } = await balancing.addTarget({ poolId, shareId, address: "127.0.0.1", port }, signal);
        targets.push(targetId);
        const seen = await balancing.waitUntilHealthy({ poolId, targetId, withinMs }, signal);
        assert.equal(seen?.state, "healthy", seen?.reason);
      }
      await work(servers, targets);
    } finally {
      for (const server of servers) await server.close();
    }
  }

  async function weigh(poolId: string, weights: Readonly<Record<string, number>>): Promise<void> {
    assert.ok(balancing.setWeights);
    await balancing.setWeights({ poolId, weights }, signal);
  }

  /** Where clients come in, by the name servers. */
  async function front(traffic: AwsTraffic): Promise<PoolEndpoint> {
    const [endpoint] = (await balancing.getPool(traffic.pool.poolId, signal)).endpoints;
    const [host = ""] = await resolverAt(lab.aws.dnsPort).resolve4(endpoint?.host ?? "");
    return { host, port: endpoint?.port ?? 0 };
  }

  test("name servers answer with a record and its TTL once the change is in effect, and not before", async () => {
    const traffic = await makeAwsTraffic(address());
    const { zoneId, name } = traffic.zone;
    const resolver = resolverAt(lab.aws.dnsPort);
    const www = `www.${name}`;
    const put = async (ttlSeconds: number, value: string) => {
      const record = { name: www, type: "A" as const, ttlSeconds, values: [value] };
      return dns.putRecord({ zoneId, record }, signal);
    };
    await dns.waitForChange({ zoneId, change: await put(300, "127.0.0.9") }, signal);
    assert.deepEqual(await resolver.resolve4(www, { ttl: true }), [{ address: "127.0.0.9", ttl: 300 }]);
    // Long enough that the answer in between can't come late.
    lab.aws.cloud.changeSettings({ dnsPendingMs: 600_000 });
    const change = await put(5, "127.0.0.10");
    assert.deepEqual(await resolver.resolve4(www, { ttl: true }), [{ address: "127.0.0.9", ttl: 300 }]);
    let asked = 0;
    const waiting = new AbortController();
    const onWaiting = () => (++asked === 2 ? waiting.abort(new Error("asked twice")) : undefined);
    await assert.rejects(dns.waitForChange({ zoneId, change, onWaiting }, waiting.signal), /asked twice/);
    lab.aws.cloud.changeSettings({ dnsPendingMs: 0 });
    await put(5, "127.0.0.10");
    assert.deepEqual(await resolver.resolve4(www, { ttl: true }), [{ address: "127.0.0.10", ttl: 5 }]);
    await dns.deleteRecord({ zoneId, name: www, type: "A" }, signal);
    await assert.rejects(resolver.resolve4(www), { code: "ENOTFOUND" });
    await assert.rejects(resolver.resolve4("elsewhere.example.org"), { code: "EREFUSED" });
    lab.aws.cloud.changeSettings({ dnsPendingMs: 200 });
    await traffic.close();
  });

  test("an application load balancer divides requests by the weights of its target groups", async () => {
    const traffic = await makeAwsTraffic(address());
    const { poolId, shares } = traffic.pool;
    await withServers(traffic, async () => {
      const at = await front(traffic);
      for (const [first, second] of [
        [100, 0],
        [75, 25],
        [0, 100],
      ] as const) {
        await weigh(poolId, { [shares[0]]: first, [shares[1]]: second });
        const answers = await Promise.all(Array.from({ length: 40 }, () => ask(at)));
        assert.equal(answers.filter((answer) => answer === "old").length, (40 * first) / 100);
        assert.equal(answers.filter((answer) => answer === "new").length, (40 * second) / 100);
      }
    });
    await traffic.close();
  });

  test("a draining target keeps what is under way and gets nothing new, and goes when that has ended", async () => {
    const traffic = await makeAwsTraffic(address(), { delaySeconds: 3_600 });
    const { poolId, shares } = traffic.pool;
    const held = Promise.withResolvers<void>();
    const hold = () => held.promise;
    await withServers(
      traffic,
      async ([old], [targetId = ""]) => {
        const at = await front(traffic);
        await weigh(poolId, { [shares[0]]: 100, [shares[1]]: 0 });
        const underWay = ask(at);
        await until(async () => assert.equal(old.served(), 1));
        await balancing.drainTarget({ poolId, targetId }, signal);
        const draining = await balancing.waitUntilDrained({ poolId, targetId, withinMs: 200 }, signal);
        assert.equal(draining?.state, "draining");
        // Its share has nobody else to take it.
        assert.equal(await ask(at).catch((error: Error) => error.message), "503");
        await weigh(poolId, { [shares[0]]: 0, [shares[1]]: 100 });
        assert.equal(await ask(at), "new");
        held.resolve();
        assert.equal(await underWay, "old");
        assert.equal(await balancing.waitUntilDrained({ poolId, targetId, withinMs }, signal), undefined);
      },
      [hold],
    );
    await traffic.close();
  });

  test("a network load balancer passes connections on, and ends those of a target whose time is over", async () => {
    const traffic = await makeAwsTraffic(address(), { type: "network", delaySeconds: 1 });
    const { poolId, shares } = traffic.pool;
    const never = () => new Promise<void>(() => undefined);
    await withServers(
      traffic,
      async ([old], [targetId = ""]) => {
        const at = await front(traffic);
        await weigh(poolId, { [shares[0]]: 100, [shares[1]]: 0 });
        const socket = connect(at.port, at.host);
        const ended = new Promise<void>((resolve) => {
          socket.once("error", () => undefined);
          socket.once("close", () => resolve());
        });
        socket.write("GET /work HTTP/1.1\r\nhost: old\r\n\r\n");
        await until(async () => assert.equal(old.served(), 1));
        await balancing.removeTarget({ poolId, targetId }, signal);
        await ended;
        assert.equal(await balancing.waitUntilDrained({ poolId, targetId, withinMs }, signal), undefined);
        await weigh(poolId, { [shares[0]]: 0, [shares[1]]: 100 });
        assert.equal(await ask(at), "new");
      },
      [never],
    );
    await traffic.close();
  });

  test("an address beyond the network of its group is a target, too", async () => {
    const traffic = await makeAwsTraffic(address());
    const { poolId, shares } = traffic.pool;
    const far = { poolId, shareId: shares[0], address: "192.168.77.7", port: 80 };
    const { targetId } = await balancing.addTarget(far, signal);
    const listed = await Array.fromAsync(balancing.listTargets(poolId, signal));
    assert.deepEqual(
      listed.map((target) => target.address),
      ["192.168.77.7"],
    );
    await balancing.removeTarget({ poolId, targetId }, signal);
    await traffic.close();
  });

  test("load balancers listen again after a restart, and a target that is down is told to be unhealthy", async () => {
    const traffic = await makeAwsTraffic(address());
    const { poolId, shares } = traffic.pool;
    await withServers(traffic, async ([, fresh], [, targetId = ""]) => {
      await weigh(poolId, { [shares[0]]: 100, [shares[1]]: 0 });
      const at = await front(traffic);
      await lab.restart();
      await until(async () => assert.equal(await ask(at), "old"));
      await fresh.close();
      await until(async () => {
        const targets = await Array.fromAsync(balancing.listTargets(poolId, signal));
        assert.equal(targets.find((target) => target.targetId === targetId)?.state, "unhealthy");
      });
    });
    await traffic.close();
  });
});

/** @throws Error with the status of an answer that is none of a server's. */
function ask({ host, port }: PoolEndpoint): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host, port, path: "/work", agent: new Agent() }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => {
        text += piece;
      });
      answer.on("end", () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(`${answer.statusCode}`))));
      answer.on("error", reject);
    }).on("error", reject);
  });
}
