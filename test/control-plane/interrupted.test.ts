import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "@temporalio/client";
import { WorkflowNotFoundError } from "@temporalio/client";
import pg from "pg";
import { reconcileRuns } from "../../src/worker/control-plane/reconcile.ts";
import { useStore } from "../support/store.ts";

const world = useStore();

/** A Temporal that knows these runs and no other; `restore/s3` has ended there. */
function temporalWith(...known: readonly string[]): Client {
  const getHandle = (workflowId: string) => ({
    describe: async () => {
      if (known.includes(workflowId)) return { status: { name: "RUNNING" } };
      if (workflowId === "restore/s3") return { status: { name: "COMPLETED" } };
      throw new WorkflowNotFoundError("there is none", workflowId, undefined);
    },
  });
  return { workflow: { getHandle } } as unknown as Client;
}

const rows = `
  insert into migrations (migration_id, plan_id, workflow_id, vm_name, source_vm_id, from_site, to_site, state)
    values ('new', 'p', 'migration/new', 'web', 'v', 'a', 'b', 'queued'), ('moved', 'p', 'migration/moved', 'web', 'v', 'a', 'b', 'awaiting-finalize'),
      ('lives', 'p', 'migration/lives', 'web', 'v', 'a', 'b', 'paused'), ('over', 'p', 'migration/over', 'web', 'v', 'a', 'b', 'finalized');
  insert into migration_steps (migration_id, step, state, started_at)
    select id, 'validate', 'done', now() from unnest(array['moved', 'lives']) as id;
  insert into waves (wave_id, name, plan_id, workflow_id, state, groups, started_at)
    values ('w1', 'first', 'p', 'wave/w1', 'running', '[]', now()), ('w2', 'second', 'p', 'wave/w2', 'running', '[]', null);
  insert into operations (operation_id, plan_id, workflow_id, kind, state, total, subjects, created_by)
    values ('o1', 'p', 'operation/o1', 'stop-vm', 'running', 1, '[]', 'u'), ('o2', 'p', 'operation/o2', 'stop-vm', 'running', 1, '[]', 'u');
  insert into operation_items (operation_id, item, site, name, state) values ('o1', 0, 'a', 'web', 'running');
  insert into migration_tests (test_id, plan_id, workflow_id, vm_name, source_vm_id, from_site, to_site, state, expires_at, created_by)
    values ('t1', 'p', 'test/t1', 'web', 'v', 'a', 'b', 'holding', now() + interval '1 day', 'u');
  insert into assessments (assessment_id, from_site, to_site, request, requester, workflow_id, state, started_at)
    values ('a1', 'a', 'b', '{}', 'u', 'assessment/a1', 'running', now());
  insert into protection_groups (group_id, name, workflow_id, policy, state, current_site, created_by, started_at)
    values ('g1', 'shop', 'protection/g1', '{}', 'protected', 'a', 'u', now()), ('g2', 'mail', 'protection/g2', '{}', 'failing-over', 'a', 'u', now());
  insert into restores (restore_id, plan_id, workflow_id, group_id, point_id, vm_name, from_site, to_site, state, step, created_by)
    values ('s1', 'p1', 'restore/s1', 'g1', 'g1-p0', 'web', 'b', 'a', 'running', 'prove', 'u'), ('s2', 'p2', 'restore/s2', 'g1', 'g1-p0', 'web', 'b', 'a', 'undoing', 'create', 'u'),
      ('s3', 'p3', 'restore/s3', 'g1', 'g1-p0', 'web', 'b', 'a', 'running', null, 'u');
  insert into recovery_runs (run_id, group_id, workflow_id, plan_id, mode, reason, from_site, to_site, created_by)
    values ('r1', 'g2', 'failover/g2', 'p', 'failover', 'fire', 'a', 'b', 'u');`;

test("after a rebuild each thing that was under way goes on, is started anew, or ends with what to do", async () => {
  const { store } = world;
  const client = new pg.Client({ connectionString: world.postgres.databaseUrl });
  await client.connect();
  await client.query(rows);
  const said: string[] = [];
  const say = (_: string, message: string) => void said.push(message);
  await reconcileRuns(store, temporalWith(), say);
  assert.deepEqual(await store.controlPlane.interruptedRuns(), [], "nothing was rebuilt: nothing is looked for");

  await store.controlPlane.rebuilt({ epoch: 2, holderId: "h" });
  const counts = await reconcileRuns(store, temporalWith("migration/lives"), say);
  assert.deepEqual(counts, { "goes-on": 1, restarted: 6, lost: 8 });
  const runs = await store.controlPlane.interruptedRuns();
  const outcomes = Object.fromEntries(runs.map(({ workflowId, outcome }) => [workflowId, outcome]));
  assert.deepEqual(outcomes, {
    ...{ "migration/new": "restarted", "migration/moved": "lost", "migration/lives": "goes-on" },
    ...{ "wave/w1": "lost", "wave/w2": "restarted", "operation/o1": "lost", "operation/o2": "restarted" },
    ...{
      "test/t1": "lost",
      "assessment/a1": "restarted",
      "protection/g1": "restarted",
      "protection/g2": "lost",
      "failover/g2": "lost",
      "restore/s1": "restarted",
      "restore/s2": "lost",
      "restore/s3": "lost",
    },
  });
  assert.ok(runs.every(({ outcome, advice }) => (advice !== undefined) === (outcome === "lost")));
  assert.equal((await store.migrations.get("new"))?.state, "running", "as what was only registered is");
  assert.equal((await store.migrations.get("lives"))?.state, "paused");
  const moved = await store.migrations.get("moved");
  assert.equal(moved?.state, "failed");
  assert.match(moved?.problem?.message ?? "", /serves at the target/);
  assert.deepEqual(
    (await store.protection.notStarted(0)).map(({ groupId }) => groupId),
    ["g1", "g2"],
  );
  assert.deepEqual(
    (await store.waves.notStarted(0)).map(({ waveId }) => waveId),
    ["w2"],
  );
  assert.equal((await store.protection.get("g2"))?.state, "paused", "until a person has looked at its lease");
  assert.equal((await store.assessments.notStarted(0)).length, 1);
  assert.deepEqual(
    (await store.restores.notBegun(0)).map(({ restoreId }) => restoreId),
    ["s1"],
    "its steps find what they had made",
  );
  const undone = (await store.restores.getScoped("s2"))?.restore;
  assert.equal(undone?.state, "failed");
  assert.match(undone.problem?.message ?? "", /restore again/);
  assert.ok(undone.endedAt, "it keeps its point no longer");
  assert.equal((await store.operations.getScoped("o1"))?.operation.state, "failed");
  const sweepable = await client.query("select from migration_tests where expires_at <= now()");
  assert.equal(sweepable.rowCount, 1, "what the test left is swept");
  await client.end();

  await reconcileRuns(store, temporalWith("migration/moved"), say);
  assert.equal((await store.controlPlane.interruptedRuns()).length, 15, "once looked for is enough");
});
