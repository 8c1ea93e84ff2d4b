import assert from "node:assert/strict";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { taskQueue } from "../../src/temporal/connection.ts";
import { cutoverUpdate, rollbackUpdate } from "../../src/workflows/migrate-vm/messages.ts";
import { endTestUpdate } from "../../src/workflows/test-migration/messages.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";
import { planTest, startTest, untilState, untilTest } from "./support/migration-tests.ts";

const MiB = 2 ** 20;
const a = "onprem-a";
const b = "onprem-b";
const cloud = "aws-us-east-1";
const disk = { sizeBytes: 16 * MiB, dataBytes: MiB };
const unbooted = { bootProof: false } as const;

let lab: Lab;

before(async () => {
  lab = await startLab();
});
after(() => lab?.close());

const signal = () => AbortSignal.timeout(30_000);
const run = (testId: string) => lab.client.workflow.getHandle(`test-migration/${testId}`);
const move = (id: string) => lab.client.workflow.getHandle(`migration/${id}`);
const censuses = () => Promise.all([lab.census(a), lab.census(b)]);

async function runningVm(name: string): Promise<string> {
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", { site: a, name, disks: [disk] });
  await (await lab.deps.registry.provider(a)).compute.startVm(vmId, signal());
  return vmId;
}

async function stateAt(site: typeof a | typeof b, vmId: string): Promise<string> {
  return (await (await lab.deps.registry.provider(site)).compute.getVm(vmId, signal())).state;
}

describe("a test of a move that is not begun", () => {
  test("boots a copy where it reaches nobody while the source goes on, and leaves nothing", async () => {
    const end = await lab.startWorker();
    const vm = await runningVm("one-off");
    const before = await censuses();
    const id = await startTest(lab, { vm, from: a, to: b, verify: unbooted, holdSeconds: 600 });
    const held = await untilState(lab, id, "holding");
    const xml = await lab.virsh(b, "dumpxml", held.testVmId ?? "");
    assert.match(xml, /novacron:test/);
    assert.doesNotMatch(xml, /<interface/);
    assert.equal(await stateAt(b, held.testVmId ?? ""), "running");
    assert.equal(await stateAt(a, vm), "running");
    assert.equal(held.consistency?.level, "crash");
    await run(id).executeUpdate(endTestUpdate);
    const ended = await untilState(lab, id, "passed");
    assert.deepEqual(
      ended.steps?.map(({ step }) => step),
      ["copy", "clone", "isolate", "create", "verify", "hold", "tear-down"],
    );
    assert.deepEqual(await censuses(), before);
    assert.equal(await stateAt(a, vm), "running");
    await end();
  });

  test("can be planned as it stands, and of a migration only with a replica that follows its source", async () => {
    const end = await lab.startWorker();
    const vm = await runningVm("nowhere");
    const plan = await planTest(lab, { vm, from: a, to: b, verify: unbooted });
    assert.ok(plan.executable, JSON.stringify(plan.checks));
    const { planId } = await lab.plan({ vm, from: a, to: b });
    const names = { name: "nowhere", sourceVmId: vm };
    await lab.store.migrations.create({ migrationId: "cold", planId, workflowId: "none", vm: names, from: a, to: b });
    const none = await planTest(lab, { migrationId: "cold" });
    assert.deepEqual(
      none.checks.filter(({ result }) => result === "fail").map(({ check }) => check),
      ["test-replica"],
    );
    await end();
  });

  test("goes on when its worker is killed in the middle, and when it fails it leaves nothing either", async () => {
    const worker = await lab.startWorkerProcess();
    const vm = await runningVm("killed");
    const before = await censuses();
    const verify = { bootMarker: "nothing says this", bootTimeoutMs: 6_000 };
    const id = await startTest(lab, { vm, from: a, to: b, verify });
    await untilTest(lab, id, ({ step }) => step === "verify");
    worker.signal("SIGKILL");
    const second = await lab.startWorkerProcess();
    const { problem, state } = await untilState(lab, id, "failed", "passed");
    assert.equal(state, "failed");
    assert.match(problem?.message ?? "", /nothing says this/);
    assert.deepEqual(await censuses(), before);
    await second.stop();
  });

  test("is swept when its run is gone and its life is over, and not before", async () => {
    const end = await lab.startWorker();
    const vm = await runningVm("orphan");
    const before = await censuses();
    const id = await startTest(lab, { vm, from: a, to: b, verify: unbooted, holdSeconds: 600 }, 30_000);
    await untilState(lab, id, "holding");
    await run(id).terminate("to leave everything behind");
    const sweep = () =>
      lab.client.workflow.execute("sweepTests", { taskQueue, workflowId: "test-sweep", args: [] }) as Promise<{
        removed: string[];
        failed: string[];
      }>;
    assert.deepEqual(await sweep(), { removed: [], failed: [] });
    assert.notDeepEqual(await censuses(), before);
    const { expiresAt } = await untilState(lab, id, "holding");
    await sleep(Math.max(0, Date.parse(expiresAt) - Date.now()) + 100);
    assert.deepEqual(await sweep(), { removed: [id], failed: [] });
    assert.deepEqual(await censuses(), before);
    assert.equal((await lab.store.tests.get(id))?.state, "failed");
    await end();
  });
});

describe("a test of a warm migration's replica", () => {
  test("as often as wanted, also one that fails, costs no recopy; with a real guest that reaches nobody", async (t) => {
    const end = await lab.startWorker();
    const host = createServer((_, response) => response.end("here"));
    await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
    t.after(() => host.close());
    const { port } = host.address() as { port: number };
    const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/guests", { site: a, name: "warm-guest" });
    const warm = { cutover: "manual", roundPauseSeconds: 2 } as const;
    const id = await lab.migrate({ vm: vmId, from: a, to: b, mode: "warm", warm });
    await lab.until(id, "awaiting-cutover");
    const probe = { port: 8080, path: "/cgi-bin/state" };
    const first = await startTest(lab, { migrationId: id, verify: { httpProbes: [probe] }, holdSeconds: 600 });
    const held = await untilState(lab, first, "holding");
    assert.ok(held.boot?.proven);
    assert.deepEqual(
      held.probes?.map(({ probe: what }) => what),
      ["console", "HTTP 8080/cgi-bin/state"],
    );
    const asks = async (site: typeof a | typeof b, vm: string) => {
      const { endpoints } = await (await lab.deps.registry.provider(site)).compute.getVm(vm, signal());
      const [endpoint] = endpoints;
      const page = await fetch(`http://127.0.0.1:${endpoint?.port}/cgi-bin/reach?10.0.2.2:${port}`);
      return (await page.text()).trim();
    };
    assert.equal(await asks(a, vmId), "reached");
    assert.equal(await asks(b, held.testVmId ?? ""), "nobody");

    // It is asked before its guest can have come up.
    const broken = { httpProbes: [probe], probeTimeoutMs: 1 };
    const second = await startTest(lab, { migrationId: id, verify: { ...unbooted, ...broken } });
    const failed = await untilState(lab, second, "failed", "passed");
    assert.equal(failed.state, "failed");
    const rounds = (await lab.store.rounds.proven(id)).length;
    await lab.untilView(id, (view) => (view.warm?.rounds ?? 0) > rounds);
    assert.ok(((await lab.store.migrations.get(id))?.warm?.lastRoundBytes ?? Number.NaN) < 16 * MiB);
    const story = await lab.store.migrations.events(id, 0, 500);
    assert.ok(story.some(({ message }) => message.startsWith(`Test ${second}: failed`)));

    await run(first).executeUpdate(endTestUpdate);
    await move(id).executeUpdate(cutoverUpdate);
    const view = await lab.until(id, "awaiting-finalize");
    assert.deepEqual(view.tests, { passed: 1, failed: 1 });
    assert.equal(view.bootProof, "proven");
    assert.deepEqual(
      (await lab.census(b)).filter((line) => /test|generation/.test(line)),
      [],
    );
    await move(id).executeUpdate(rollbackUpdate);
    await end();
  });
});

describe("a test at a cloud", () => {
  test("has a network without routes made for it, is proven on the console, and leaves nothing", async () => {
    const end = await lab.startWorker();
    const { vmId: vm } = await lab.sandbox<{ vmId: string }>("POST", "/guests", { site: a, name: "out", start: false });
    const before = await lab.census(cloud);
    const probed = await planTest(lab, { vm, from: a, to: cloud, verify: { tcpProbes: [{ port: 8080 }] } });
    assert.deepEqual(
      probed.checks.filter(({ result }) => result === "fail").map(({ check }) => check),
      ["test-probes"],
    );
    const id = await startTest(lab, { vm, from: a, to: cloud, holdSeconds: 600 });
    const held = await untilState(lab, id, "holding");
    assert.ok(held.boot?.proven);
    const { compute, networkAdmin } = await lab.deps.registry.provider(cloud);
    const there = await compute.getVm(held.testVmId ?? "", signal());
    assert.deepEqual(there.endpoints, []);
    const groups = await Array.fromAsync(networkAdmin?.listSecurityGroups(signal()) ?? []);
    assert.deepEqual(groups.find(({ name }) => name.startsWith(id))?.rules, []);
    await run(id).executeUpdate(endTestUpdate);
    await untilState(lab, id, "passed");
    assert.deepEqual(await lab.census(cloud), before);
    await end();
  });
});
