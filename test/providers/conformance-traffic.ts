import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Provider } from "../../src/providers/provider.ts";
import { absentRecord, type DnsRecord, type PoolTarget } from "../../src/providers/traffic-facets.ts";
import type { ConformanceSite, TrafficSite } from "./harness.ts";
import { refuses } from "./support/refuses.ts";

interface Parts {
  readonly test: (name: string, work: (context: TestContext) => Promise<void>) => void;
  readonly place: () => ConformanceSite;
  readonly signal: AbortSignal;
}

/** How long a target may take to be healthy or drained at a site on this machine, under load. */
const withinMs = 60_000;

/** Where traffic goes: DNS records, and the targets of load balancers. */
export function trafficCases({ test, place, signal }: Parts): void {
  function having<F extends "dns" | "loadBalancing">(
    facet: F,
    capability: "dns" | "load-balancing",
    name: string,
    work: (found: NonNullable<Provider[F]>, traffic: TrafficSite) => Promise<void>,
  ): void {
    test(name, async (context) => {
      const { provider } = place();
      const found = provider[facet];
      const gap = provider.capabilities[capability];
      if (!found) {
        assert.ok(gap, `nothing says why there is no ${facet}`);
        context.skip(gap);
        return;
      }
      assert.equal(gap, undefined, `${facet} is there and is said not to be`);
      const traffic = await place().traffic?.();
      assert.ok(traffic, "the harness has nothing to try it with");
      try {
        await work(found, traffic);
      } catch (error) {
        // What is left of it keeps some of it from going; why is said by the first failure.
        await traffic.close().catch(() => undefined);
        throw error;
      }
      await traffic.close();
    });
  }

  having("dns", "dns", "sets a record once, and replaces it only as it was seen", async (dns, { zone }) => {
    assert.ok(zone);
    const { zoneId } = zone;
    const listed = (await Array.fromAsync(dns.listZones(signal))).find((one) => one.zoneId === zoneId);
    assert.deepEqual([listed?.name, listed?.private], [zone.name, false]);
    const name = `www.${zone.name}`;
    const key = { zoneId, name, type: "A" } as const;
    assert.equal(await dns.getRecord(key, signal), undefined);
    const record: DnsRecord = { name, type: "A", ttlSeconds: 300, values: ["192.0.2.1", "192.0.2.2"] };
    for (let repeat = 0; repeat < 2; repeat++) {
      const change = await dns.putRecord({ zoneId, record, version: absentRecord }, signal);
      await dns.waitForChange({ zoneId, change }, signal);
    }
    const first = await dns.getRecord(key, signal);
    assert.deepEqual(plain(first), record);
    const lowered = { ...record, ttlSeconds: 30 };
    await refuses("Conflict", dns.putRecord({ zoneId, record: lowered, version: absentRecord }, signal));
    await dns.putRecord({ zoneId, record: lowered, version: first?.version ?? "" }, signal);
    const second = await dns.getRecord(key, signal);
    assert.deepEqual(plain(second), lowered);
    assert.notEqual(second?.version, first?.version);
    const moved = { ...lowered, values: ["192.0.2.3"] };
    await refuses("Conflict", dns.putRecord({ zoneId, record: moved, version: first?.version ?? "" }, signal));
    await dns.putRecord({ zoneId, record: moved }, signal);
    assert.deepEqual(plain(await dns.getRecord(key, signal)), moved);
    await refuses("Conflict", dns.deleteRecord({ ...key, version: second?.version ?? "" }, signal));
    for (let repeat = 0; repeat < 2; repeat++) await dns.deleteRecord(key, signal);
    assert.equal(await dns.getRecord(key, signal), undefined);
    await refuses("InvalidInput", dns.putRecord({ zoneId, record: { ...record, name: "www.example.org" } }, signal));
    await refuses("InvalidInput", dns.putRecord({ zoneId, record: { ...record, values: ["here"] } }, signal));
  });

  having("dns", "dns", "keeps names and texts as they were given, and lists them all", async (dns, { zone }) => {
    assert.ok(zone);
    const { zoneId } = zone;
    const records: readonly DnsRecord[] = [
      { name: `six.${zone.name}`, type: "AAAA", ttlSeconds: 60, values: ["2001:db8::1"] },
      { name: `text.${zone.name}`, type: "TXT", ttlSeconds: 60, values: ['says "no" \\ once', "x".repeat(300)] },
      { name: `www.${zone.name}`, type: "CNAME", ttlSeconds: 60, values: ["front.example.org"] },
    ];
    for (const record of records) await dns.putRecord({ zoneId, record, version: absentRecord }, signal);
    const listed = await Array.fromAsync(dns.listRecords(zoneId, signal));
    const seen = listed.map(plain).filter((record) => record?.name !== zone.name);
    assert.deepEqual(sorted(seen), sorted(records));
    for (const { name, type } of records) await dns.deleteRecord({ zoneId, name, type }, signal);
  });

  having(
    "loadBalancing",
    "load-balancing",
    "adds a target, drains it, takes it back and removes it",
    async (balancing, { pool }) => {
      assert.ok(pool);
      const { capabilities } = place().provider;
      const { poolId, target, shares } = pool;
      const listed = (await Array.fromAsync(balancing.listPools(signal))).find((one) => one.poolId === poolId);
      assert.deepEqual(listed, await balancing.getPool(poolId, signal));
      assert.ok((listed?.endpoints.length ?? 0) > 0);
      const input = { poolId, ...target, ...(shares ? { shareId: shares[0] } : { weight: 10 }) };
      const { targetId } = await balancing.addTarget(input, signal);
      assert.equal((await balancing.addTarget(input, signal)).targetId, targetId);
      const find = async (): Promise<PoolTarget | undefined> => {
        const all = await Array.fromAsync(balancing.listTargets(poolId, signal));
        assert.ok(all.length <= 1, JSON.stringify(all));
        return all.find((one) => one.targetId === targetId);
      };
      const healthy = async (): Promise<void> => {
        const seen = await balancing.waitUntilHealthy({ poolId, targetId, withinMs }, signal);
        if (capabilities["load-balancing.health"] === undefined) assert.equal(seen?.state, "healthy", seen?.reason);
        const there = await find();
        assert.deepEqual([there?.vmId, there?.address, there?.port], [target.vmId, target.address, target.port]);
      };
      await healthy();
      if (capabilities["load-balancing.drain"] === undefined) {
        for (let repeat = 0; repeat < 2; repeat++) await balancing.drainTarget({ poolId, targetId }, signal);
        const tells = capabilities["load-balancing.drained"] === undefined;
        const wait = { poolId, targetId, withinMs: tells ? withinMs : 1 };
        const drained = await balancing.waitUntilDrained(wait, signal);
        if (tells) assert.ok(drained === undefined || drained.state === "drained", drained?.state);
        else assert.equal(drained?.state, "draining");
        await balancing.addTarget(input, signal);
        await healthy();
      }
      for (let repeat = 0; repeat < 2; repeat++) await balancing.removeTarget({ poolId, targetId }, signal);
      assert.equal(await balancing.waitUntilDrained({ poolId, targetId, withinMs }, signal), undefined);
      assert.equal(await find(), undefined);
    },
  );

  having("loadBalancing", "load-balancing", "weighs what gets a pool's traffic", async (balancing, { pool }) => {
    assert.ok(pool);
    const { poolId, target, shares } = pool;
    if (!balancing.setWeights) {
      assert.ok(place().provider.capabilities["load-balancing.weights"], "nothing says why there are no weights");
      return;
    }
    assert.equal(place().provider.capabilities["load-balancing.weights"], undefined);
    const added = shares ? undefined : await balancing.addTarget({ poolId, ...target, weight: 40 }, signal);
    const [first, second] = shares ?? [added?.targetId ?? ""];
    const weightsOf = async () =>
      Object.fromEntries(
        (await balancing.getPool(poolId, signal)).shares.map(({ shareId, weight }) => [shareId, weight]),
      );
    const wanted = second === undefined ? { [first]: 40 } : { [first]: 20, [second]: 80 };
    for (let repeat = 0; repeat < 2; repeat++) await balancing.setWeights({ poolId, weights: wanted }, signal);
    assert.deepEqual(await weightsOf(), wanted);
    if (second !== undefined) {
      const part = (shareId: string, weight: number) =>
        balancing.setWeights?.({ poolId, weights: { [shareId]: weight } }, signal);
      await Promise.all([part(first, 30), part(second, 70)]);
      assert.deepEqual(await weightsOf(), { [first]: 30, [second]: 70 }, "a change at the same time was lost");
      await balancing.setWeights({ poolId, weights: { [first]: 0 } }, signal);
      const [one, other] = await weightsOf().then((seen) => [seen[first], seen[second]]);
      assert.equal(one, 0);
      assert.ok((other ?? 0) > 0);
      await refuses("InvalidInput", balancing.setWeights({ poolId, weights: { [second]: 0 } }, signal));
    } else await refuses("InvalidInput", balancing.setWeights({ poolId, weights: { [first]: 0 } }, signal));
    await refuses("InvalidInput", balancing.setWeights({ poolId, weights: { [first]: 101 } }, signal));
    await refuses("NotFound", balancing.setWeights({ poolId, weights: { "no-such-share": 1 } }, signal));
    if (added) await balancing.removeTarget({ poolId, targetId: added.targetId }, signal);
  });
}

function plain(record: (DnsRecord & { readonly version?: string }) | undefined): DnsRecord | undefined {
  if (!record) return undefined;
  const { name, type, ttlSeconds, values } = record;
  return { name, type, ttlSeconds, values };
}

function sorted(records: readonly (DnsRecord | undefined)[]): readonly string[] {
  return records.map((record) => JSON.stringify({ ...record, values: [...(record?.values ?? [])].sort() })).sort();
}
