import assert from "node:assert/strict";
import type { LabApi } from "../../bench/lib/lab-api.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, test } from "../support/needs-qemu.ts";
import { ended, type ShownOperation, type ShownPlan } from "./support/operations.ts";

const MiB = 2 ** 20;
const host = "onprem-a";
const cloud = "aws-us-east-1";
const sites = [host, cloud] as const;
const signal = (): AbortSignal => AbortSignal.timeout(120_000);

let lab: Lab;
let api: LabApi;

before(async () => {
  lab = await startLab();
  [api] = await Promise.all([lab.startApi(), lab.startWorker()]);
});
after(() => lab?.close());

const censuses = (): Promise<string[][]> => Promise.all(sites.map((site) => lab.census(site)));
const computeAt = async (site: (typeof sites)[number]) => (await lab.deps.registry.provider(site)).compute;
const seen = async (site: (typeof sites)[number], vmId: string) => (await computeAt(site)).getVm(vmId, signal());

async function bulk(body: object): Promise<ShownOperation> {
  return ended(api, await api.post<ShownOperation>("/v1/vms/bulk", body));
}

/** One VM at each site, with the tag that the tests search for. */
async function twoVms(tag: string): Promise<{ onHost: string; inCloud: string }> {
  const disks = [{ sizeBytes: 16 * MiB, dataBytes: MiB }];
  const { vmId: onHost } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", {
    site: host,
    name: "op-host",
    disks,
  });
  await (await computeAt(host)).setTags(onHost, { ops: tag }, signal());
  const { disks: volumes, compute, network } = await lab.deps.registry.provider(cloud);
  const [subnet] = await Array.fromAsync(network.listNetworks(signal()));
  const { volumeId } = await volumes.createVolume({ sizeBytes: 2 ** 30, key: `${tag}-disk`, tags: {} }, signal());
  const vm = await compute.createVm(
    {
      name: "op-cloud",
      cpus: 1,
      memoryBytes: 512 * MiB,
      firmware: "bios",
      architecture: "x86_64",
      disks: [{ volumeId, bus: "nvme", boot: true }],
      nics: [{ networkId: subnet?.networkId ?? "" }],
      publishPorts: [],
      tags: { ops: tag },
    },
    `${tag}-vm`,
    signal(),
  );
  await api.get("/v1/vms?refresh=true");
  return { onHost, inCloud: vm.vmId };
}

test("VMs of a host and of a cloud are started, resized, stopped and deleted by the same plans", async () => {
  const censusBefore = await censuses();
  const { onHost, inCloud } = await twoVms("one");
  const query = "tag.ops=one";

  const started = await bulk({ action: "start", query });
  assert.deepEqual([started.state, started.done], ["done", 1], "the one in the cloud ran already");
  const refused = await api.post<ShownPlan>("/v1/vms/bulk", { action: "resize", query, cpus: 2, dry_run: true });
  assert.equal(refused.executable, false);
  assert.match(JSON.stringify(refused.checks), /op-host at onprem-a is running.*Stop it first/);

  const resized = await bulk({
    action: "resize",
    query,
    cpus: 2,
    memory_bytes: 256 * MiB,
    restart: true,
    stop_grace_ms: 0,
  });
  assert.equal(resized.state, "done", JSON.stringify(resized));
  const [atHost, atCloud] = await Promise.all([seen(host, onHost), seen(cloud, inCloud)]);
  assert.deepEqual([atHost.cpus, atHost.memoryBytes, atHost.state], [2, 256 * MiB, "running"]);
  assert.ok(atCloud.cpus >= 2 && atCloud.state === "running");

  const stopped = await bulk({ action: "stop", query, stop_grace_ms: 0 });
  assert.equal(stopped.state, "done");
  assert.deepEqual([(await seen(host, onHost)).state, (await seen(cloud, inCloud)).state], ["stopped", "stopped"]);
  // The inventory was told of each.
  const listed = await api.get<{ items: { name: string; state: string }[] }>("/v1/vms?name=op-*");
  assert.deepEqual(
    listed.items.map(({ name, state }) => [name, state]),
    [
      ["op-cloud", "stopped"],
      ["op-host", "stopped"],
    ],
  );

  const plan = await api.post<ShownPlan>("/v1/vms/bulk", { action: "delete", query, dry_run: true });
  assert.deepEqual(
    plan.actions.map(({ action }) => action),
    ["delete-vm", "delete-volume", "delete-vm", "delete-volume"],
  );
  const execute = { plan_id: plan.plan_id, plan_hash: plan.hash };
  await assert.rejects(api.post("/v1/operations", execute), /409 .*naming what goes/);
  await assert.rejects(api.post("/v1/operations", { ...execute, confirm: ["op-host"] }), /409/);
  const deleted = await ended(api, await api.post("/v1/operations", { ...execute, confirm: ["op-host", "op-cloud"] }));
  assert.equal(deleted.state, "done", JSON.stringify(deleted));
  assert.deepEqual(await censuses(), censusBefore);
});

test("one VM's failure stops no other, and a plan that its VM has drifted from is refused for that one", async () => {
  const censusBefore = await censuses();
  const { onHost, inCloud } = await twoVms("two");
  const vms = [
    { site: host, vm: "op-host" },
    { site: cloud, vm: inCloud },
  ];
  await bulk({ action: "stop", vms, stop_grace_ms: 0 });
  const plan = await api.post<ShownPlan>("/v1/vms/bulk", { action: "start", vms, dry_run: true });
  await (await computeAt(host)).setTags(onHost, { later: "1" }, signal());
  const report = await ended(api, await api.post("/v1/operations", { plan_id: plan.plan_id, plan_hash: plan.hash }));
  assert.deepEqual([report.state, report.done], ["partly-done", 1]);
  const [drifted, other] = ["op-host", "op-cloud"].map((name) => report.items.find((item) => item.name === name));
  assert.equal(drifted?.problem?.code, "Conflict");
  assert.match(drifted?.problem?.message ?? "", /drifted: .*tags/);
  assert.equal(other?.state, "done");
  assert.equal((await seen(host, onHost)).state, "stopped");

  const gone = await bulk({ action: "delete", vms, confirm: ["op-cloud", "op-host"] });
  assert.equal(gone.state, "done", JSON.stringify(gone));
  assert.deepEqual(await censuses(), censusBefore);
});
