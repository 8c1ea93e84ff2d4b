import assert from "node:assert/strict";
import { describe, test } from "node:test";
import pg from "pg";
import { isProviderError } from "../../src/domain/errors.ts";
import type { DiskResult } from "../../src/domain/migration.ts";
import type { Plan } from "../../src/domain/plan.ts";
import { useStore } from "../support/store.ts";

const lab = useStore();
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

async function create(
  migrationId: string,
  more: { vm?: string; createdAt?: string; from?: string; planId?: string } = {},
) {
  await lab.store.migrations.create({
    migrationId,
    planId: more.planId ?? "plan-1",
    workflowId: `migration/${migrationId}`,
    vm: { name: more.vm ?? "shop", sourceVmId: "vm-1" },
    from: more.from ?? "onprem-a",
    to: "onprem-b",
    createdAt: more.createdAt,
  });
}

describe("a migration's row", () => {
  test("is created once and shows what was patched, without nulls", async () => {
    const { migrations } = lab.store;
    await create("row");
    await create("row", { vm: "another" });
    await migrations.update("row", {
      state: "awaiting-finalize",
      progress: 100,
      targetVmId: "vm-2",
      bytesCopied: 2 ** 41,
    });
    const view = await migrations.get("row");
    assert.equal(view?.vm.name, "shop");
    assert.deepEqual(view?.vm, { name: "shop", sourceVmId: "vm-1", targetVmId: "vm-2" });
    assert.equal(view?.bytesCopied, 2 ** 41);
    assert.ok(!JSON.stringify(view).includes("null"));
    assert.equal(await migrations.get("nowhere"), undefined);
  });

  test("keeps problems and disks whole, also with a NUL from a console", async () => {
    const { migrations } = lab.store;
    await create("problem");
    await migrations.update("problem", { problem: { code: "Timeout", message: "last line: \u0000boot" } });
    await migrations.update("problem", { progress: 5 });
    const view = await migrations.get("problem");
    assert.equal(view?.problem?.message, "last line: \ufffdboot");
    assert.equal(view?.progress, 5);
  });

  test("of a live move remembers that its guest was started anew, whatever was noted of it before", async () => {
    const { migrations, live } = lab.store;
    const noted = {
      phase: "disks",
      diskBytesDone: 7,
      diskBytesLeft: 1,
      memoryBytesDone: 0,
      memoryBytesLeft: 2,
    } as const;
    for (const id of ["restarted", "restarted-early"]) await create(id);
    await live.note("restarted", noted, { progress: 9, message: "disks" });
    assert.equal(await live.wasRestarted("restarted"), false);
    for (const id of ["restarted", "restarted-early"]) {
      await live.noteRestart(id);
      assert.equal(await live.wasRestarted(id), true);
    }
    assert.deepEqual((await migrations.get("restarted"))?.live, { ...noted, restarted: true });
  });

  test("that is unknown can't be changed", async () => {
    const { migrations } = lab.store;
    const missing = (error: unknown) => isProviderError(error, "NotFound");
    await assert.rejects(migrations.update("nowhere", { progress: 1 }), missing);
    await assert.rejects(migrations.startStep("nowhere", "copy", at(0)), missing);
    await assert.rejects(
      migrations.appendEvent("nowhere", { at: at(0), type: "note", message: "", data: {} }),
      missing,
    );
  });

  test("lists newest first, page by page, by state and VM", async () => {
    const { migrations } = lab.store;
    for (let i = 0; i < 7; i++) await create(`page-${i}`, { vm: "paged", createdAt: at(i % 3) });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await migrations.list({ limit: 3, vm: "paged", cursor });
      seen.push(...page.items.map((item) => item.migrationId));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    assert.deepEqual(seen, ["page-5", "page-2", "page-4", "page-1", "page-6", "page-3", "page-0"]);
    await migrations.update("page-4", { state: "failed" });
    const failed = await migrations.list({ limit: 10, vm: "paged", state: "failed" });
    assert.deepEqual(
      failed.items.map((item) => item.migrationId),
      ["page-4"],
    );
    assert.equal(failed.nextCursor, undefined);
  });

  test("refuses a cursor that no list gave", async () => {
    for (const cursor of ["x", "", Buffer.from("[1,2]").toString("base64url")]) {
      await assert.rejects(lab.store.migrations.list({ limit: 1, cursor }), (error) =>
        isProviderError(error, "InvalidInput"),
      );
    }
  });
});

describe("steps", () => {
  test("may be repeated: the first start and the latest end stay", async () => {
    const { migrations } = lab.store;
    await create("steps");
    await migrations.startStep("steps", "validate", at(1), "looking");
    await migrations.startStep("steps", "validate", at(2), "looking");
    await migrations.endStep("steps", "validate", "done", at(3), "all checks passed");
    await migrations.endStep("steps", "validate", "done", at(3), "all checks passed");
    await migrations.endStep("steps", "network", "skipped", at(4));
    await migrations.startStep("steps", "copy", at(5));
    const view = await migrations.get("steps");
    assert.equal(view?.step, "copy");
    assert.deepEqual(view?.steps, [
      { step: "validate", state: "done", startedAt: at(1), endedAt: at(3), detail: "all checks passed" },
      { step: "network", state: "skipped", startedAt: at(4), endedAt: at(4) },
      { step: "copy", state: "running", startedAt: at(5) },
    ]);
  });

  test("give how long the steps of earlier moves over a route took, each until the next began", async () => {
    const { migrations } = lab.store;
    assert.deepEqual(await migrations.stepSamples("rate-a", "onprem-b"), []);
    const estimates = { bytesToMove: 2 ** 22 };
    const actions = [2 ** 21, 2 ** 20].map((allocatedBytes) => ({
      action: "copy-disk",
      parameters: { allocatedBytes },
    }));
    const plan = { planId: "rate-plan", kind: "k", hash: "h", createdAt: at(0), estimates, actions };
    await lab.store.plans.insert(plan as unknown as Plan);
    for (const [i, complete] of [true, false].entries()) {
      const id = `rate-${i}`;
      await create(id, { from: "rate-a", planId: "rate-plan" });
      await migrations.startStep(id, "copy", at(0));
      await migrations.endStep(id, "copy", "done", at(9));
      await migrations.startStep(id, "complete", at(10));
      if (complete) await migrations.endStep(id, "complete", "done", at(12));
      await migrations.update(id, {
        bytesCopied: 2 ** 20,
        downtimeSeconds: 10,
        bootProof: "proven",
        disks: [
          { allocatedBytes: 2 ** 11, tracking: "full" },
          { allocatedBytes: 2 ** 10, tracking: "dirty-bitmap" },
        ] as unknown as DiskResult[],
      });
    }
    // Long after.
    await migrations.startStep("rate-0", "finalize", at(50));
    await migrations.endStep("rate-0", "finalize", "done", at(55));
    const known = {
      migrationId: "rate-0",
      bytesCopied: 2 ** 20,
      bytesPlanned: 2 ** 22,
      allocatedBytes: 3 * 2 ** 20,
      incremental: true,
      stopped: true,
      booted: true,
      warm: false,
      live: false,
    };
    assert.deepEqual(await migrations.stepSamples("rate-a", "onprem-b"), [
      { ...known, step: "copy", seconds: 10 },
      { ...known, step: "complete", seconds: 2 },
    ]);
    assert.deepEqual(await migrations.stepSamples("onprem-b", "rate-a"), []);
  });
});

describe("events", () => {
  const note = (message: string, dedupeKey?: string) => ({
    at: at(0),
    type: "note" as const,
    message,
    data: {},
    dedupeKey,
  });

  test("are numbered without gaps, whoever appends at once", async () => {
    const { migrations } = lab.store;
    await create("events");
    const numbers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => migrations.appendEvent("events", note(`${i}`))),
    );
    assert.deepEqual(
      [...numbers].sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    const later = await migrations.events("events", 18, 10);
    assert.deepEqual(
      later.map((event) => event.sequence),
      [19, 20],
    );
  });

  test("with a known dedupe key are not appended again", async () => {
    const { migrations } = lab.store;
    await create("dedupe");
    assert.equal(await migrations.appendEvent("dedupe", note("first", "k")), 1);
    assert.equal(await migrations.appendEvent("dedupe", note("other")), 2);
    assert.equal(await migrations.appendEvent("dedupe", note("again", "k")), 1);
    assert.deepEqual(
      (await migrations.events("dedupe", 0, 10)).map((event) => event.message),
      ["first", "other"],
    );
  });

  test("reach a subscriber, earlier ones first, and also after its connections were cut", async () => {
    const { migrations } = lab.store;
    await create("feed");
    await migrations.appendEvent("feed", note("before"));
    const controller = new AbortController();
    const seen: string[] = [];
    const arrived = new Map<string, () => void>();
    const waitFor = (message: string) =>
      seen.includes(message) ? undefined : new Promise<void>((resolve) => arrived.set(message, resolve));
    const reading = (async () => {
      for await (const event of migrations.subscribe("feed", 0, controller.signal)) {
        seen.push(event.message);
        arrived.get(event.message)?.();
      }
    })();
    await waitFor("before");
    await migrations.appendEvent("feed", note("live"));
    await waitFor("live");
    await cutConnections();
    await migrations.appendEvent("feed", note("after the cut"));
    await waitFor("after the cut");
    controller.abort();
    await reading;
    assert.deepEqual(seen, ["before", "live", "after the cut"]);
  });

  test("a subscription ends quietly when its signal has aborted already", async () => {
    await create("aborted");
    const seen = await Array.fromAsync(lab.store.migrations.subscribe("aborted", 0, AbortSignal.abort()));
    assert.deepEqual(seen, []);
  });
});

async function cutConnections(): Promise<void> {
  const client = new pg.Client({ connectionString: lab.postgres.databaseUrl });
  await client.connect();
  await client.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'novacron'");
  await client.end();
}
