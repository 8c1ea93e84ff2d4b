import assert from "node:assert/strict";
import { after, test } from "node:test";
import { taskQueue } from "../../src/temporal/connection.ts";
import { SiteLab } from "../support/site-lab.ts";

const mib = 1024 ** 2;
const lab = await SiteLab.start({ after }, { ownWorkersOnly: true });
await lab.startCentral();
const dataVm = (name: string) => ({ name, memoryMib: 64, disks: [{ sizeBytes: 16 * mib, dataBytes: 8 * mib }] });
const inventory = (site: string) =>
  lab.client.workflow.execute("syncInventory", {
    taskQueue,
    workflowId: `sync/${site}/${Date.now()}`,
    args: [{ site }],
  });

test("a site that only its own workers reach is planned, listed and moved through them", async () => {
  const a = await lab.startSiteWorker("site-a");
  await lab.startSiteWorker("site-b", { listen: "127.0.0.1:0" });
  const vm = await lab.a.createDataVm(dataVm("inland"));
  await inventory("site-a");
  const { json } = await lab.store.vms.list({ limit: 10, site: "site-a" });
  assert.match(json, /"name":"inland"/);
  const warm = await lab.plan({ vm: vm.vmId, from: "site-a", to: "site-b", mode: "warm" });
  assert.ok(warm.checks.some(({ check, result }) => check === "warm-rounds" && result === "fail"));
  const id = await lab.migrate({ vm: vm.vmId, from: "site-a", to: "site-b" });
  const view = await lab.until(id, ({ state }) => state === "awaiting-finalize");
  assert.deepEqual(await lab.b.digests(view.vm.targetVmId ?? ""), await lab.a.digests(vm.vmId));
  await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate("rollback");
  await assert.rejects(lab.b.digests(view.vm.targetVmId ?? ""), /not there/);
  await a.end();
});

test("what needs it waits while none of its workers is there, and goes on when one comes back", async () => {
  const dir = `${lab.dir}/comes-back`;
  const first = await lab.startSiteWorker("site-a", { dir });
  const vm = await lab.a.createDataVm(dataVm("patient"));
  const id = await lab.migrate({ vm: vm.vmId, from: "site-a", to: "site-b", bandwidthBytesPerSecond: 4 * mib });
  await lab.until(id, ({ bytesCopied }) => bytesCopied >= 2 * mib);
  await first.end();
  await assert.rejects(lab.plan({ vm: vm.vmId, from: "site-a", to: "site-b" }));
  await lab.startSiteWorker("site-a", { dir });
  const view = await lab.until(id, ({ state }) => state === "awaiting-finalize");
  assert.deepEqual(await lab.b.digests(view.vm.targetVmId ?? ""), await lab.a.digests(vm.vmId));
});
