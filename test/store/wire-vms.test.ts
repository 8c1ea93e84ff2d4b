import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import pg from "pg";
import { canonicalJson } from "../../src/domain/plan.ts";
import { parseSearch } from "../../src/domain/search/parser.ts";
import type { Vm } from "../../src/domain/vm.ts";
import { fromWire } from "../../src/domain/wire.ts";
import { type InventoryVm, openStore } from "../../src/store/index.ts";
import { startTestPostgres } from "../support/postgres.ts";

const postgres = await startTestPostgres();
after(() => postgres.stop());

const seenAt = "2026-01-01T00:00:01.250Z";
const requested = { b: [1, { z: "ä", a: null }], a: 1.5, "": "\n" };
const vm: Vm = {
  vmId: "1",
  site: "a",
  name: 'quoted "web-shop" ä',
  state: "running",
  cpus: 2,
  memoryBytes: 2 ** 41,
  firmware: "bios",
  architecture: "x86_64",
  disks: [
    { diskId: "vda", volumeId: "v-a", sizeBytes: 2 ** 34, bus: "virtio-blk", boot: true, allocatedBytes: 4096 },
    { diskId: "vdb", volumeId: "v-b", sizeBytes: 2 ** 35, bus: "virtio-blk", boot: false },
  ],
  nics: [{ nicId: "net0", networkId: "default" }],
  publishPorts: [8080, 22],
  endpoints: [{ guestPort: 22, host: "127.0.0.1", port: 2222 }],
  tags: { "novacron:managed": "true", ownTag_Of: "someBody" },
};

test("VMs and audit entries that an earlier version stored are shown as they were", async () => {
  const client = new pg.Client({ connectionString: postgres.databaseUrl });
  await client.connect();
  try {
    const first = await readFile(new URL("../../src/store/migrations/0001-spine.sql", import.meta.url), "utf8");
    await client.query(first);
    await client.query(`create table schema_migrations (
      version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`);
    const checksum = createHash("sha256").update(first).digest("hex");
    await client.query("insert into schema_migrations (version, name, checksum) values (1, '0001-spine', $1)", [
      checksum,
    ]);
    await client.query("insert into sites (site, observed_at, vm_count) values ('a', $1, 1)", [seenAt]);
    await client.query("insert into vms (site, vm_id, name, state, body) values ('a', '1', $1, 'running', $2)", [
      vm.name,
      JSON.stringify(vm),
    ]);
    await client.query(
      `insert into audit (at, actor, action, resource, request_id, outcome, after)
       values ($1, 'token/bootstrap', 'plan.create', '/v1/plans', 'r', 'asked', $2)`,
      [seenAt, JSON.stringify(requested)],
    );
  } finally {
    await client.end();
  }
  const store = await openStore({ databaseUrl: postgres.databaseUrl });
  try {
    await store.migrate();
    const text = (await store.vms.get("a", "1")) ?? assert.fail("it is gone");
    assert.deepEqual(fromWire<InventoryVm>(JSON.parse(text)), { ...vm, observedAt: seenAt });
    const page = await store.vms.list({ limit: 50 });
    assert.deepEqual(JSON.parse(page.json), [JSON.parse(text)]);
    const search = parseSearch("eb-sho", Date.now());
    assert.ok(search.ok);
    const found = await store.resources.search({ ...search.query, limit: 5 });
    assert.deepEqual(
      found.items.map(({ name }) => name),
      [vm.name],
    );
    const [first] = (await store.audit.list({ limit: 5 })).items;
    const entry = JSON.parse(first?.entry ?? "");
    assert.deepEqual([entry.at, entry.request], [seenAt, requested]);
    assert.equal(first?.entry, canonicalJson(entry), "as it would be chained today");
  } finally {
    await store.close();
  }
});
