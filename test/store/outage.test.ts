import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { isProviderError } from "../../src/domain/errors.ts";
import { openStore } from "../../src/store/index.ts";
import { LogKeeper } from "../../src/telemetry/log-keeper.ts";
import { createLogger } from "../../src/telemetry/logger.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();
const unavailable = (error: unknown) => isProviderError(error, "Unavailable");
const note = (message: string) => ({ at: new Date().toISOString(), type: "note" as const, message, data: {} });

async function create(migrationId: string): Promise<void> {
  const vm = { name: "shop", sourceVmId: "1" };
  const from = "a";
  await lab.store.migrations.create({
    migrationId,
    planId: "p",
    workflowId: `migration/${migrationId}`,
    vm,
    from,
    to: "b",
  });
}

/** A killed postmaster's backends answer on open connections until they notice. */
async function untilAway(): Promise<void> {
  for (;;) {
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => lab.store.ping()));
    if (asked.every((answer) => answer.status === "rejected")) return;
    await sleep(20);
  }
}

async function untilBack(): Promise<void> {
  for (;;) {
    try {
      return await lab.store.ping();
    } catch (error) {
      assert.ok(unavailable(error), String(error));
      await sleep(50);
    }
  }
}

test("a killed database costs time only: calls are Unavailable meanwhile, and subscribers miss nothing", async () => {
  await create("killed");
  await lab.store.migrations.appendEvent("killed", note("before"));
  const controller = new AbortController();
  const seen: string[] = [];
  let onSecond = (): void => undefined;
  const second = new Promise<void>((resolve) => {
    onSecond = resolve;
  });
  const reading = (async () => {
    for await (const event of lab.store.migrations.subscribe("killed", 0, controller.signal)) {
      seen.push(event.message);
      if (seen.length === 2) onSecond();
    }
  })();
  await Promise.all(Array.from({ length: 5 }, () => lab.store.ping()));
  await lab.postgres.kill();
  await untilAway();
  await assert.rejects(lab.store.migrations.update("killed", { progress: 1 }), unavailable);
  await lab.postgres.start();
  await untilBack();
  await lab.store.migrations.appendEvent("killed", note("after"));
  await second;
  controller.abort();
  await reading;
  assert.deepEqual(seen, ["before", "after"]);
});

test("connections that ended while idle are replaced unseen", async () => {
  await create("idle");
  await Promise.all(Array.from({ length: 5 }, () => lab.store.ping()));
  const script = `const client = new (require("pg").Client)({ connectionString: process.argv[1] });
    client.connect().then(() => client.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'novacron'"))
      .then(() => client.end());`;
  // Nothing of this process runs meanwhile, so the pool can't hear of it before it uses the connections.
  execFileSync(process.execPath, ["-e", script, lab.postgres.databaseUrl]);
  const used = [lab.store.ping(), lab.store.migrations.appendEvent("idle", note("one")), lab.store.vms.sites()];
  await Promise.all(used);
});

test("a transaction whose connection is cut fails whole, and the next one works", async () => {
  await create("cut");
  const client = new pg.Client({ connectionString: lab.postgres.databaseUrl });
  await client.connect();
  await client.query("begin; select 1 from migrations where migration_id = 'cut' for update");
  const waiting = lab.store.migrations.appendEvent("cut", note("never written"));
  const cut = async () => {
    const { rows } = await client.query<{ pid: number }>(
      "select pid from pg_stat_activity where application_name = 'novacron' and wait_event_type = 'Lock'",
    );
    for (const { pid } of rows) await client.query("select pg_terminate_backend($1)", [pid]);
    return rows.length;
  };
  const failed = assert.rejects(waiting, unavailable);
  while ((await cut()) === 0) await sleep(20);
  await failed;
  await client.query("rollback");
  await client.end();
  assert.equal(await lab.store.migrations.appendEvent("cut", note("written")), 1);
});

test("a statement that takes too long is a Timeout", async () => {
  const impatient = await openStore({ databaseUrl: lab.postgres.databaseUrl, statementTimeoutMs: 100 });
  const client = new pg.Client({ connectionString: lab.postgres.databaseUrl });
  await client.connect();
  await create("locked");
  await client.query("begin; select 1 from migrations where migration_id = 'locked' for update");
  await assert.rejects(impatient.migrations.update("locked", { progress: 1 }), (error) =>
    isProviderError(error, "Timeout"),
  );
  await client.query("rollback");
  await client.end();
  await impatient.migrations.update("locked", { progress: 1 });
  await impatient.close();
});

test("a connection that falls silent is given up, and the next one works", async () => {
  const impatient = await openStore({ databaseUrl: lab.postgres.databaseUrl, silenceMs: 2_000 });
  const client = new pg.Client({ connectionString: lab.postgres.databaseUrl });
  await client.connect();
  await create("silent");
  await client.query("begin; select 1 from migrations where migration_id = 'silent' for update");
  await assert.rejects(impatient.migrations.update("silent", { progress: 1 }), (error) => {
    assert.ok(unavailable(error), String(error));
    assert.match(String(error), /read timeout after 2000 ms/);
    return true;
  });
  await client.query("rollback");
  await client.end();
  await impatient.migrations.update("silent", { progress: 1 });
  await impatient.close();
});

test("a server that hangs is Unavailable after the connect timeout", async () => {
  const fresh = await openStore({ databaseUrl: lab.postgres.databaseUrl, connectTimeoutMs: 200 });
  lab.postgres.freeze(true);
  try {
    await assert.rejects(fresh.ping(), unavailable);
  } finally {
    lab.postgres.freeze(false);
  }
  await fresh.ping();
  await fresh.close();
});

test("the schema is applied once by processes that start together, and a changed file is refused", async () => {
  const databaseUrl = await lab.postgres.createDatabase();
  const stores = await Promise.all(Array.from({ length: 4 }, () => openStore({ databaseUrl })));
  const applied = await Promise.all(stores.map((store) => store.migrate()));
  assert.equal(applied.filter((names) => names.length > 0).length, 1);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query("update schema_migrations set checksum = 'other' where version = 1");
  await client.end();
  await assert.rejects(stores[0]?.migrate() ?? Promise.resolve(), (error) => isProviderError(error, "Conflict"));
  await Promise.all(stores.map((store) => store.close()));
});

test("lines that are said while the database is dead are kept when it is back, and hold nothing up meanwhile", async () => {
  const { logs } = lab.store;
  const keeper = new LogKeeper("api", logs, { everyMs: 5 });
  const log = createLogger({ name: "api", level: "info", output: { take: () => undefined }, takers: [keeper] });
  await lab.postgres.kill();
  await untilAway();
  for (let number = 0; number < 50; number++) log.info({ number }, "said in the dark");
  await sleep(100);
  assert.equal(keeper.state.sent, 0);
  await lab.postgres.start();
  await untilBack();
  const kept = async () => (await logs.list({ text: "said in the dark", limit: 100 })).items.length;
  for (let tries = 0; tries < 400 && (await kept()) < 50; tries++) await sleep(50);
  assert.equal(await kept(), 50);
  assert.equal(keeper.state.dropped, 0);
  await keeper.close(1_000);
});
