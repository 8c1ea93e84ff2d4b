import assert from "node:assert/strict";
import { after, test } from "node:test";
import { samplePlan } from "./support/activities.ts";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi({ after }, { worker: false, limits: { askMs: 3_000 } });

test("without a worker a plan ends in a Timeout that says what to look at", async () => {
  const request = { vm: "web-1", from: "onprem-a", to: "onprem-b" };
  const { status, body } = await api.call("POST", "/v1/plans", { body: { kind: "migrate_vm", request } });
  assert.equal(status, 504);
  assert.match(body.action, /worker/);
});

test("while Temporal is away health says so, and an approved plan is registered to start later", async () => {
  assert.equal((await api.call("GET", "/v1/health", { token: undefined })).status, 200);
  await api.stopTemporal();
  const health = await api.call("GET", "/v1/health", { token: undefined });
  assert.equal(health.status, 503);
  assert.match(String(health.body.facts["temporal"]), /Temporal|answer/);
  assert.equal(health.body.facts["store"], "ok");
  const plan = samplePlan("plan-1", true, { vm: "web-1", from: "onprem-a", to: "onprem-b" });
  await api.store.plans.insert(plan);
  const approved = { plan_id: plan.planId, plan_hash: plan.hash };
  const started = await api.call("POST", "/v1/migrations", { body: approved });
  assert.equal(started.status, 202);
  const [note] = await api.store.migrations.events(started.body.migration_id, 0, 10);
  assert.match(note?.message ?? "", /as soon as Temporal answers/);
});

test("while the store is away every answer is a 503 problem, and none says more than that", async () => {
  await api.stopPostgres();
  const health = await api.call("GET", "/v1/health", { token: undefined });
  assert.equal(health.status, 503);
  assert.notEqual(health.body.facts["store"], "ok");
  const refused = await api.call("GET", "/v1/vms");
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.response.headers.get("retry-after")) >= 1);
});
