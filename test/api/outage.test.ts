import assert from "node:assert/strict";
import { after, test } from "node:test";
import { pino } from "pino";
import { ProblemError } from "../../src/api/problem.ts";
import type { Runs } from "../../src/api/runs.ts";
import { startLeftOverRecoveries } from "../../src/api/start-recovery.ts";
import { startLeftOverTests } from "../../src/api/start-test.ts";
import { resolvePolicy } from "../../src/domain/protection-policy.ts";
import type { FailOverInput } from "../../src/workflows/fail-over/types.ts";
import type { TestMigrationInput } from "../../src/workflows/test-migration/types.ts";
import { samplePlan } from "./support/activities.ts";
import { startTestApi } from "./support/harness.ts";

const noon = "2026-11-29T12:00:00.000Z";
const api = await startTestApi({ after }, { worker: false, limits: { askMs: 1_000 } });

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

test("what is registered while Temporal is away is started once it answers, and what can't be ends", async () => {
  const { store } = api;
  const policy = resolvePolicy({ primarySite: "onprem-a", recoverySite: "onprem-b" }, {});
  assert.ok(policy);
  for (const groupId of ["one", "two"]) {
    const members = [{ position: 0, name: "web-1", vmId: `vm-${groupId}`, tags: {} }];
    const group = { groupId, name: groupId, workflowId: `protection/${groupId}`, policy, members };
    await store.protection.create({ ...group, createdBy: "token/bootstrap" });
    const inputs = { groupId, mode: "failover", reason: "fire", from: "onprem-a", to: "onprem-b", outageAt: noon };
    const plan = { ...samplePlan(`recovers-${groupId}`, true, inputs), kind: "recover-group" };
    await store.plans.insert(plan);
    const approved = { plan_id: plan.planId, plan_hash: plan.hash };
    const { status, body } = await api.call("POST", "/v1/recovery-runs", { body: approved });
    assert.equal(status, 202, JSON.stringify(body));
    assert.equal(body.state, "running");
  }
  const tested = { ...samplePlan("tests", true, { vm: "web-1", vmName: "web-1", from: "onprem-a", to: "onprem-b" }) };
  const life = {
    action: "tear-down",
    resource: { site: "onprem-b", kind: "vm", id: "t" },
    detail: "",
    parameters: { maxLifeSeconds: 60 },
  };
  await store.plans.insert({ ...tested, kind: "test-migration", actions: [life] });
  const asked = { plan_id: tested.planId, plan_hash: tested.hash };
  assert.equal((await api.call("POST", "/v1/migration-tests", { body: asked })).status, 202);

  const started: unknown[] = [];
  const taken = new ProblemError("Conflict", { detail: "Another failover of two goes on", action: "Wait." });
  const runs = {
    async recover(input: FailOverInput) {
      started.push(input);
      if (input.request.groupId === "two") throw taken;
    },
    test: async (input: TestMigrationInput) => void started.push(input),
  } as unknown as Runs;
  const context = { store, runs, log: pino({ level: "silent" }) };
  await startLeftOverRecoveries(context, 60_000);
  assert.deepEqual(started, [], "they may be starting still");
  await startLeftOverRecoveries(context, 0);
  await startLeftOverTests(context, 0);
  const [first, second, third] = started as unknown as [FailOverInput, FailOverInput, TestMigrationInput];
  const wanted = { groupId: "one", mode: "failover", reason: "fire", outageAt: noon };
  assert.deepEqual([first.request, first.planId, first.requestedBy], [wanted, "recovers-one", "token/bootstrap"]);
  assert.equal(third.planId, "tests");
  assert.equal((await store.recoveryRuns.get(first.runId))?.state, "running");
  const ended = await store.recoveryRuns.get(second.runId);
  assert.deepEqual([ended?.state, ended?.problem?.message], ["failed", "Another failover of two goes on"]);
  await store.recoveryRuns.recordStep(first.runId, {
    ...{ position: 0, step: "verify-site", detail: "", state: "running", startedAt: noon },
  });
  started.length = 0;
  await startLeftOverRecoveries(context, 0);
  assert.deepEqual(started, [], "one has begun, the other is over");
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
