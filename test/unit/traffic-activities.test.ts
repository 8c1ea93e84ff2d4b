import assert from "node:assert/strict";
import { test } from "node:test";
import { asyncLocalStorage, type Context } from "@temporalio/activity";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { trafficActivities } from "../../src/activities/traffic.ts";
import { trafficPoolActivities } from "../../src/activities/traffic-pools.ts";
import type { DnsShiftParameters, PoolShiftParameters, ProxyShiftParameters } from "../../src/domain/traffic.ts";

const within = <T>(work: () => Promise<T>) =>
  asyncLocalStorage.run({ cancellationSignal: new AbortController().signal } as unknown as Context, work);
/** The source's port 80 is at 4002 since it was started again; it was at 4001. */
const source = { site: "a", vmId: "vm", guestPort: 80 };
const compute = { getVm: async () => ({ endpoints: [{ guestPort: 80, host: "127.0.0.1", port: 4002 }] }) };

test("a TTL that a lost attempt has lowered is waited for again, before its former one is counted from", async () => {
  const seen = { name: "app.example.com", type: "A", ttlSeconds: 30, values: ["192.0.2.1"], version: "v" } as const;
  const calls: unknown[] = [];
  const dns = {
    getRecord: async () => seen,
    putRecord: async ({ record, version }: { record: { ttlSeconds: number }; version: string }) => {
      calls.push([record.ttlSeconds, version]);
      return { changeId: "again" };
    },
    waitForChange: async ({ change }: { change: unknown }) => void calls.push(change),
  };
  const activities = trafficActivities({ registry: { provider: async () => ({ dns }) } } as unknown as ActivityDeps);
  const before = { ttlSeconds: 600, values: ["192.0.2.1"] };
  const shift = { site: "c", zoneId: "z", name: seen.name, type: "A", before, lowTtlSeconds: 30 };
  const context = { cancellationSignal: new AbortController().signal } as unknown as Context;
  const lower = () => activities.lowerTtl({ shift: shift as unknown as DnsShiftParameters });
  const began = Date.now();
  const { notBefore } = await asyncLocalStorage.run(context, lower);
  assert.deepEqual(calls, [[30, "v"], { changeId: "again" }]);
  assert.ok(Date.parse(notBefore) >= began + 600_000);
});

test("traffic goes back to where the source's port is reached since it was started again", async () => {
  const orders: unknown[] = [];
  let backend = "10.0.0.9:80";
  const proxy = () => ({
    listener: async () => ({ backend, hold: { holdId: "m/hold-back", until: new Date().toISOString() } }),
    probe: async () => undefined,
    direct: async (_: string, to: { backend: string }) => {
      orders.push(to);
      backend = to.backend;
    },
  });
  const registry = { provider: async () => ({ compute }) };
  const { releaseTraffic } = trafficActivities({ registry, proxy } as unknown as ActivityDeps);
  const shift = { proxy: "edge", listener: "app", path: "/", backend: "127.0.0.1:4001", source };
  const input = { shift: shift as unknown as ProxyShiftParameters, migrationId: "m", ours: ["10.0.0.9:80"] };
  assert.deepEqual(await within(() => releaseTraffic(input)), { backend: "127.0.0.1:4002" });
  assert.deepEqual(orders, [{ backend: "127.0.0.1:4002", holdId: "m/hold-back" }]);
  backend = "192.0.2.7:80";
  await assert.rejects(
    within(() => releaseTraffic(input)),
    /somebody directed it to 192\.0\.2\.7:80/,
  );
});

test("a pool gets the source's new address, and loses the one that nobody has any more", async () => {
  const targets = new Map([["t1", "127.0.0.1:4001"]]);
  const loadBalancing = {
    addTarget: async ({ address, port }: { address: string; port: number }) => {
      targets.set("t2", `${address}:${port}`);
      return { targetId: "t2", shareId: "s" };
    },
    removeTarget: async ({ targetId }: { targetId: string }) => void targets.delete(targetId),
  };
  const registry = { provider: async () => ({ compute, loadBalancing }) };
  const { restorePool } = trafficPoolActivities({ registry } as unknown as ActivityDeps);
  const replaces = { targetId: "t1", shareId: "s", address: "127.0.0.1", port: 4001 };
  const shift = { site: "c", poolId: "p", replaces, weights: [], source } as unknown as PoolShiftParameters;
  const there = await within(() => restorePool({ shift }));
  assert.deepEqual([...targets], [["t2", "127.0.0.1:4002"]]);
  assert.deepEqual(there, { targetId: "t2", shareId: "s", address: "127.0.0.1", port: 4002 });
});

test("a pool keeps what was in it before, also where the new VM has that address", async () => {
  const at = (targetId: string, port: number) => ({ targetId, shareId: "s", address: "10.0.0.9", port });
  const targets = [at("old", 80), at("theirs", 80), at("ours", 80), at("another", 81)];
  const removed: string[] = [];
  const loadBalancing = {
    async *listTargets() {
      yield* targets;
    },
    removeTarget: async ({ targetId }: { targetId: string }) => void removed.push(targetId),
  };
  const registry = { provider: async () => ({ loadBalancing }) };
  const { leavePool } = trafficPoolActivities({ registry } as unknown as ActivityDeps);
  const replaces = at("old", 80);
  const shift = { site: "c", poolId: "p", replaces, weights: [], before: ["old", "theirs"] };
  const input = { shift: shift as unknown as PoolShiftParameters, member: { address: "10.0.0.9", port: 80 } };
  await within(() => leavePool(input));
  assert.deepEqual(removed, ["ours"]);
});

test("a record gets the source's new address, and is known as ours with the old one and the new one", async () => {
  let seen: { ttlSeconds: number; values: string[] } | undefined = { ttlSeconds: 30, values: ["10.0.0.9"] };
  const dns = {
    getRecord: async () => seen && { ...seen, version: "v" },
    putRecord: async ({ record }: { record: { ttlSeconds: number; values: string[] } }) => {
      seen = { ttlSeconds: record.ttlSeconds, values: record.values };
    },
    waitForChange: async () => undefined,
  };
  const { restoreRecord } = trafficActivities({
    registry: { provider: async () => ({ dns, compute }) },
  } as unknown as ActivityDeps);
  const before = { ttlSeconds: 600, values: ["127.0.0.7", "192.0.2.1"] };
  const shift = { site: "c", zoneId: "z", name: "app.example.com", type: "A", before };
  const restore = (ttlSeconds: number, host = "127.0.0.7") =>
    within(() =>
      restoreRecord({
        shift: { ...shift, source: { ...source, host } } as unknown as DnsShiftParameters,
        to: { ...before, ttlSeconds },
        ours: [before, { ...before, ttlSeconds: 30 }, { ttlSeconds: 30, values: ["10.0.0.9"] }],
      }),
    );
  const now = { ttlSeconds: 30, values: ["127.0.0.1", "192.0.2.1"] };
  assert.deepEqual(await restore(30), now);
  assert.deepEqual(seen, now);
  assert.deepEqual(await restore(600), { ...now, ttlSeconds: 600 });
  assert.deepEqual(seen, { ...now, ttlSeconds: 600 });
  seen = { ttlSeconds: 5, values: ["192.0.2.99"] };
  await assert.rejects(restore(600), /somebody made it 192\.0\.2\.99/);
  seen = undefined;
  await assert.rejects(restore(600), { code: "NotFound" });
});
