import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { ApplicationFailure } from "@temporalio/common";
import { planWave, startWave, untilWave } from "../../bench/lib/wave-lab.ts";
import type { Activities } from "../../src/activities/index.ts";
import type { WaveRequest, WaveView } from "../../src/domain/wave.ts";
import { rollbackUpdate } from "../../src/workflows/migrate-vm/messages.ts";
import { pauseWaveSignal, resumeWaveSignal } from "../../src/workflows/run-wave/messages.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";

const MiB = 2 ** 20;
const a = "onprem-a";
const b = "onprem-b";
const defaults = { from: a, to: b, verify: { bootProof: false } } as const;
/** So slow that something can happen meanwhile. */
const slowly = { ...defaults, bandwidthBytesPerSecond: 12 * MiB };

let lab: Lab;
let endWorker: () => Promise<void>;
const ids = new Map<string, string>();
/** The VM whose point can't be taken, and how many were at work at the same time. */
let broken: string | undefined;
let most = 0;
const atWork = new Set<string>();
const becomes = new Map<string, string>();

before(async () => {
  lab = await startLab();
  for (const name of ["db-1", "db-2", "db-3", "web-1", "web-2", "web-3", "app-1", "app-2"]) {
    const disks = [{ sizeBytes: 32 * MiB, dataBytes: 12 * MiB }];
    const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", { site: a, name, disks });
    ids.set(name, vmId);
  }
  endWorker = await lab.startWorker((activities) => ({
    ...activities,
    async fenceVm(...args: Parameters<Activities["fenceVm"]>) {
      atWork.add(args[0].migrationId);
      most = Math.max(most, atWork.size);
      return activities.fenceVm(...args);
    },
    async createVm(...args: Parameters<Activities["createVm"]>) {
      const vmId = await activities.createVm(...args);
      becomes.set(vmId, args[0].migrationId ?? "");
      return vmId;
    },
    async verifyVm(...args: Parameters<Activities["verifyVm"]>) {
      const verified = await activities.verifyVm(...args);
      // From here on it serves, and another may be at work.
      atWork.delete(becomes.get(args[0].vmId) ?? "");
      return verified;
    },
    async releaseSource(...args: Parameters<Activities["releaseSource"]>) {
      await activities.releaseSource(...args);
      atWork.delete(args[0].migrationId);
    },
    async takePoint(...args: Parameters<Activities["takePoint"]>) {
      if (args[0].vmId === broken) throw ApplicationFailure.nonRetryable("its disk is broken", "Conflict");
      return activities.takePoint(...args);
    },
  }));
});

after(() => lab?.close());

async function start(request: WaveRequest): Promise<string> {
  return startWave(lab, await planWave(lab, request));
}

function ended({ endedAt }: WaveView): boolean {
  return endedAt !== undefined;
}

function censuses(): Promise<string[][]> {
  return Promise.all([lab.census(a), lab.census(b)]);
}

/** Who came later to the link gets little of it until the others are through, and yet is at it. */
async function untilCopying(waveId: string, vms: number): Promise<WaveView> {
  for (const deadline = Date.now() + 90_000; ; await sleep(50)) {
    const wave = await untilWave(lab, waveId, () => true);
    const views = await Promise.all(wave.members.map(({ migrationId }) => lab.store.migrations.get(migrationId)));
    if (views.filter((view) => view?.step === "copy").length === vms) return wave;
    assert.ok(Date.now() < deadline, JSON.stringify(wave));
  }
}

function statesOf(wave: WaveView): Record<string, string> {
  return Object.fromEntries(wave.members.map(({ vm, state }) => [vm, state]));
}

/** Undone, nothing is left of it. */
async function rollBack(wave: WaveView): Promise<void> {
  for (const { migrationId, state } of wave.members) {
    if (state !== "moved") continue;
    await lab.client.workflow.getHandle(`migration/${migrationId}`).executeUpdate(rollbackUpdate);
  }
}

async function slots(): Promise<number> {
  let held = 0;
  const isThere = async (): Promise<boolean> => true;
  const probe = { resource: "migrations", slots: 3, ttlMs: 60_000 };
  for (const holder of ["probe-1", "probe-2", "probe-3"]) {
    if (!(await lab.store.slots.ask({ ...probe, holder }, isThere)).granted) held += 1;
  }
  for (const holder of ["probe-1", "probe-2", "probe-3"]) await lab.store.slots.release("migrations", holder);
  return held;
}

describe("a wave", () => {
  test("moves its groups in order, as many VMs at once as may be; one that fails stops only those that depend on it", async () => {
    const before = await censuses();
    broken = ids.get("db-2");
    most = 0;
    const plan = await planWave(lab, {
      name: "friday",
      defaults,
      vms: [
        { vm: "db-1", group: "db" },
        { vm: "db-2", group: "db" },
        { vm: "db-3", group: "db" },
        { vm: "web-1", group: "web" },
        { vm: "web-2", group: "web", after: ["web-1"] },
        { vm: "web-3", group: "web", after: ["db-2"] },
        { vm: "app-1", group: "app" },
        { vm: "app-2", group: "last", from: a },
      ],
      groups: [{ name: "db" }, { name: "web" }, { name: "app", after: ["db"] }, { name: "last", pauseSeconds: 1 }],
    });
    assert.equal(plan.executable, true, JSON.stringify(plan.checks));
    assert.equal(plan.actions.length, 8);
    const wave = await untilWave(lab, await startWave(lab, plan), ended);
    broken = undefined;
    assert.deepEqual(statesOf(wave), {
      "db-1": "moved",
      "db-2": "failed",
      "db-3": "moved",
      "web-1": "moved",
      "web-2": "moved",
      "web-3": "skipped",
      "app-1": "skipped",
      "app-2": "moved",
    });
    assert.equal(wave.state, "incomplete");
    const member = (vm: string) => wave.members.find((each) => each.vm === vm);
    assert.match(member("db-2")?.reason ?? "", /its disk is broken/);
    assert.match(member("web-3")?.reason ?? "", /db-2, which it comes after, was not moved/);
    assert.equal(member("db-2")?.migrationState, "rolled-back");
    const [dbEnd, webStart] = [member("db-3")?.endedAt ?? "", member("web-1")?.startedAt ?? ""];
    assert.ok(dbEnd <= webStart, `web began ${webStart}, before db ended ${dbEnd}`);
    assert.ok((member("web-1")?.endedAt ?? "") <= (member("web-2")?.startedAt ?? ""));
    const pause = Date.parse(member("app-2")?.startedAt ?? "") - Date.parse(member("web-2")?.endedAt ?? "");
    assert.ok(pause >= 1000, `the pause before the last group was ${pause} ms`);
    assert.ok(wave.totals.bytesCopied >= 5 * 12 * MiB);
    assert.ok(most >= 2 && most <= 3, `${most} at once`);
    await rollBack(wave);
    assert.deepEqual(await censuses(), before);
  });

  test("shares the slots of the configuration with everything else that runs", async () => {
    most = 0;
    const one = await start({ name: "one", defaults: slowly, vms: ["db-1", "db-2", "db-3"].map((vm) => ({ vm })) });
    const two = await start({ name: "two", defaults: slowly, vms: ["web-1", "web-2"].map((vm) => ({ vm })) });
    const alone = await lab.migrate({ vm: ids.get("app-1") ?? "", ...slowly });
    const queued = await lab.untilView(alone, ({ state }) => state === "queued");
    assert.equal(queued.steps.length, 0);
    const waves = [await untilWave(lab, one, ended), await untilWave(lab, two, ended)];
    await lab.until(alone, "awaiting-finalize");
    assert.equal(most, 3);
    assert.deepEqual(
      waves.map(({ state }) => state),
      ["completed", "completed"],
    );
    for (const wave of waves) await rollBack(wave);
    await lab.client.workflow.getHandle(`migration/${alone}`).executeUpdate(rollbackUpdate);
    assert.equal(await slots(), 0);
  });

  test("pauses with those under way, whose slots others may have, and goes on", async () => {
    const vms = ["db-1", "db-2", "db-3"].map((vm) => ({ vm, bandwidthBytesPerSecond: 3 * MiB }));
    const id = await start({ defaults, parallel: 2, vms });
    await untilCopying(id, 2);
    const handle = lab.client.workflow.getHandle(`wave/${id}`);
    await handle.signal(pauseWaveSignal);
    const paused = await untilWave(
      lab,
      id,
      ({ state, members }) =>
        state === "paused" && members.filter(({ migrationState }) => migrationState === "paused").length === 2,
    );
    assert.equal(paused.totals.waiting, 1);
    const released = Date.now() + 10_000;
    while ((await slots()) > 0 && Date.now() < released) await sleep(100);
    assert.equal(await slots(), 0);
    await handle.signal(resumeWaveSignal);
    const wave = await untilWave(lab, id, ended);
    assert.equal(wave.state, "completed");
    await rollBack(wave);
  });

  test("that is cancelled rolls back what is under way, and keeps what was moved", async () => {
    const before = await censuses();
    const vms = [{ vm: "db-1" }, { vm: "db-2", bandwidthBytesPerSecond: 2 * MiB }, { vm: "db-3" }];
    const id = await start({ defaults, parallel: 1, vms });
    await untilWave(lab, id, ({ members }) => (members[1]?.bytesCopied ?? 0) > 0);
    await lab.client.workflow.getHandle(`wave/${id}`).cancel();
    const wave = await untilWave(lab, id, ended);
    assert.equal(wave.state, "cancelled");
    assert.deepEqual(statesOf(wave), { "db-1": "moved", "db-2": "cancelled", "db-3": "cancelled" });
    assert.equal(wave.members[1]?.migrationState, "cancelled");
    await rollBack(wave);
    assert.deepEqual(await censuses(), before);
  });

  test("takes the slot of a run that was terminated", async () => {
    const vms = ["db-1", "db-2", "db-3"].map((vm) => ({ vm, bandwidthBytesPerSecond: MiB }));
    const doomed = await start({ name: "doomed", defaults, vms });
    await untilCopying(doomed, 3);
    const waiting = await start({ defaults, vms: [{ vm: "web-1" }] });
    await untilWave(lab, waiting, ({ members }) => members[0]?.migrationState === "queued");
    const wave = await untilWave(lab, doomed, () => true);
    const [victim] = wave.members;
    await lab.client.workflow.getHandle(`migration/${victim?.migrationId}`).terminate("a test of what is left then");
    const moved = await untilWave(lab, waiting, ended);
    assert.equal(moved.state, "completed");
    await lab.client.workflow.getHandle(`wave/${doomed}`).cancel();
    const left = await untilWave(lab, doomed, ended);
    assert.equal(left.members[0]?.state, "failed");
    await rollBack(moved);
    // A terminated run undoes nothing: that is what sets it apart from a cancelled one.
    const { compute } = await lab.deps.registry.provider(a);
    await compute.setTags(ids.get("db-1") ?? "", { "novacron:fenced-by": undefined }, AbortSignal.timeout(10_000));
  });

  test("loses nothing but time when the worker is killed in the middle", async () => {
    await endWorker();
    const worker = await lab.startWorkerProcess();
    const vms = ["web-1", "web-2", "web-3", "app-1", "app-2"].map((vm) => ({ vm }));
    const id = await start({ defaults: slowly, vms });
    let kills = 0;
    for (const ready of [0, 1, 3]) {
      const seen = await untilWave(lab, id, (wave) => {
        const { totals, members } = wave;
        const copying = members.filter(({ state, bytesCopied }) => state === "running" && bytesCopied > 0).length;
        return ended(wave) || (totals.moved >= ready && copying > 0);
      });
      // What is left may be through before the worker that was started counts as there.
      if (ended(seen)) break;
      await worker.kill();
      await worker.start();
      kills += 1;
    }
    assert.ok(kills >= 2, `${kills} kills`);
    const wave = await untilWave(lab, id, ended);
    assert.equal(wave.state, "completed");
    for (const { vm, migrationId } of wave.members) {
      const view = await lab.store.migrations.get(migrationId);
      const target = { site: b, vmId: view?.vm.targetVmId ?? "" } as const;
      assert.ok(await lab.sameDisks({ site: a, vmId: ids.get(vm) ?? "" }, target), `${vm} differs`);
    }
    await rollBack(wave);
  });
});
