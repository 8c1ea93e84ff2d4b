import assert from "node:assert/strict";
import { test } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import type { MetricSample } from "../../src/domain/metric.ts";
import { useStore } from "../support/store.ts";

const world = useStore();
const dayMs = 86_400_000;
const today = Math.floor(Date.now() / dayMs) * dayMs;
const iso = (ms: number) => new Date(ms).toISOString();
const sample = (at: number, value: number, more: Partial<MetricSample> = {}): MetricSample => ({
  ...{ site: "s", resourceId: "vm-1", metric: "cpu.utilisation", at: iso(at), value },
  ...more,
});
const range = async (from: number, to: number, stepSeconds?: number, resourceId?: string) =>
  world.store.metrics.range({
    ...{ site: "s", metric: "cpu.utilisation", from: iso(from), to: iso(to) },
    ...(stepSeconds === undefined ? {} : { stepSeconds }),
    ...(resourceId === undefined ? {} : { resourceId }),
  });

test("samples come back by resource and step, a repeat does no harm, and a later value counts", async () => {
  const { metrics } = world.store;
  const at = today - dayMs;
  const given = [0, 60, 120, 300].map((second, index) => sample(at + second * 1_000, index / 10));
  await metrics.write([...given, sample(at, 0.9, { resourceId: "vm-2" })]);
  await metrics.write(given);
  await metrics.write([sample(at, 0.2), sample(at, 0.4)]);
  const series = await range(at, at + 600_000, 300);
  assert.deepEqual(
    series.map(({ resourceId }) => resourceId),
    ["vm-1", "vm-2"],
  );
  const [first, second] = series[0]?.points ?? [];
  assert.deepEqual({ ...first, value: 0 }, { at: iso(at), value: 0, low: 0.1, high: 0.4, samples: 3 });
  assert.ok(Math.abs((first?.value ?? 0) - 0.7 / 3) < 1e-9);
  assert.equal(second?.samples, 1);
  assert.equal((await range(at, at + 1, undefined, "vm-2"))[0]?.points[0]?.value, 0.9);
  assert.deepEqual(await metrics.latest({ metric: "cpu.utilisation", since: iso(at + 200_000) }), [
    sample(at + 300_000, 0.3),
  ]);
  assert.deepEqual(await metrics.names("s"), [{ site: "s", metric: "cpu.utilisation", resources: 2 }]);
  assert.equal(await metrics.newest("s", iso(at)), iso(at + 300_000));
});

test("what is old is summed up by five minutes, then by hours, then gone, and its figures stay what they were", async () => {
  const { metrics } = world.store;
  const at = today - dayMs;
  const before = await range(at, at + dayMs, 3_600);
  // Three, 40 and 500 days later.
  assert.ok((await metrics.thin(today + 3 * dayMs)) >= 1);
  assert.deepEqual(await range(at, at + dayMs, 3_600), before);
  assert.equal((await range(at, at + dayMs))[0]?.points.length, 2);
  await metrics.thin(today + 40 * dayMs);
  assert.deepEqual(await range(at, at + dayMs, 3_600), before);
  assert.equal((await range(at, at + dayMs))[0]?.points.length, 1);
  assert.ok((await metrics.thin(today + 500 * dayMs)) >= 1);
  assert.deepEqual(await range(at, at + dayMs, 3_600), []);
  assert.equal(await metrics.thin(today + 500 * dayMs), 0);
});

test("samples that come late are summed up at once; a repeat of them does not count twice", async () => {
  const { metrics } = world.store;
  const [week, quarter] = [today - 7 * dayMs, today - 90 * dayMs];
  const late = [week, week + 60_000, quarter, quarter + 60_000].map((at, index) => sample(at, index));
  await metrics.write(late);
  await metrics.write(late);
  assert.deepEqual((await range(quarter, today))[0]?.points, [
    { at: iso(quarter), value: 2.5, low: 2, high: 3, samples: 2 },
    { at: iso(week), value: 0.5, low: 0, high: 1, samples: 2 },
  ]);
});

test("a sample of the future, or that is no number, is refused with all that came with it", async () => {
  const { metrics } = world.store;
  for (const strange of [sample(Date.now() + 3_600_000, 1), sample(Date.now(), Number.NaN), sample(0, 1)]) {
    const write = metrics.write([sample(today, 1, { resourceId: "refused" }), strange]);
    await assert.rejects(write, (error) => isProviderError(error, "InvalidInput"));
  }
  assert.deepEqual(await range(today, today + dayMs, undefined, "refused"), []);
});

test("processes that begin a day together both write it", async () => {
  const at = today - 2 * dayMs;
  const { openStore } = await import("../../src/store/index.ts");
  const other = await openStore({ databaseUrl: world.postgres.databaseUrl });
  const ids = Array.from({ length: 10 }, (_, index) => `both-${index}`);
  await Promise.all(
    ids.map((resourceId, index) =>
      (index % 2 ? other : world.store).metrics.write([sample(at + 1, index, { resourceId, site: "s" })]),
    ),
  );
  await other.close();
  assert.equal((await range(at, at + dayMs)).filter(({ resourceId }) => resourceId.startsWith("both-")).length, 10);
});
