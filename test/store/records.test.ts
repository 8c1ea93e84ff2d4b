import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Certificate } from "../../src/domain/certificate.ts";
import { canonicalJson, type Plan } from "../../src/domain/plan.ts";
import type { PointRecord } from "../../src/store/index.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();
const now = new Date().toISOString();

test("a plan comes back as it was pinned, whatever is inserted under its id later", async () => {
  const { plans } = lab.store;
  const plan: Plan = {
    planId: "plan-1",
    kind: "migrate-vm",
    hash: "abc",
    createdAt: now,
    inputs: { z: [1, "two", { three: false }], a: "ü" },
    observed: [{ site: "a", kind: "vm", id: "1", version: '{"state":"running"}' }],
    choices: [],
    actions: [],
    checks: [{ check: "target-free-space", result: "pass", detail: "plenty" }],
    estimates: { bytesToMove: 2 ** 43, bytesNominal: 2 ** 43, seconds: 1.5, downtimeSeconds: 1, basis: "" },
    executable: true,
  };
  await plans.insert(plan);
  await plans.insert({ ...plan, hash: "other" });
  assert.equal(canonicalJson(await plans.get("plan-1")), canonicalJson(plan));
  assert.equal(await plans.get("plan-2"), undefined);
});

test("a certificate is never rewritten", async () => {
  const { certificates } = lab.store;
  const certificate = { certificateId: "c-1", migrationId: "m-1", identical: true } as Certificate;
  await certificates.insert(certificate);
  await certificates.insert({ ...certificate, identical: false });
  assert.deepEqual(await certificates.get("c-1"), certificate);
  assert.equal(await certificates.get("c-2"), undefined);
});

test("points are found by their content at one site, newest first, until they are deleted", async () => {
  const { points } = lab.store;
  const point = (more: Partial<PointRecord>): PointRecord => ({
    site: "a",
    pointId: "p1",
    kind: "sealed",
    lineage: "l",
    diskId: "vda",
    sizeBytes: 2 ** 40,
    manifestId: "m",
    rootHash: "same",
    migrationId: "x",
    createdAt: "2026-01-01T00:00:00.000Z",
    ...more,
  });
  const newer = point({ pointId: "p2", kind: "adopted", createdAt: "2026-01-02T00:00:00.000Z" });
  for (const one of [
    point({}),
    newer,
    point({ site: "b" }),
    point({ pointId: "p3", kind: "source" }),
    point({ pointId: "p4", rootHash: "other" }),
  ]) {
    await points.record(one);
    await points.record(one);
  }
  const found = await points.findByRootHash("a", "same", ["sealed", "adopted"]);
  assert.deepEqual(found, [newer, point({})]);
  assert.deepEqual(await points.findByRootHash("a", "same", []), []);
  await points.delete("a", "p2");
  await points.delete("a", "p2");
  assert.equal(await points.get("a", "p2"), undefined);
  assert.deepEqual(await points.get("b", "p1"), point({ site: "b" }));
});

test("a token is found by its hash until its name gets another one", async () => {
  const { tokens } = lab.store;
  const bootstrap = { tokenId: "bootstrap", createdBy: "token/bootstrap" };
  const admin = { role: "admin", scope: {} } as const;
  await tokens.ensure({ ...bootstrap, hash: "h1", bindings: [admin] });
  await tokens.ensure({ ...bootstrap, hash: "h1", bindings: [admin, { role: "viewer", scope: {} }] });
  assert.deepEqual(
    (await tokens.findByHash("h1"))?.bindings.map(({ role }) => role),
    ["admin", "viewer"],
  );
  await tokens.revoke("bootstrap");
  await tokens.ensure({ ...bootstrap, hash: "h1", bindings: [admin] });
  assert.equal(await tokens.findByHash("h1"), undefined, "revoked is revoked");
  await tokens.ensure({ ...bootstrap, hash: "h2", bindings: [admin] });
  assert.equal(await tokens.findByHash("h1"), undefined);
  assert.equal((await tokens.findByHash("h2"))?.name, "bootstrap");
});

test("audit entries are listed newest first with what they changed", async () => {
  const { audit } = lab.store;
  const entry = { at: now, actor: "bootstrap", action: "migration.pause", requestId: "r", outcome: "success" };
  for (let i = 0; i < 5; i++) await audit.append({ ...entry, resource: `migration/${i % 2}`, after: { i, list: [i] } });
  const first = await audit.list({ limit: 3 });
  const second = await audit.list({ limit: 3, cursor: first.nextCursor });
  const numbers = [...first.items, ...second.items].map((item) => JSON.parse(item.entry).after.i as number);
  assert.deepEqual(numbers, [4, 3, 2, 1, 0]);
  const one = await audit.list({ limit: 10, resource: "migration/1" });
  assert.equal(one.items.length, 2);
  assert.ok(!("before" in JSON.parse(one.items[0]?.entry ?? "")));
});

test("an audit entry that nobody waits for stands in its place for whoever reads next", async () => {
  const { audit } = lab.store;
  const entry = { at: now, actor: "bootstrap", action: "order.kept", requestId: "r", outcome: "done" };
  const written = [
    audit.appendSoon({ ...entry, resource: "one" }),
    audit.append({ ...entry, resource: "two" }),
    audit.appendSoon({ ...entry, resource: "three" }),
  ];
  const { items } = await audit.list({ limit: 5, action: "order.kept" });
  const resources = items.map((item) => (JSON.parse(item.entry) as { resource: string }).resource);
  assert.deepEqual(resources, ["three", "two", "one"]);
  await Promise.all(written);
  // By itself, when nothing else is appended.
  await audit.appendSoon({ ...entry, resource: "four" });
});

test("an audit entry that the database refuses takes none of those with it that are written at the same time", async () => {
  const { audit } = lab.store;
  const entry = { at: now, actor: "bootstrap", action: "order.refused", requestId: "r", outcome: "done" };
  const random = Array.from({ length: 300 }, () => crypto.randomUUID()).join("");
  const names = ["one", "two", "three", "four", "five"];
  const written = names.map((resource) =>
    audit.appendSoon({ ...entry, resource, ...(resource === "three" ? { action: random } : {}) }),
  );
  const ends = await Promise.allSettled(written);
  assert.deepEqual(
    ends.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"],
  );
  const { items } = await audit.list({ limit: 9, action: "order.refused" });
  const resources = items.map((item) => (JSON.parse(item.entry) as { resource: string }).resource);
  assert.deepEqual(resources, ["five", "four", "two", "one"]);
});

test("whatever somebody sends is on record, also names and paths that the database can't hold", async () => {
  const { audit } = lab.store;
  const entry = { at: now, actor: "bootstrap", action: "odd.kept", requestId: "r", outcome: "asked" };
  const path = `/v1/${Array.from({ length: 300 }, () => crypto.randomUUID()).join("")}`;
  await audit.append({ ...entry, resource: path, request: { "a\u0000": { "\ud800": ["\u0000", 1] } } });
  const { items } = await audit.list({ limit: 1, action: "odd.kept" });
  const { resource, request } = JSON.parse(items[0]?.entry ?? "") as { resource: string; request: unknown };
  assert.ok(path.startsWith(resource) && resource.length === 800);
  assert.deepEqual(request, { "a\ufffd": { "\ufffd": ["\ufffd", 1] } });
  // What can't be written at all is refused, not thrown at who doesn't wait.
  await assert.rejects(audit.appendSoon({ ...entry, resource: "r", after: 1n }));
});

test("the trail is read while others go on writing", async () => {
  const { audit } = lab.store;
  const entry = { at: now, actor: "bootstrap", action: "busy.kept", resource: "r", requestId: "r", outcome: "done" };
  let over = false;
  const writing = Array.from({ length: 4 }, async () => {
    while (!over) await audit.append(entry);
  });
  await sleep(50);
  const read = audit.list({ limit: 1, action: "busy.kept" }).then(({ items }) => items.length);
  const late = sleep(10_000, "nothing within ten seconds", { ref: false });
  const seen = await Promise.race([read, late]);
  over = true;
  await Promise.all(writing);
  assert.equal(seen, 1);
});

test("what a site's worker has counted is kept until it leaves, and not again after that", async () => {
  const { siteWorkers } = lab.store;
  const worker = { site: "a", name: "n", certificateEndsAt: now };
  await siteWorkers.add({ ...worker, workerId: "a-1", certificateHash: "1" });
  await siteWorkers.noteSeen("a-1", undefined);
  await siteWorkers.keepMetrics("a-1", "fine 1\n");
  await siteWorkers.keepMetrics("a-1", "fine 2\n");
  assert.deepEqual(await siteWorkers.metrics(), [{ workerId: "a-1", site: "a", text: "fine 2\n" }]);
  await siteWorkers.noteLeft("a-1");
  // What was on its way when it left.
  await siteWorkers.keepMetrics("a-1", "fine 3\n");
  assert.deepEqual(await siteWorkers.metrics(), []);
});

test("an idempotency key is new once, then repeats its answer, and refuses another body", async () => {
  const { idempotency } = lab.store;
  const claim = (bodyHash: string) => idempotency.claim({ key: "k", route: "POST /v1/migrations", bodyHash });
  const claims = await Promise.all(Array.from({ length: 5 }, () => claim("body")));
  assert.equal(claims.filter(({ status }) => status === "new").length, 1);
  assert.deepEqual(await claim("body"), { status: "conflict", reason: "in-progress" });
  assert.deepEqual(await claim("other"), { status: "conflict", reason: "other-body" });
  await idempotency.complete("k", "POST /v1/migrations", { status: 202, body: { id: "m" } });
  assert.deepEqual(await claim("body"), { status: "repeat", response: { status: 202, body: { id: "m" } } });
  assert.deepEqual(await claim("other"), { status: "conflict", reason: "other-body" });
  assert.deepEqual(await idempotency.claim({ key: "k", route: "POST /v1/plans", bodyHash: "body" }), { status: "new" });
});

test("an idempotency key is given back after a failure, an abandoned claim, and a day", async () => {
  const { idempotency } = lab.store;
  const route = "POST /v1/plans";
  const claim = (key: string) => idempotency.claim({ key, route, bodyHash: "b" });
  await claim("released");
  await idempotency.release("released", route);
  assert.equal((await claim("released")).status, "new");
  await claim("abandoned");
  await claim("old");
  await idempotency.complete("old", route, { status: 200, body: undefined });
  await idempotency.release("old", route);
  assert.equal((await claim("old")).status, "repeat");
  await claim("renewed");
  await age("abandoned", "9 seconds");
  await age("renewed", "9 seconds");
  await idempotency.renew("renewed", route);
  assert.deepEqual(await claim("renewed"), { status: "conflict", reason: "in-progress" });
  await age("old", "25 hours");
  assert.equal((await claim("abandoned")).status, "new");
  assert.equal((await claim("abandoned")).status, "conflict");
  assert.equal((await claim("old")).status, "new");
  await age("old", "25 hours");
  assert.equal(await idempotency.sweep(), 1);
});

async function age(key: string, by: string): Promise<void> {
  const client = new pg.Client({ connectionString: lab.postgres.databaseUrl });
  await client.connect();
  await client.query("update idempotency_keys set claimed_at = now() - $2::interval where key = $1", [key, by]);
  await client.end();
}
