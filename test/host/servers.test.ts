import assert from "node:assert/strict";
import { chmodSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { searchAttributes } from "../../src/domain/search-attributes.ts";
import { requireTemporal } from "../../src/host/bring-in/temporal.ts";
import { cacheDir } from "../../src/host/paths.ts";
import { startPostgres } from "../../src/host/postgres.ts";
import { startTemporal } from "../../src/host/temporal.ts";
import { temporaryDir, withPostgres } from "../support/servers.ts";

async function query(databaseUrl: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

test("Postgres keeps acknowledged rows through a SIGKILL and listens on no port", async (context) => {
  const dir = temporaryDir();
  const first = await startPostgres({ dir });
  context.after(() => first.stop());
  await query(first.databaseUrl, "create table t (n int); insert into t values (7)");
  process.kill(first.pid, "SIGKILL");
  const second = await startPostgres({ dir });
  context.after(() => second.stop());
  assert.equal(second.databaseUrl, first.databaseUrl);
  assert.deepEqual(await query(second.databaseUrl, "select n from t"), [{ n: 7 }]);
  assert.deepEqual(await query(second.databaseUrl, "show listen_addresses"), [{ listen_addresses: "" }]);
});

test("two Postgres servers side by side do not share data", async (context) => {
  const [a, b] = await Promise.all([withPostgres(context), withPostgres(context)]);
  await query(a.databaseUrl, "create table only_here (n int)");
  const found = await query(b.databaseUrl, "select to_regclass('only_here') as found");
  assert.deepEqual(found, [{ found: null }]);
});

test("a cache that is linked to from another keeps its template as it is", async (context) => {
  const [cache, linked] = [temporaryDir(), temporaryDir()];
  for (const dir of [cache, linked]) chmodSync(dir, 0o711);
  context.after(() => {
    for (const dir of [cache, linked]) rmSync(dir, { recursive: true, force: true });
  });
  const first = await startPostgres({ dir: temporaryDir(), cache });
  await first.stop();
  for (const name of readdirSync(cache)) symlinkSync(join(cache, name), join(linked, name));
  const a = await startPostgres({ dir: temporaryDir(), cache: linked });
  context.after(() => a.stop());
  await query(a.databaseUrl, "create table only_here (n int)");
  const b = await startPostgres({ dir: temporaryDir(), cache: linked });
  context.after(() => b.stop());
  assert.deepEqual(await query(b.databaseUrl, "select to_regclass('only_here') as found"), [{ found: null }]);
});

test("Temporal knows our search attributes, also after a SIGKILL on the same database", async (context) => {
  const dir = temporaryDir();
  const options = { dir, program: requireTemporal(cacheDir()), headless: true };
  const first = await startTemporal(options);
  context.after(() => first.stop());
  process.kill(first.pid, "SIGKILL");
  const second = await startTemporal({ ...options, ports: first.ports });
  context.after(() => second.stop());
  const url = `http://127.0.0.1:${second.ports.http}/api/v1/namespaces/default/search-attributes`;
  const { customAttributes } = (await (await fetch(url)).json()) as { customAttributes: Record<string, string> };
  for (const name of Object.keys(searchAttributes)) {
    assert.ok(customAttributes[name], name);
  }
});

test("a server that can't start says why", async () => {
  const dir = temporaryDir();
  const log = join(dir, "temporal.log");
  const started = startTemporal({ dir, program: "/bin/false" });
  await assert.rejects(started, {
    name: "ProviderError",
    message: new RegExp(`start temporal .*: it ended with code 1: .*${log} tells more`),
  });
});
