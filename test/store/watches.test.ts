import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { useStore } from "../support/store.ts";

const lab = useStore();
const rowOf = async (site: string) => (await lab.store.watches.list()).find((row) => row.site === site);

test("a listener is there from its first word until it stops, and what it heard is counted", async () => {
  const { watches } = lab.store;
  await watches.listening("a");
  const since = (await rowOf("a"))?.listeningSince;
  assert.ok(since);
  assert.deepEqual(await rowOf("a"), { site: "a", changes: 0, listeningSince: since });
  await watches.listening("a", 2);
  await watches.listening("a", 3);
  const heard = await rowOf("a");
  assert.deepEqual([heard?.changes, heard?.listeningSince], [5, since]);
  assert.ok(heard?.changedAt);
  await watches.stopped("a", "the connection ended");
  const { changedAt } = heard;
  assert.deepEqual(await rowOf("a"), { site: "a", changes: 5, changedAt, error: "the connection ended" });
  await watches.listening("a");
  const again = await rowOf("a");
  assert.deepEqual([again?.error, again?.changes], [undefined, 5]);
  assert.ok(again?.listeningSince);
});

test("one that has died is no listener any more, and its successor begins anew", async () => {
  const { watches } = lab.store;
  await watches.listening("b");
  const client = new pg.Client({ connectionString: lab.postgres.databaseUrl });
  await client.connect();
  await client.query(`update inventory_watches set heard_at = now() - interval '31 seconds',
    listening_since = '2026-01-01T00:00:00Z' where site = 'b'`);
  await client.end();
  assert.deepEqual(await rowOf("b"), { site: "b", changes: 0 });
  await watches.listening("b");
  assert.notEqual((await rowOf("b"))?.listeningSince?.slice(0, 10), "2026-01-01");
});

test("a site that was never listened to says why", async () => {
  await lab.store.watches.stopped("c", "no queue");
  assert.deepEqual(await rowOf("c"), { site: "c", changes: 0, error: "no queue" });
});
