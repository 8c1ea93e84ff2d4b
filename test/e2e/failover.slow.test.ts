import assert from "node:assert/strict";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";
import { protectedGroup, recover, unprotect, until, untilProtected, untilSettled } from "./support/protected-groups.ts";

const MiB = 2 ** 20;
const a = "onprem-a";
const b = "onprem-b";
const signal = () => AbortSignal.timeout(60_000);

let lab: Lab;

before(async () => {
  lab = await startLab();
});
after(() => lab?.close());

async function runningVm(name: string): Promise<string> {
  const disks = [{ sizeBytes: 16 * MiB, dataBytes: 4 * MiB }];
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", { site: a, name, disks });
  await (await lab.deps.registry.provider(a)).compute.startVm(vmId, signal());
  return vmId;
}

async function stateAt(site: string, vmId: string): Promise<string> {
  return (await (await lab.deps.registry.provider(site)).compute.getVm(vmId, signal())).state;
}

async function write(site: typeof a | typeof b, vmId: string, pattern: number): Promise<void> {
  const device = "/machine/peripheral/virtio-disk0/virtio-backend";
  const command = `qemu-io -d ${device} "write -P ${pattern} 2M 1M"`;
  assert.equal((await lab.virsh(site, "qemu-monitor-command", "--hmp", vmId, command)).trim(), "");
}

/** What the running VM's disk has where the tests write. */
async function isThere(site: typeof a | typeof b, vmId: string, pattern: number): Promise<void> {
  const device = "/machine/peripheral/virtio-disk0/virtio-backend";
  const command = `qemu-io -d ${device} "read -P ${pattern} 2M 1M"`;
  const said = await lab.virsh(site, "qemu-monitor-command", "--hmp", vmId, command);
  assert.doesNotMatch(said, /failed|error/i);
}

/** Nothing is on these disks that could boot. */
const unbooted = { bootProof: false } as const;

describe("a group of two VMs, one after the other", () => {
  let groupId: string;
  let [db, web] = ["", ""];
  let end: () => Promise<void>;

  before(async () => {
    end = await lab.startWorker();
    [db, web] = [await runningVm("db"), await runningVm("web")];
    groupId = await protectedGroup(lab, a, b, [db, web]);
    const bootGroups = [
      { name: "data", vms: [{ vm: "db", verify: unbooted }] },
      { name: "front", vms: [{ vm: "web", verify: unbooted }] },
    ];
    await lab.store.recoveryPlans.set(groupId, { bootGroups }, "user/test");
  });
  after(async () => {
    await unprotect(lab, groupId);
    await end();
  });

  test("is drilled where nobody is reached, while everything goes on, and nothing is left of it", async () => {
    const before = await lab.census(b);
    const runId = await recover(lab, groupId, "drill");
    const { state, problem, report } = await untilSettled(lab, runId);
    assert.equal(state, "done", JSON.stringify({ problem, steps: await lab.store.recoveryRuns.steps(runId) }));
    assert.deepEqual([report?.leftOver, report?.vms.map(({ vm }) => vm)], [0, ["db", "web"]]);
    assert.deepEqual(await lab.census(b), before);
    assert.deepEqual(await Promise.all([stateAt(a, db), stateAt(a, web)]), ["running", "running"]);
    const group = await lab.store.protection.get(groupId);
    assert.deepEqual([group?.state, group?.takeover], ["protected", undefined]);
    const newest = await lab.store.recoveryRuns.newestDrill(groupId, { version: 1, passed: true });
    assert.equal(newest?.runId, runId);
  });

  test("is failed over as planned with what was written last", async () => {
    await write(a, db, 9);
    const runId = await recover(lab, groupId, "switchover");
    const { state, problem, report } = await untilSettled(lab, runId);
    const steps = await lab.store.recoveryRuns.steps(runId);
    assert.equal(state, "done", JSON.stringify({ problem, steps }));
    assert.equal(report?.rpoSeconds, 0);
    const [first, second] = report?.vms ?? [];
    assert.deepEqual(await Promise.all([stateAt(a, db), stateAt(a, web)]), ["stopped", "stopped"]);
    await isThere(b, first?.vmId ?? "", 9);
    assert.equal(await stateAt(b, second?.vmId ?? ""), "running");
    const group = await lab.store.protection.get(groupId);
    assert.deepEqual([group?.writableSite, group?.currentSite, group?.epoch], [b, b, 1]);
    const order = steps.filter(({ step }) => step === "verify").map(({ vm }) => vm);
    assert.deepEqual(order, ["db", "web"]);
  });

  test("is followed back by itself from there, and fails back as it failed over, with what was written meanwhile", async () => {
    const there = await untilProtected(lab, groupId, a);
    await write(b, there.members[0]?.vmId ?? "", 5);
    const runId = await recover(lab, groupId, "switchover");
    const { state, problem, report } = await untilSettled(lab, runId);
    assert.equal(state, "done", JSON.stringify({ problem, steps: await lab.store.recoveryRuns.steps(runId) }));
    const [home] = report?.vms ?? [];
    await isThere(a, home?.vmId ?? "", 5);
    const group = await lab.store.protection.get(groupId);
    assert.deepEqual([group?.writableSite, group?.epoch], [a, 2]);
    // What it left behind at first is there still, as it was stopped.
    assert.equal(await stateAt(a, db), "stopped");
    await untilProtected(lab, groupId, b);
  });
});

describe("a group whose site is given up", () => {
  test("is failed over from its newest point though the worker is killed in the middle, after the old VMs were turned off", async () => {
    const worker = await lab.startWorkerProcess();
    const vm = await runningVm("alone");
    const groupId = await protectedGroup(lab, a, b, [vm]);
    const bootGroups = [{ name: "all", vms: [{ vm: "alone", verify: unbooted }] }];
    await lab.store.recoveryPlans.set(groupId, { bootGroups }, "user/test");
    const runId = await recover(lab, groupId, "failover");
    await until("the fence", async () =>
      (await lab.store.recoveryRuns.steps(runId)).some(({ step }) => step === "freeze-point") ? true : undefined,
    );
    worker.signal("SIGKILL");
    const second = await lab.startWorkerProcess();
    const { state, problem, report } = await untilSettled(lab, runId);
    assert.equal(state, "done", JSON.stringify({ problem, steps: await lab.store.recoveryRuns.steps(runId) }));
    assert.ok((report?.rpoSeconds ?? 0) > 0);
    assert.equal(report?.vms.length, 1);
    assert.equal(await stateAt(a, vm), "stopped");
    assert.equal(await stateAt(b, report?.vms[0]?.vmId ?? ""), "running");
    await unprotect(lab, groupId);
    second.signal("SIGTERM");
  });
});
