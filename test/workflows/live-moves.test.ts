import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { ApplicationFailure } from "@temporalio/common";
import type { MigrationState, MigrationView } from "../../src/domain/migration.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import { finalizeUpdate, pauseSignal, rollbackUpdate } from "../../src/workflows/migrate-vm/messages.ts";
import { registryOf, smallDeps, startServers, startSmallWorker } from "../support/small-worker.ts";

const { store, client, temporalAddress } = await startServers();
const outcome = {
  switchedAt: "2026-01-01T00:00:00.000Z",
  trackId: "track",
  bytesMoved: 1,
  restarted: false,
  pauseMs: 90,
};
const plan = {
  hash: "hash",
  inputs: { vm: "vm", from: "a", to: "b" },
  actions: [
    { action: "move-live", parameters: { name: "app", networkIds: [], disks: [{ diskId: "vda", sizeBytes: 1 }] } },
    { action: "verify-vm", parameters: { start: true } },
  ],
} as unknown as Plan;

/** What was asked of the sites, in order. */
let calls: string[] = [];
/** How the next calls of a name go, instead of well. */
let answers: Record<string, (input: never) => unknown> = {};
const well: Record<string, (input: never) => unknown> = {
  openPlan: () => plan,
  checkNetworks: () => undefined,
  createVolume: () => "volume",
  fenceVm: () => ({ volumeIds: ["source-volume"] }),
  moveLive: () => outcome,
  takePoint: ({ key }: { key: string }) => ({ sourcePointId: key, takenAt: outcome.switchedAt, disks: [] }),
  proveLive: () => ({ diskId: "vda", manifestId: "m", rootHash: "r", sizeBytes: 1, bytesHashed: 1 }),
  releasePoint: () => undefined,
  releasePointByKey: () => undefined,
  removeByKey: () => undefined,
  undoLive: () => "undone",
  refreshSites: () => undefined,
  openFinalize: () => ({ steps: [{ action: "delete-vm", site: "a", id: "vm" }], leftAlone: [] }),
  finalizeSource: () => undefined,
};

function answering(name: string) {
  return async (input: { key?: string } & Record<string, unknown>): Promise<unknown> => {
    calls.push(input.key === undefined ? name : `${name} ${input.key.replace(/^.*?-/, "")}`);
    return (answers[name] ?? well[name])?.(input as never);
  };
}

const deps = smallDeps({
  registry: registryOf(),
  store,
});
const end = await startSmallWorker(temporalAddress, deps, {
  decorate: (activities) => ({
    ...activities,
    ...Object.fromEntries(Object.keys(well).map((name) => [name, answering(name)])),
  }),
});
after(async () => {
  await end();
  await client.connection.close();
  await store.close();
});

let count = 0;

async function start() {
  count += 1;
  const migrationId = `live${count}`;
  await store.migrations.create({
    migrationId,
    planId: "plan",
    workflowId: `migration/${migrationId}`,
    vm: { name: "app", sourceVmId: "vm" },
    from: "a",
    to: "b",
  });
  const args = [{ migrationId, planId: "plan", planHash: "hash" }];
  const run = await client.workflow.start("migrateVm", { workflowId: `migration/${migrationId}`, taskQueue, args });
  const until = async (state: MigrationState): Promise<MigrationView> => {
    for (const deadline = Date.now() + 30_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const view = await store.migrations.get(migrationId);
      if (view?.state === state) return view;
      assert.ok(Date.now() < deadline, `it is ${view?.state}: ${view?.problem?.message}`);
    }
  };
  return { run, until };
}

const wrong = (code: string) => () => {
  throw ApplicationFailure.nonRetryable("it went wrong", code);
};
const approval = { planId: "final", planHash: "hash", confirm: ["app"] };

describe("a live migration", () => {
  beforeEach(() => {
    calls = [];
    answers = {};
  });

  test("that fails after its switch frees its points, tells of it, and can be finalized", async () => {
    answers = { proveLive: wrong("IntegrityFailure") };
    const { run, until } = await start();
    const view = await until("awaiting-finalize");
    assert.equal(view.problem?.code, "IntegrityFailure");
    assert.equal(view.problem?.step, "prove");
    assert.deepEqual([view.vm.targetVmId, view.downtimeSeconds, view.certificateId], ["vm", 0.09, undefined]);
    assert.deepEqual(calls.slice(-2), ["releasePointByKey target", "releasePointByKey source"]);
    await assert.rejects(run.executeUpdate(rollbackUpdate));
    await run.executeUpdate(finalizeUpdate, { args: [approval] });
    assert.equal((await until("finalized")).problem?.code, "IntegrityFailure");
    assert.ok(calls.includes("finalizeSource") && !calls.some((call) => call.startsWith("removeByKey")));
  });

  test("tries to free a point again before it is finalized", async () => {
    answers = { proveLive: wrong("IntegrityFailure"), releasePointByKey: wrong("Conflict") };
    const { run, until } = await start();
    const view = await until("awaiting-finalize");
    assert.equal(view.problem?.leftBehind?.length, 2);
    await assert.rejects(run.executeUpdate(finalizeUpdate, { args: [approval] }));
    assert.ok(!calls.includes("finalizeSource"));
    answers = {};
    await run.executeUpdate(finalizeUpdate, { args: [approval] });
    await until("finalized");
  });

  test("keeps the disks at the target as long as its undo fails, and removes them after it", async () => {
    answers = { moveLive: wrong("Conflict"), undoLive: wrong("Conflict") };
    const { run, until } = await start();
    assert.equal((await until("failed")).problem?.leftBehind?.length, 2);
    assert.ok(!calls.some((call) => call.startsWith("removeByKey")));
    answers = {};
    await run.executeUpdate(rollbackUpdate);
    await until("rolled-back");
    assert.deepEqual(calls.slice(-2), ["undoLive", "removeByKey vda-volume"]);
  });

  test("whose undo finds it at the target stays there, and can be finalized", async () => {
    answers = { moveLive: wrong("Conflict"), undoLive: () => "taken-over" };
    const { run, until } = await start();
    const view = await until("awaiting-finalize");
    assert.deepEqual([view.vm.targetVmId, view.problem?.step], ["vm", "live"]);
    assert.ok(!calls.some((call) => call.startsWith("removeByKey")));
    await run.executeUpdate(finalizeUpdate, { args: [approval] });
    await until("finalized");
  });

  test("can be cancelled while it is paused before it moves", async () => {
    let go = (): void => undefined;
    const gone = new Promise<void>((resolve) => {
      go = resolve;
    });
    answers = { checkNetworks: () => gone };
    const { run, until } = await start();
    for (; !calls.includes("checkNetworks"); ) await new Promise((resolve) => setTimeout(resolve, 20));
    await run.signal(pauseSignal);
    go();
    await until("paused");
    await run.cancel();
    await until("cancelled");
    assert.ok(!calls.includes("moveLive"));
  });
});
