import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { requireSecondFactor } from "../../src/api/authenticate.ts";
import type { Actor } from "../../src/api/route.ts";
import { hashToken } from "../../src/api/tokens.ts";
import { keepVms, sampleVm } from "./support/activities.ts";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi(
  { after },
  { deps: { approvalRules: [{ kind: "stop-vm", scope: { site: "onprem-b" } }] } },
);
for (const site of ["onprem-a", "onprem-b"]) {
  await keepVms(
    api.store,
    site,
    ["web-1", "web-2", "db-1"].map((name) => sampleVm(site, name)),
  );
}

interface Shown {
  readonly plan_id: string;
  readonly hash: string;
  readonly operation_id: string;
  readonly kind: string;
  readonly state: string;
  readonly inputs: { readonly vms: readonly { site: string; vm: string }[] };
  readonly facts: { readonly plan_id: string; readonly hash: string; readonly shown?: string };
  readonly detail: string;
}
async function post(path: string, body: object, more: { token?: string; headers?: Record<string, string> } = {}) {
  const { status, body: answer } = await api.call("POST", path, { body, ...more });
  return { status, ...(answer as unknown as Shown) };
}

describe("a delete", () => {
  const path = "/v1/vms/onprem-a/id-web-1/delete";

  test("is not begun unless the VM is named, and then once for an Idempotency-Key", async () => {
    for (const body of [{}, { confirm: "web-2" }]) {
      const refused = await post(path, body);
      assert.equal(refused.status, 409);
      assert.match(refused.detail, /naming what goes: web-1/);
    }
    assert.equal((await api.store.operations.list({ limit: 10 })).items.length, 0);
    const headers = { "idempotency-key": "delete-once" };
    const [first, again] = [
      await post(path, { confirm: "web-1" }, { headers }),
      await post(path, { confirm: "web-1" }, { headers }),
    ];
    assert.deepEqual([first.status, first.kind], [202, "delete-vm"]);
    assert.equal(again.operation_id, first.operation_id);
  });

  test("of many names them all, whoever executes the plan", async () => {
    const vms = ["id-web-1", "id-web-2"].map((vm) => ({ site: "onprem-a", vm }));
    const plan = await post("/v1/vms/bulk", { action: "delete", vms, dry_run: true });
    assert.equal(plan.status, 200);
    const execute = (confirm: string[]) =>
      post("/v1/operations", { plan_id: plan.plan_id, plan_hash: plan.hash, confirm });
    for (const wrong of [[], ["web-1"], ["web-1", "web-2", "db-1"]]) assert.equal((await execute(wrong)).status, 409);
    assert.equal((await execute(["web-2", "web-1"])).status, 202);
  });

  test("wants a fresh second factor of a person, however it is asked for", () => {
    const person = (mfaAt?: string): Actor => ({
      kind: "user",
      id: "user/a",
      name: "a",
      responsible: "user/a",
      grants: new Map(),
      mfaAt,
    });
    const hour = 3_600_000;
    assert.throws(() => requireSecondFactor(person(), hour), /without a second factor/);
    assert.throws(
      () => requireSecondFactor(person(new Date(Date.now() - 2 * hour).toISOString()), hour),
      /too long ago/,
    );
    requireSecondFactor(person(new Date().toISOString()), hour);
    requireSecondFactor({ ...person(), kind: "token" }, hour);
  });
});

test("a plan is executed as it was approved: by its hash, and by a second person where a rule says so", async () => {
  const refused = await post("/v1/vms/onprem-b/id-web-1/stop", {});
  assert.equal(refused.status, 422);
  assert.match(refused.detail, /second person \(rule: stop-vm at site:onprem-b\)/);
  const { plan_id, hash } = refused.facts;
  assert.equal((await post("/v1/operations", { plan_id, plan_hash: "0".repeat(64) })).status, 409);
  assert.equal((await post("/v1/operations", { plan_id, plan_hash: hash })).status, 422);

  await api.store.users.create({ userId: "anna", name: "Anna" });
  const bindings = [{ role: "approver" as const, scope: {} }];
  await api.store.bindings.add({
    bindingId: "anna-1",
    holder: "user/anna",
    role: "approver",
    scope: {},
    createdBy: "test",
  });
  const token = "token-of-anna-0123456789abcdef";
  await api.store.tokens.create({
    tokenId: "anna",
    name: "anna",
    hash: hashToken(token),
    userId: "anna",
    bindings,
    createdBy: "test",
  });
  const decided = await post(`/v1/plans/${plan_id}/approvals`, { plan_hash: hash, decision: "approve" }, { token });
  assert.equal(decided.status, 200);
  assert.equal((await post("/v1/operations", { plan_id, plan_hash: hash })).status, 202);
  // Other places and other actions want nobody.
  assert.equal((await post("/v1/vms/onprem-a/id-web-1/stop", {})).status, 202);
  assert.equal((await post("/v1/vms/onprem-b/id-web-1/start", {})).status, 202);
});

test("a search names the VMs of a bulk plan, and one that can't be read points at its fault", async () => {
  const found = await post("/v1/vms/bulk", { action: "stop", query: "site:onprem-a state:running", dry_run: true });
  assert.deepEqual(found.inputs.vms.map(({ site, vm }) => `${site}/${vm}`).sort(), [
    "onprem-a/id-web-1",
    "onprem-a/id-web-2",
  ]);
  const wrong = await post("/v1/vms/bulk", { action: "stop", query: "state:running cpus>many" });
  assert.equal(wrong.status, 400);
  assert.match(wrong.detail, /\(query, column 20\)/);
  assert.match(wrong.facts.shown ?? "", /\n\s+\^/);
  const nothing = await post("/v1/vms/bulk", { action: "stop", query: "name:none-such" });
  assert.match(nothing.detail, /finds no VM/);
  for (const body of [{}, { query: "x", vms: [{ site: "onprem-a", vm: "web-1" }] }]) {
    assert.equal((await post("/v1/vms/bulk", { action: "stop", ...body })).status, 400);
  }
});

test("an ended operation has its report, and can't be cancelled", async () => {
  const { operation_id: id } = await post("/v1/vms/onprem-a/id-db-1/start", {});
  for (;;) {
    const { body } = await api.call("GET", `/v1/operations/${id}`);
    if (body.state === "running") continue;
    assert.deepEqual([body.state, body.items[0]?.state], ["done", "done"]);
    break;
  }
  assert.equal((await api.call("POST", `/v1/operations/${id}/cancel`)).status, 409);
  assert.equal((await api.call("GET", "/v1/operations/none-such")).status, 404);
});
