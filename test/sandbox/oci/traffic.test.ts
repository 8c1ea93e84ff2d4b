import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Provider } from "../../../src/providers/provider.ts";
import type { DnsFacet, LoadBalancingFacet } from "../../../src/providers/traffic-facets.ts";
import { answering } from "../../providers/support/answering.ts";
import { addressOf, connectOci } from "../../providers/support/oci.ts";
import { makeOciTraffic, type OciTraffic } from "../../providers/support/oci-traffic.ts";
import { refuses } from "../../providers/support/refuses.ts";
import { resolverAt } from "../support-dns.ts";
import { type OciLab, startOciLab } from "./support.ts";
import { refused } from "./support-calls.ts";

const signal = AbortSignal.timeout(600_000);
const withinMs = 60_000;
let lab: OciLab;
let provider: Provider;
let dns: DnsFacet;
let balancing: Required<LoadBalancingFacet>;
let traffic: OciTraffic;

before(async () => {
  lab = await startOciLab({ backendHealthMs: 20 });
  provider = connectOci(addressOf(lab));
  dns = provider.dns as DnsFacet;
  balancing = provider.loadBalancing as Required<LoadBalancingFacet>;
  traffic = await makeOciTraffic(lab);
});
after(async () => {
  await traffic?.close();
  await provider?.close();
  await lab?.close();
  assert.deepEqual(lab?.complaints ?? [], []);
});

test("the name servers answer with what was set, also after a restart", async () => {
  const { zoneId, name: zone } = traffic.zone;
  const name = `www.${zone}`;
  await dns.putRecord({ zoneId, record: { name, type: "A", ttlSeconds: 30, values: ["192.0.2.7"] } }, signal);
  const look = () => resolverAt(lab.oci.dnsPort).resolve4(name, { ttl: true });
  assert.deepEqual(await look(), [{ address: "192.0.2.7", ttl: 30 }]);
  await lab.restart();
  assert.deepEqual(await look(), [{ address: "192.0.2.7", ttl: 30 }]);
  const moved = { name, type: "A", ttlSeconds: 30, values: ["192.0.2.8"] } as const;
  await dns.putRecord({ zoneId, record: moved }, signal);
  assert.deepEqual((await look())[0]?.address, "192.0.2.8");
  await dns.deleteRecord({ zoneId, name, type: "A" }, signal);
  await assert.rejects(look(), { code: "ENOTFOUND" });
});

test("a change with a stale entity tag, a CNAME beside others, and a protected record are refused", async () => {
  const { zoneId, name: zone } = traffic.zone;
  const [domain, rtype] = [`a.${zone}`, "A"];
  const set = { zoneNameOrId: zoneId, domain, rtype };
  const item = { domain, rtype, rdata: "192.0.2.1", ttl: 60 };
  const first = await lab.dns().updateRRSet({ ...set, updateRRSetDetails: { items: [item] } });
  await lab.dns().updateRRSet({ ...set, updateRRSetDetails: { items: [{ ...item, ttl: 61 }] } });
  const stale = { ...set, ifMatch: first.eTag, updateRRSetDetails: { items: [item] } };
  await assert.rejects(lab.dns().updateRRSet(stale), refused(412, "IfMatchFailed"));
  const cname = { domain, rtype: "CNAME", rdata: "b.example.org.", ttl: 60 };
  await assert.rejects(
    lab.dns().updateRRSet({ ...set, rtype: "CNAME", updateRRSetDetails: { items: [cname] } }),
    refused(409, "Conflict"),
  );
  const record = { name: domain, type: "CNAME", ttlSeconds: 60, values: ["b.example.org"] } as const;
  await refuses("Conflict", dns.putRecord({ zoneId, record }, signal));
  await assert.rejects(lab.dns().deleteRRSet({ ...set, domain: zone, rtype: "SOA" }), refused(400, "InvalidParameter"));
});

test("requests are divided by weight, and a drained backend gets no new ones", async () => {
  const { poolId } = traffic.pool;
  const servers = [await answering("old"), await answering("new")] as const;
  try {
    const targets: string[] = [];
    for (const { port } of servers) {
      const { targetId } = await balancing.addTarget({ poolId, address: "127.0.0.1", port }, signal);
      targets.push(targetId);
      assert.equal((await balancing.waitUntilHealthy({ poolId, targetId, withinMs }, signal))?.state, "healthy");
    }
    const [old = "", next = ""] = targets;
    const { endpoints, shares } = await balancing.getPool(poolId, signal);
    assert.deepEqual(
      shares.map(({ weight }) => weight),
      [0, 0],
    );
    const [endpoint] = endpoints;
    const ask = async () => {
      const answer = await fetch(`http://${endpoint?.host}:${endpoint?.port}/page`, { signal });
      return answer.status === 200 ? answer.text() : String(answer.status);
    };
    // Before they are weighed nobody gets anything.
    assert.equal(await ask(), "503");
    const count = async (of: number) => {
      const seen: string[] = [];
      for (let request = 0; request < of; request++) seen.push(await ask());
      return [seen.filter((name) => name === "old").length, seen.filter((name) => name === "new").length];
    };
    await balancing.setWeights({ poolId, weights: { [old]: 75, [next]: 25 } }, signal);
    assert.deepEqual(await count(8), [6, 2]);
    await balancing.setWeights({ poolId, weights: { [old]: 0, [next]: 100 } }, signal);
    assert.deepEqual(await count(4), [0, 4]);
    await balancing.setWeights({ poolId, weights: { [old]: 50 } }, signal);
    await balancing.drainTarget({ poolId, targetId: old }, signal);
    assert.deepEqual(await count(4), [0, 4]);
    // As a whole: the other one keeps what it has.
    await balancing.setWeights({ poolId, weights: { [next]: 30 } }, signal);
    await refuses("UnsupportedCapability", balancing.setWeights({ poolId, weights: { [old]: 1, [next]: 90 } }, signal));
    const left = (await balancing.getPool(poolId, signal)).shares.find(({ shareId }) => shareId === next);
    assert.equal(left?.weight, 30);
    for (const targetId of targets) await balancing.removeTarget({ poolId, targetId }, signal);
    assert.equal(await ask(), "503");
  } finally {
    for (const server of servers) await server.close();
  }
});

test("a backend that does not answer is unhealthy, and weights have their bounds", async () => {
  const { poolId } = traffic.pool;
  const [loadBalancerId = "", backendSetName = ""] = poolId.split("/");
  const server = await answering("gone");
  await server.close();
  const { targetId } = await balancing.addTarget(
    { poolId, address: "127.0.0.1", port: server.port, weight: 1 },
    signal,
  );
  const isUnhealthy = async () => {
    const [target] = await Array.fromAsync(balancing.listTargets(poolId, signal));
    return target?.state === "unhealthy";
  };
  while (!(await isUnhealthy())) signal.throwIfAborted();
  const update = { weight: 101, backup: false, drain: false, offline: false };
  await assert.rejects(
    lab.balancers().updateBackend({
      ...{ loadBalancerId, backendSetName, backendName: targetId },
      updateBackendDetails: update,
    }),
    refused(400, "InvalidParameter"),
  );
  await balancing.removeTarget({ poolId, targetId }, signal);
});
