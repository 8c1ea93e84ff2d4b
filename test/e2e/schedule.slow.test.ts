import assert from "node:assert/strict";
import { rollbackUpdate } from "../../src/workflows/migrate-vm/messages.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";

const MiB = 2 ** 20;
const move = { from: "onprem-a", to: "onprem-b", verify: { bootProof: false } } as const;
let lab: Lab;
let vmId: string;

before(async () => {
  lab = await startLab();
  await lab.startWorker();
  ({ vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", {
    site: "onprem-a",
    name: "timed",
    disks: [{ sizeBytes: 64 * MiB, dataBytes: 32 * MiB }],
  }));
});

after(() => lab?.close());

const later = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

describe("a migration with a schedule", () => {
  test("touches nothing before its time, and can be cancelled until then", async () => {
    const startAt = later(8);
    const id = await lab.migrate({ vm: vmId, ...move, schedule: { startAt } });
    const queued = await lab.untilView(id, ({ state }) => state === "queued");
    assert.deepEqual(queued.steps, []);
    const view = await lab.until(id, "awaiting-finalize");
    assert.ok((view.steps[0]?.startedAt ?? "") >= startAt, `began at ${view.steps[0]?.startedAt}, before ${startAt}`);
    await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate(rollbackUpdate);

    const never = await lab.migrate({ vm: vmId, ...move, schedule: { startAt: later(3600) } });
    await lab.untilView(never, ({ state }) => state === "queued");
    await lab.client.workflow.getHandle(`migration/${never}`).cancel();
    const cancelled = await lab.until(never, "cancelled");
    assert.deepEqual(
      cancelled.steps.map(({ step }) => step),
      ["rollback"],
    );
  });

  test("warns once when the measured rate won't meet the deadline, and goes on", async () => {
    const plan = await lab.plan({
      vm: vmId,
      ...move,
      bandwidthBytesPerSecond: 4 * MiB,
      schedule: { deadline: later(5) },
    });
    assert.equal(plan.checks.find(({ check }) => check === "deadline")?.result, "warn");
    const id = await lab.execute(plan);
    await lab.until(id, "awaiting-finalize");
    const events = await lab.store.migrations.events(id, 0, 500);
    const warnings = events.filter(({ data }) => data.deadline !== undefined);
    assert.equal(warnings.length, 1, JSON.stringify(events.map(({ message }) => message)));
    assert.match(warnings[0]?.message ?? "", /beyond the deadline/);
    await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate(rollbackUpdate);

    const easy = await lab.migrate({ vm: vmId, ...move, schedule: { deadline: later(3600) } });
    await lab.until(easy, "awaiting-finalize");
    const quiet = await lab.store.migrations.events(easy, 0, 500);
    assert.ok(quiet.every(({ data }) => data.deadline === undefined));
    await lab.client.workflow.getHandle(`migration/${easy}`).executeUpdate(rollbackUpdate);
  });
});
