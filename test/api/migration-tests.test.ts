import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startTestApi } from "./support/harness.ts";

const api = await startTestApi({ after });
const move = { vm: "web-1", from: "onprem-a", to: "onprem-b" };

interface Shown {
  readonly test_id: string;
  readonly state: string;
  readonly migration_id?: string;
}

async function untilState(id: string, wanted: string): Promise<void> {
  for (;;) {
    const { body } = await api.call("GET", `/v1/migration-tests/${id}`);
    if (body.state === wanted) return;
    await sleep(20);
  }
}

async function start(body: object): Promise<Shown> {
  const { status, body: started, response } = await api.call("POST", "/v1/migration-tests", { body });
  assert.equal(status, 202, JSON.stringify(started));
  const shown = started as unknown as Shown;
  assert.equal(response.headers.get("location"), `/v1/migration-tests/${shown.test_id}`);
  return shown;
}

describe("tests of migrations over the API", () => {
  test("are planned, started by exactly that plan, listed, and ended", async () => {
    const request = { ...move, hold_seconds: 60 };
    const plan = await api.call("POST", "/v1/plans", { body: { kind: "test_migration", request } });
    assert.equal(plan.status, 201);
    const { test_id: id } = await start({ plan_id: plan.body.plan_id, plan_hash: plan.body.hash });
    await untilState(id, "holding");
    const listed = await api.call("GET", "/v1/migration-tests?vm=web-1");
    assert.ok(listed.body.items.some((row) => row["test_id"] === id));
    const early = await api.call("POST", `/v1/migration-tests/${id}/promote`);
    assert.match(early.body.detail, /no migration to cut over/);
    assert.equal((await api.call("POST", `/v1/migration-tests/${id}/end`)).status, 202);
    await untilState(id, "passed");
    assert.equal((await api.call("POST", `/v1/migration-tests/${id}/end`)).status, 409);
  });

  test("are of a migration or of a VM, and of a dry run nothing is started", async () => {
    for (const body of [{}, { vm: "web-1" }, { ...move, migration_id: "some" }]) {
      assert.equal((await api.call("POST", "/v1/migration-tests", { body })).status, 400, JSON.stringify(body));
    }
    assert.equal((await api.call("POST", "/v1/migration-tests", { body: { migration_id: "none" } })).status, 404);
    for (const own of [{ instance_type: "large" }, { bandwidth_bytes_per_second: 4096 }]) {
      const { status, body } = await api.call("POST", "/v1/migration-tests", {
        body: { migration_id: "none", ...own },
      });
      assert.equal(status, 400);
      assert.match(body.detail, /the migration's own/);
    }
    const shown = await api.call("POST", "/v1/migration-tests", { body: { ...move, dry_run: true } });
    assert.equal(shown.status, 200);
    assert.match(JSON.stringify(shown.body), /in a network of its own, in which it reaches nobody/);
  });

  test("promote cuts a migration over only while that replicates", async () => {
    const { body } = await api.call("POST", "/v1/migrations", { body: move });
    const { test_id: id } = await start({ migration_id: body.migration_id });
    await untilState(id, "holding");
    await api.call("POST", `/v1/migrations/${body.migration_id}/cancel`);
    for (;;) {
      const { body: now } = await api.call("GET", `/v1/migrations/${body.migration_id}`);
      if (now.state === "cancelled") break;
      await sleep(20);
    }
    const late = await api.call("POST", `/v1/migration-tests/${id}/promote`);
    assert.equal(late.status, 409);
    assert.match(late.body.detail, /only one that replicates/);
    const still = (await api.call("GET", `/v1/migration-tests/${id}`)).body;
    assert.equal(still.state, "holding");
  });
});
