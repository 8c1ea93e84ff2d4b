import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { siteQueue } from "../../src/domain/site-work.ts";
import { within, workOfRequest } from "../../src/telemetry/work.ts";
import { SiteLab } from "../support/site-lab.ts";

const mib = 1024 ** 2;
// A cleanup that is registered inside a `before` would run too early.
const lab = await SiteLab.start({ after });
await lab.startCentral();
const a = await lab.startSiteWorker("site-a");
const b = await lab.startSiteWorker("site-b", { listen: "127.0.0.1:0" });

const dataVm = (name: string) => ({ name, memoryMib: 64, disks: [{ sizeBytes: 16 * mib, dataBytes: 8 * mib }] });

test("what needs a site is done by its own workers, and the copy goes from one to the other", async () => {
  const vm = await lab.a.createDataVm(dataVm("first"));
  const id = await lab.migrate({ vm: vm.vmId, from: "site-a", to: "site-b" });
  const view = await lab.until(id, ({ state }) => state === "awaiting-finalize");
  const done = await lab.doneBy(id);
  const of = (activity: string) => done.filter((each) => each.activity === activity);
  for (const activity of ["fenceVm", "takePoint", "copyDisk", "releasePoint"]) {
    assert.deepEqual(of(activity), [{ activity, worker: a.workerId, queue: siteQueue("site-a") }]);
  }
  for (const activity of ["checkNetworks", "sealDisk", "proveDisk", "materialiseDisk", "createVm"]) {
    assert.deepEqual(of(activity), [{ activity, worker: b.workerId, queue: siteQueue("site-b") }]);
  }
  const [disk] = view.disks;
  assert.equal(disk?.bytesCopied, 8 * mib);
  assert.ok((disk?.bytesOnWire ?? 0) > 8 * mib, "random bytes don't shrink");
  assert.deepEqual(await lab.b.digests(view.vm.targetVmId ?? ""), await lab.a.digests(vm.vmId));
});

test("nothing secret enters a history: no key, no certificate, no grant", async () => {
  const vm = await lab.a.createDataVm(dataVm("discreet"));
  const id = await lab.migrate({ vm: vm.vmId, from: "site-a", to: "site-b" });
  await lab.until(id, ({ state }) => state === "awaiting-finalize");
  const history = JSON.stringify(await lab.client.workflow.getHandle(`migration/${id}`).fetchHistory());
  const identity = JSON.parse(readFileSync(join(lab.dir, "worker-1/identity.json"), "utf8")) as { key: string };
  assert.ok(identity.key.includes("PRIVATE KEY"));
  assert.doesNotMatch(history, /PRIVATE KEY|BEGIN CERTIFICATE|callerIsSource/);
});

test("what a site's worker says is kept with all else, in the trace that it belongs to", async () => {
  const { logs } = lab.store;
  const vm = await lab.a.createDataVm(dataVm("told"));
  const work = workOfRequest(undefined, "site-1");
  const id = await within(work, () => lab.migrate({ vm: vm.vmId, from: "site-a", to: "site-b" }));
  await lab.until(id, ({ state }) => state === "awaiting-finalize");
  const copied = async () => {
    const { items } = await logs.list({ workflowId: `migration/${id}`, traceId: work.traceId, limit: 1_000 });
    return items.find(({ activity, message }) => activity === "copyDisk" && message === "the activity is done");
  };
  // Lines come in batches, a little later.
  for (let tries = 0; tries < 100 && !(await copied()); tries++) await sleep(50);
  const line = await copied();
  assert.equal(line?.process, "site-worker");
  assert.equal(line.site, "site-a");
  assert.equal(line.requestId, "site-1");
  assert.equal(line.facts.worker_id, a.workerId);
});
