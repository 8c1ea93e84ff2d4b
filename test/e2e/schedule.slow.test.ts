import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { cutoverUpdate, rollbackUpdate } from "../../src/workflows/migrate-vm/messages.ts";
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

/** An hour of the day (UTC) that begins so many hours from now. */
function hoursFromNow(hours: number): string {
  const hour = (new Date().getUTCHours() + hours) % 24;
  return `${hour}:00-${hour + 1}:00`;
}

async function untilSaid(id: string, what: RegExp): Promise<void> {
  for (let left = 300; left > 0; left--) {
    if ((await lab.store.migrations.events(id, 0, 500)).some(({ message }) => what.test(message))) return;
    await sleep(100);
  }
  assert.fail(`nobody said ${what}`);
}

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

  test("begins in its allowed hours only; a warm one rests outside of them until a person's word", async () => {
    const otherHours = { allowedHours: [hoursFromNow(6)] };
    const cold = await lab.migrate({ vm: vmId, ...move, schedule: otherHours });
    await lab.untilView(cold, ({ state }) => state === "queued");
    await untilSaid(cold, /allowed hours begin at/);
    await lab.client.workflow.getHandle(`migration/${cold}`).cancel();
    assert.deepEqual(
      (await lab.until(cold, "cancelled")).steps.map(({ step }) => step),
      ["rollback"],
    );

    await (await lab.deps.registry.provider(move.from)).compute.startVm(vmId, AbortSignal.timeout(30_000));
    const warm = await lab.migrate({
      vm: vmId,
      ...move,
      stopGraceMs: 0,
      mode: "warm",
      warm: { cutover: "when-ready", roundPauseSeconds: 0 },
      schedule: otherHours,
    });
    await lab.untilView(warm, ({ step }) => step === "replicate");
    await untilSaid(warm, /outside of its allowed hours/i);
    assert.deepEqual(await lab.store.rounds.proven(warm), []);
    await lab.client.workflow.getHandle(`migration/${warm}`).executeUpdate(cutoverUpdate);
    await lab.until(warm, "awaiting-finalize");
    await lab.client.workflow.getHandle(`migration/${warm}`).executeUpdate(rollbackUpdate);
  });
});
