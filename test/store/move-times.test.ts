import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Plan } from "../../src/domain/plan.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

async function create(migrationId: string, planId: string): Promise<void> {
  const vm = { name: "shop", sourceVmId: "vm-1" };
  const workflowId = `migration/${migrationId}`;
  await lab.store.migrations.create({ migrationId, planId, workflowId, vm, from: "onprem-a", to: "onprem-b" });
}

describe("the times of a move", () => {
  const estimates = { bytesToMove: 1, bytesNominal: 1, seconds: 20, downtimeSeconds: 9, basis: "earlier moves" };
  const predicted = { predictedSeconds: 20, predictedDowntimeSeconds: 9, basis: "earlier moves" };

  test("stand beside what its plan predicted, the copying apart", async () => {
    const { migrations, plans } = lab.store;
    await plans.insert({ planId: "timed-plan", kind: "k", hash: "h", createdAt: at(0), estimates } as Plan);
    await create("timed", "timed-plan");
    assert.deepEqual((await migrations.get("timed"))?.times, predicted);
    await migrations.startStep("timed", "validate", at(1));
    await migrations.endStep("timed", "validate", "done", at(2));
    await migrations.startStep("timed", "copy", at(3));
    await migrations.endStep("timed", "copy", "done", at(10));
    assert.deepEqual((await migrations.get("timed"))?.times, predicted);
    await migrations.startStep("timed", "complete", at(11));
    await migrations.endStep("timed", "complete", "done", at(12));
    await migrations.startStep("timed", "finalize", at(50));
    await migrations.endStep("timed", "finalize", "done", at(55));
    assert.deepEqual((await migrations.get("timed"))?.times, { ...predicted, seconds: 11, bulkCopySeconds: 7 });
  });

  test("of a warm one have its proven rounds as the copying; nothing is known without its plan", async () => {
    const { migrations, plans, rounds } = lab.store;
    await plans.insert({ planId: "warm-plan", kind: "k", hash: "h", createdAt: at(0), estimates } as Plan);
    for (const [id, planId] of [
      ["warm-timed", "warm-plan"],
      ["unplanned", "gone"],
    ] as const) {
      await create(id, planId);
      for (const step of ["validate", "copy", "complete"] as const) {
        await migrations.startStep(id, step, at(1));
        await migrations.endStep(id, step, "done", at(3));
      }
      for (const [taken, proven] of [
        [1, 20],
        [30, 34],
      ] as const) {
        const { round } = await rounds.open(id);
        await rounds.finish(id, { round, sourcePointId: "s", takenAt: at(taken), provenAt: at(proven), disks: [] });
      }
      await rounds.open(id);
    }
    assert.deepEqual((await migrations.get("warm-timed"))?.times, { ...predicted, seconds: 2, bulkCopySeconds: 23 });
    assert.equal((await migrations.get("unplanned"))?.times, undefined);
  });
});
