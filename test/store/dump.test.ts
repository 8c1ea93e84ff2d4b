import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { openStore, type Store } from "../../src/store/index.ts";
import { useStore } from "../support/store.ts";

const world = useStore();

/** Values that a careless way through text would change. */
async function fill(store: Store, databaseUrl: string): Promise<void> {
  for (let n = 1; n <= 450; n++) {
    await store.audit.append({
      at: "2026-11-29T08:30:00.123Z",
      actor: "user/ä\n\t\\\"'",
      action: "plan.make",
      resource: `plan/${n}`,
      requestId: `r${n}`,
      outcome: "done",
      after: { text: "line\nbreak, [brackets] and \\N", none: null, big: 9_007_199_254_740_991 },
    });
  }
  await store.seedPrices();
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query("insert into break_glass (hash, sealed_by) values ('h', 'somebody'), ('i', 'somebody')");
  await client.query("delete from break_glass where hash = 'i'");
  await client.query("insert into admitted_runs (run_id, at) values ('r', '2026-11-29 08:30:00.123+02')");
  await client.end();
}

async function contents(databaseUrl: string): Promise<Record<string, unknown>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1",
  );
  const all: Record<string, unknown> = {};
  for (const { name } of rows.filter(({ name: each }) => each !== "schema_migrations")) {
    const found = await client.query<{ row: string }>(`select t::text as row from "${name}" as t order by 1`);
    all[name] = found.rows.map(({ row }) => row);
  }
  await client.end();
  return all;
}

const emptyStore = async () => {
  const databaseUrl = await world.postgres.createDatabase();
  return { databaseUrl, store: await openStore({ databaseUrl }) };
};

async function linesOf(store: Store): Promise<string[]> {
  return Array.fromAsync(store.dump());
}

test("a dump makes an empty database what the store was, and the audit chain goes on in it", async () => {
  await fill(world.store, world.postgres.databaseUrl);
  const lines = await linesOf(world.store);
  assert.ok(lines.every((line) => !line.includes("\n")));
  const { store, databaseUrl } = await emptyStore();
  const loaded = await store.load(
    (async function* () {
      yield* lines;
    })(),
  );
  assert.ok(loaded.rows > 450);
  assert.deepEqual(await contents(databaseUrl), await contents(world.postgres.databaseUrl));
  assert.deepEqual(await store.audit.head(), await world.store.audit.head());
  await store.audit.append({ at: "", actor: "a", action: "b", resource: "c", requestId: "d", outcome: "done" });
  assert.equal((await store.audit.head()).sequence, 451);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const next = await client.query<{ seal_id: string }>(
    "insert into break_glass (hash, sealed_by) values ('j', 'x') returning seal_id",
  );
  assert.equal(next.rows[0]?.seal_id, "3", "no number is given twice");
  await assert.rejects(client.query("delete from audit"), /only ever appended/, "triggers are in force again");
  await client.end();
  await store.close();
});

test("a dump that is cut off, lacks a row or has one too many leaves nothing behind", async () => {
  const lines = await linesOf(world.store);
  const row = lines.findIndex((line) => line.startsWith("["));
  const spoilt = {
    "cut off": lines.slice(0, -1),
    "a row less": lines.toSpliced(row, 1),
    "a row more": lines.toSpliced(row, 0, lines[row] ?? ""),
    "more behind its end": [...lines, lines[row] ?? ""],
  };
  for (const [what, broken] of Object.entries(spoilt)) {
    const { store, databaseUrl } = await emptyStore();
    const loading = store.load(
      (async function* () {
        yield* broken;
      })(),
    );
    await assert.rejects(loading, what);
    assert.deepEqual((await contents(databaseUrl)).audit, [], what);
    await store.close();
  }
});

test("a database that is in use is left alone, and a dump of a later version is refused", async () => {
  const lines = await linesOf(world.store);
  const into = (store: Store, given: readonly string[]) =>
    store.load(
      (async function* () {
        yield* given;
      })(),
    );
  await assert.rejects(into(world.store, lines), { code: "Conflict", message: /in use/ });
  const { store } = await emptyStore();
  const later = lines.with(0, (lines[0] ?? "").replace(/"schema":\d+/, '"schema":9999'));
  await assert.rejects(into(store, later), { code: "Conflict", message: /later version/ });
  await store.close();
});
