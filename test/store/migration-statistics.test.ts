import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Plan, PlanEstimates } from "../../src/domain/plan.ts";
import type { MigrationPatch } from "../../src/store/index.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();
let made = 0;

const at = (seconds: number) => new Date(Date.parse("2026-01-01T00:00:00Z") + seconds * 1000).toISOString();

/** A migration that copied for so many seconds. */
async function migration(
  patch: MigrationPatch,
  more: {
    to?: string;
    plan?: Partial<PlanEstimates>;
    warm?: boolean;
    copySeconds?: number;
    tags?: Record<string, string>;
    createdAt?: string;
  } = {},
): Promise<void> {
  const { migrations } = lab.store;
  const { to = "onprem-b", plan, warm, copySeconds, tags, createdAt } = more;
  const migrationId = `m-${(made += 1)}`;
  const planId = `p-${made}`;
  const estimates = { bytesToMove: 0, bytesNominal: 0, basis: "", ...plan };
  if (plan) await lab.store.plans.insert({ planId, kind: "k", hash: "h", createdAt: at(0), estimates } as Plan);
  const vm = { name: "web", sourceVmId: "id-web" };
  await migrations.create({
    migrationId,
    planId,
    workflowId: `migration/${migrationId}`,
    vm,
    from: "onprem-a",
    to,
    ...(tags ? { tags } : {}),
    ...(createdAt ? { createdAt } : {}),
  });
  await migrations.update(migrationId, patch);
  if (copySeconds === undefined) return;
  await migrations.startStep(migrationId, "validate", at(0));
  await migrations.endStep(migrationId, "validate", "done", at(1));
  if (warm) await migrations.startStep(migrationId, "replicate", at(1));
  await migrations.startStep(migrationId, "copy", at(1));
  await migrations.endStep(migrationId, "copy", "done", at(1 + copySeconds));
  // Long after the move: no part of what it took.
  await migrations.startStep(migrationId, "finalize", at(5000));
  await migrations.endStep(migrationId, "finalize", "done", at(5001));
}

describe("statistics of migrations", () => {
  test("of none are zeros", async () => {
    const sums = await lab.store.migrations.statistics({});
    assert.equal(sums.totalMigrations, 0);
    assert.equal(sums.copyBytesPerSecond, undefined);
    assert.equal(sums.downtime, undefined);
    assert.deepEqual(sums.routes, []);
  });

  test("add up states, bytes, rates and downtime, in all and by route", async () => {
    await migration({ state: "finalized", bytesCopied: 1000, downtimeSeconds: 10 }, { copySeconds: 4 });
    const disk = {
      diskId: "d",
      sizeBytes: 500,
      allocatedBytes: 500,
      bytesCopied: 500,
      bytesResent: 0,
      bytesOnWire: 300,
      tracking: "full" as const,
      generationId: "g",
      pointId: "p",
      rootHash: "r",
    };
    const onWire = { disks: [disk, { ...disk, bytesOnWire: undefined }] };
    await migration(
      { state: "awaiting-finalize", bytesCopied: 500, downtimeSeconds: 20, ...onWire },
      { copySeconds: 1 },
    );
    await migration(
      { state: "awaiting-finalize", bytesCopied: 100, downtimeSeconds: 30 },
      { to: "vault", copySeconds: 1 },
    );
    await migration({ state: "rolled-back", bytesCopied: 50, problem: { code: "Conflict", message: "drift" } });
    // Taken back by a person: nothing had failed.
    await migration({ state: "rolled-back", bytesCopied: 5 });
    await migration({ state: "failed", bytesResent: 7 }, { to: "vault" });
    await migration({ state: "running" }, { tags: { env: "prod" }, createdAt: "2020-01-01T00:00:00.000Z" });
    const sums = await lab.store.migrations.statistics({});
    assert.deepEqual(
      [sums.totalMigrations, sums.completedMigrations, sums.failedMigrations, sums.bytesCopied, sums.bytesResent],
      [7, 3, 2, 1655, 7],
    );
    assert.equal(sums.bytesOnWire, 300);
    assert.equal(sums.copyBytesPerSecond, 1600 / 6);
    assert.equal(sums.medianSeconds, 2);
    assert.equal(sums.predictions, undefined);
    assert.deepEqual(sums.downtime, { count: 3, medianSeconds: 20, p95Seconds: 29, maxSeconds: 30 });
    assert.deepEqual(
      sums.states.filter(({ migrations }) => migrations > 0).map(({ state, migrations }) => [state, migrations]),
      [
        ["running", 1],
        ["awaiting-finalize", 2],
        ["finalized", 1],
        ["rolled-back", 2],
        ["failed", 1],
      ],
    );
    assert.deepEqual(
      sums.routes.map(({ from, to, totalMigrations, failedMigrations }) => [
        from,
        to,
        totalMigrations,
        failedMigrations,
      ]),
      [
        ["onprem-a", "onprem-b", 5, 1],
        ["onprem-a", "vault", 2, 1],
      ],
    );
    assert.equal(sums.routes[0]?.copyBytesPerSecond, 300);
  });

  test("tell how predictions held that rested on earlier moves", async () => {
    const moved = { state: "awaiting-finalize" } as const;
    const to = "predicted";
    // Each takes 101 s.
    for (const seconds of [90, 84, 200]) {
      await migration(moved, { to, copySeconds: 100, plan: { seconds, moves: 2 } });
    }
    await migration(moved, { to, copySeconds: 100, plan: { seconds: 1, moves: 0 } });
    await migration(moved, { to, copySeconds: 100, plan: { seconds: 1, moves: 2 }, warm: true });
    await migration({ state: "running" }, { to, plan: { seconds: 1, moves: 2 } });
    const { predictions, routes } = await lab.store.migrations.statistics({});
    assert.deepEqual(predictions, { count: 3, kept: 1, medianRatio: 101 / 90 });
    assert.deepEqual(routes.find((route) => route.to === to)?.predictions, predictions);
  });

  test("count only what is reached, and only of the time that is asked for", async () => {
    const prod = await lab.store.migrations.statistics({ scopes: [{ tags: { env: "prod" } }] });
    assert.equal(prod.totalMigrations, 1);
    const far = await lab.store.migrations.statistics({ scopes: [{ site: "elsewhere" }] });
    assert.deepEqual([far.totalMigrations, far.routes], [0, []]);
    const recent = await lab.store.migrations.statistics({ since: "2025-01-01T00:00:00.000Z" });
    assert.equal(recent.totalMigrations, 12);
    const old = await lab.store.migrations.statistics({ until: "2025-01-01T00:00:00.000Z" });
    assert.deepEqual([old.totalMigrations, old.completedMigrations], [1, 0]);
  });
});
