import assert from "node:assert/strict";
import { test } from "node:test";
import { asyncLocalStorage, type Context } from "@temporalio/activity";
import type { ActivityDeps } from "../../src/activities/deps.ts";
import { trafficActivities } from "../../src/activities/traffic.ts";
import type { DnsShiftParameters } from "../../src/domain/traffic.ts";

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
