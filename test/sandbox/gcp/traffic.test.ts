import assert from "node:assert/strict";
import { get } from "node:http";
import { after, before, describe, test } from "node:test";
import type { Provider } from "../../../src/providers/provider.ts";
import type { DnsFacet, LoadBalancingFacet, PoolEndpoint } from "../../../src/providers/traffic-facets.ts";
import { answering } from "../../providers/support/answering.ts";
import { connectGcp } from "../../providers/support/gcp.ts";
import { makeGcpTraffic } from "../../providers/support/gcp-traffic.ts";
import { refuses } from "../../providers/support/refuses.ts";
import { resolverAt } from "../support-dns.ts";
import { type GcpLab, startGcpLab, until } from "./support.ts";

describe("traffic at the simulated Google Cloud", () => {
  let lab: GcpLab;
  let provider: Provider;
  const signal = AbortSignal.timeout(240_000);

  before(async () => {
    lab = await startGcpLab({ endpointHealthMs: 20, dnsPendingMs: 0 });
    const { project, zone, endpoint, serviceAccountKey: key } = lab.gcp;
    provider = connectGcp({ project, zone, endpoint, key });
  });
  after(async () => {
    await provider?.close();
    await lab?.close();
    assert.deepEqual(lab?.complaints ?? [], []);
  });

  test("name servers answer with a record and its TTL", async () => {
    const traffic = await makeGcpTraffic(lab);
    const dns = provider.dns as DnsFacet;
    const { zoneId, name } = traffic.zone;
    const record = { name: `www.${name}`, type: "A", ttlSeconds: 30, values: ["127.0.0.9"] } as const;
    const change = await dns.putRecord({ zoneId, record }, signal);
    await dns.waitForChange({ zoneId, change }, signal);
    const answers = await resolverAt(lab.gcp.dnsPort).resolve4(record.name, { ttl: true });
    assert.deepEqual(answers, [{ address: "127.0.0.9", ttl: 30 }]);
    await dns.deleteRecord({ zoneId, name: record.name, type: "A" }, signal);
    await traffic.close();
  });

  test("requests are divided by capacity scalers, and a detached endpoint ends what it has under way", async () => {
    const traffic = await makeGcpTraffic(lab, 3_600);
    const balancing = provider.loadBalancing as LoadBalancingFacet;
    const { poolId, shares } = traffic.pool;
    const held = Promise.withResolvers<void>();
    let holds = false;
    const old = await answering("old", "127.0.0.1", () => (holds ? held.promise : Promise.resolve()));
    const fresh = await answering("new");
    const targets: string[] = [];
    for (const [index, { port }] of [old, fresh].entries()) {
      const shareId = shares[index] ?? "";
      const { targetId } = await balancing.addTarget({ poolId, shareId, address: "127.0.0.1", port }, signal);
      const seen = await balancing.waitUntilHealthy({ poolId, targetId, withinMs: 60_000 }, signal);
      assert.equal(seen?.state, "healthy");
      targets.push(targetId);
    }
    const [at] = (await balancing.getPool(poolId, signal)).endpoints;
    assert.ok(at);
    await weigh(balancing, poolId, { [shares[0]]: 75, [shares[1]]: 25 });
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(at)));
    assert.deepEqual([answers.filter((one) => one === "old").length, answers.length], [30, 40]);
    await refuses("InvalidInput", weigh(balancing, poolId, { [shares[0]]: 5 }));

    await weigh(balancing, poolId, { [shares[0]]: 100, [shares[1]]: 0 });
    holds = true;
    const served = old.served();
    const underWay = ask(at);
    await until(async () => assert.equal(old.served(), served + 1));
    const place = { poolId, targetId: targets[0] ?? "" };
    await balancing.drainTarget(place, signal);
    const draining = await balancing.waitUntilDrained({ ...place, withinMs: 200 }, signal);
    assert.equal(draining?.state, "draining");
    await weigh(balancing, poolId, { [shares[0]]: 0, [shares[1]]: 100 });
    assert.equal(await ask(at), "new");
    held.resolve();
    assert.equal(await underWay, "old");
    assert.equal(await balancing.waitUntilDrained({ ...place, withinMs: 60_000 }, signal), undefined);
    for (const server of [old, fresh]) await server.close();
    await traffic.close();
  });

  async function weigh(balancing: LoadBalancingFacet, poolId: string, weights: Readonly<Record<string, number>>) {
    assert.ok(balancing.setWeights);
    await balancing.setWeights({ poolId, weights }, signal);
  }
});

function ask({ host, port }: PoolEndpoint): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host, port, path: "/work", agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => {
        text += piece;
      });
      answer.on("end", () => resolve(text));
      answer.on("error", reject);
    }).on("error", reject);
  });
}
