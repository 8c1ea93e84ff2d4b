import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { AuditEntry } from "../../src/domain/audit.ts";
import type { Wire } from "../../src/domain/wire.ts";
import { connectClient } from "../../src/temporal/connection.ts";
import { type Body, startTestApi } from "./support/harness.ts";

const request = { vm: "web-1", from: "onprem-a", to: "onprem-b", network_map: { netA_1: "netB" } };

const api = await startTestApi({ after });

describe("migrations over the API", () => {
  async function start(headers: Record<string, string> = {}): Promise<string> {
    const { status, body, response } = await api.call("POST", "/v1/migrations", { body: request, headers });
    assert.equal(status, 202, JSON.stringify(body));
    assert.equal(response.headers.get("location"), `/v1/migrations/${body.migration_id}`);
    return body.migration_id;
  }

  async function untilState(id: string, wanted: string): Promise<Body> {
    for (;;) {
      const { body } = await api.call("GET", `/v1/migrations/${id}`);
      if (body.state === wanted) return body;
      await sleep(20);
    }
  }

  async function untilAwaitingFinalize(id: string): Promise<void> {
    await api.call("POST", `/v1/migrations/${id}/pause`);
    await untilState(id, "paused");
    await api.call("POST", `/v1/migrations/${id}/resume`);
    await untilState(id, "awaiting-finalize");
  }

  test("a plan is made, read again as it was pinned, and executed by its hash", async () => {
    const made = await api.call("POST", "/v1/plans", { body: { kind: "migrate_vm", request } });
    assert.equal(made.status, 201);
    assert.deepEqual(made.body.inputs["network_map"], { netA_1: "netB" });
    const read = await api.call("GET", `/v1/plans/${made.body.plan_id}`);
    assert.deepEqual(read.body, made.body);
    const wrong = { plan_id: made.body.plan_id, plan_hash: "0".repeat(64) };
    const refused = await api.call("POST", "/v1/migrations", { body: wrong });
    assert.equal(refused.status, 409);
    const started = await api.call("POST", "/v1/migrations", { body: { ...wrong, plan_hash: made.body.hash } });
    assert.equal(started.status, 202);
    assert.equal(started.body.plan_id, made.body.plan_id);
    assert.deepEqual(started.body.vm, { name: "web-1", source_vm_id: "id-web-1" });
  });

  test("a dry run gives a plan and starts nothing", async () => {
    const before = await api.call("GET", "/v1/migrations");
    const { status, body } = await api.call("POST", "/v1/migrations", { body: { ...request, dry_run: true } });
    assert.equal(status, 200);
    assert.match(body.hash, /^[0-9a-f]{64}$/);
    const now = await api.call("GET", "/v1/migrations");
    const ids = (body: Body) => body.items.map((item) => item.migration_id);
    assert.deepEqual(ids(now.body), ids(before.body));
  });

  test("a plan with a failed check is refused with its remedy", async () => {
    const { status, body } = await api.call("POST", "/v1/migrations", { body: { ...request, vm: "full" } });
    assert.equal(status, 409);
    assert.equal(body.action, "Free some space.");
  });

  test("a failure in the workflow comes back as its own code, action and facts", async () => {
    const { status, body } = await api.call("POST", "/v1/plans", {
      body: { kind: "migrate_vm", request: { ...request, vm: "missing" } },
    });
    assert.equal(status, 404);
    assert.equal(body.code, "NotFound");
    assert.equal(body.action, "List the VMs of the site.");
    assert.deepEqual(body.facts, { looked_for: "missing" });
  });

  test("the same Idempotency-Key starts one migration, and another body under it is refused", async () => {
    const headers = { "Idempotency-Key": "key-1" };
    const first = await start(headers);
    const again = await api.call("POST", "/v1/migrations", { body: request, headers });
    assert.equal(again.body.migration_id, first);
    assert.equal(again.response.headers.get("idempotency-replayed"), "true");
    const other = await api.call("POST", "/v1/migrations", { body: { ...request, vm: "web-2" }, headers });
    assert.equal(other.status, 409);
  });

  test("pause, resume and finalize lead through the states, and the certificate can be had", async () => {
    const id = await start();
    const planned = () =>
      api.call("POST", "/v1/plans", { body: { kind: "finalize_migration", request: { migration_id: id } } });
    const finalize = ({ body }: Awaited<ReturnType<typeof planned>>, confirm: readonly string[], of = id) =>
      api.call("POST", `/v1/migrations/${of}/finalize`, {
        body: { plan_id: body.plan_id, plan_hash: body.hash, confirm },
      });
    const early = await finalize(await planned(), [request.vm]);
    assert.equal(early.status, 409);
    assert.match(early.body.detail, /cannot be executed/);
    assert.equal((await api.call("GET", `/v1/migrations/${id}/certificate`)).status, 404);
    await untilAwaitingFinalize(id);
    const certificate = await api.call("GET", `/v1/migrations/${id}/certificate`);
    assert.equal(certificate.body.migration_id, id);
    const plan = await planned();
    assert.deepEqual(plan.body.inputs.names, [request.vm]);
    assert.equal((await api.call("POST", `/v1/migrations/${id}/finalize`)).status, 400);
    const unnamed = await finalize(plan, ["something-else"]);
    assert.equal(unnamed.status, 409);
    assert.deepEqual(unnamed.body.facts.names, [request.vm]);
    const another = await finalize(plan, [request.vm], await start());
    assert.match(another.body.detail, /finalizes migration/);
    const wrong = await api.call("POST", "/v1/operations", {
      body: { plan_id: plan.body.plan_id, plan_hash: plan.body.hash },
    });
    assert.match(wrong.body.detail, /executed by POST \/v1\/migrations\/\{id\}\/finalize/);
    const done = await finalize(plan, [request.vm]);
    assert.equal(done.status, 200);
    assert.equal(done.body.state, "finalized");
    assert.equal((await api.call("POST", `/v1/migrations/${id}/pause`)).status, 409);
    assert.equal((await api.call("POST", `/v1/migrations/${id}/rollback`)).status, 409);
  });

  test("its run knows the time before which it touches nothing", async () => {
    const startAt = "2030-01-31T22:00:00.000Z";
    const { body } = await api.call("POST", "/v1/migrations", {
      body: { ...request, schedule: { start_at: startAt } },
    });
    const client = await connectClient({ address: api.temporalAddress, namespace: "default" });
    const { events } = await client.workflow.getHandle(`migration/${body.migration_id}`).fetchHistory();
    const [input] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    const started = JSON.parse(Buffer.from(input?.data ?? []).toString()) as { startAt?: string };
    assert.equal(started.startAt, startAt);
    await client.connection.close();
  });

  test("rollback, undo and cancel end a migration", async () => {
    const [one, other, third] = [await start(), await start(), await start()];
    assert.equal((await api.call("POST", `/v1/migrations/${third}/undo`)).status, 409);
    await untilAwaitingFinalize(third);
    assert.equal((await api.call("POST", `/v1/migrations/${third}/undo`)).body.state, "undone");
    await untilAwaitingFinalize(one);
    assert.equal((await api.call("POST", `/v1/migrations/${one}/rollback`)).body.state, "rolled-back");
    assert.equal((await api.call("POST", `/v1/migrations/${other}/cancel`)).status, 202);
    await untilState(other, "cancelled");
  });

  test("pages cover every migration once, the newest first", async () => {
    const seen: string[] = [];
    let query = "?limit=2";
    for (;;) {
      const { body } = await api.call("GET", `/v1/migrations${query}`);
      seen.push(...body.items.map((item) => item.migration_id));
      if (!body.next_cursor) break;
      query = `?limit=2&cursor=${encodeURIComponent(body.next_cursor)}`;
    }
    const all = await api.call("GET", "/v1/migrations?limit=200");
    assert.deepEqual(
      seen,
      all.body.items.map((item) => item.migration_id),
    );
    assert.ok(seen.length > 2);
    const mine = await api.call("GET", "/v1/migrations?vm=nobody");
    assert.deepEqual(mine.body.items, []);
  });

  test("everything that was asked for is in the audit trail with its caller", async () => {
    const id = await start({ "X-Request-Id": "audited-1" });
    const { items } = await api.store.audit.list({ limit: 5, resource: "/v1/migrations" });
    const entries = items.map(({ entry }) => JSON.parse(entry) as Wire<AuditEntry>);
    const ours = entries.filter((entry) => entry.request_id === "audited-1");
    assert.deepEqual(
      ours.map(({ outcome }) => outcome),
      ["done", "asked"],
    );
    assert.equal(ours[0]?.actor, "token/bootstrap");
    assert.equal(ours[0]?.workflow_id, `migration/${id}`);
  });
});
