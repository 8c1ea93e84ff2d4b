import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabApi } from "../../bench/lib/lab-api.ts";
import type { NodePart } from "../../bench/lib/parts.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, test } from "../support/needs-qemu.ts";
import { ended, type ShownOperation, type ShownPlan } from "./support/operations.ts";

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const host = "onprem-a";
const cloud = "aws-us-east-1";
const vault = "vault";
const sites = [host, cloud, vault] as const;
const signal = (): AbortSignal => AbortSignal.timeout(120_000);

let lab: Lab;
let api: LabApi;
let worker: NodePart;

before(async () => {
  lab = await startLab({ vault: true });
  [api, worker] = await Promise.all([lab.startApi(), lab.startWorkerProcess()]);
});
after(() => lab?.close());

const censuses = (): Promise<string[][]> => Promise.all(sites.map((site) => lab.census(site)));

async function vmsAt(site: (typeof sites)[number]) {
  const { compute } = await lab.deps.registry.provider(site);
  return Array.fromAsync(compute.listVms(signal()));
}

interface CloudResource {
  readonly kind: string;
  readonly tags: Readonly<Record<string, string>>;
}

async function instancesOf(operationId: string): Promise<CloudResource[]> {
  const { resources } = await lab.sandbox<{ resources: CloudResource[] }>("GET", "/aws/census");
  return resources.filter(({ kind, tags }) => kind === "instance" && tags["novacron:key"]?.startsWith(operationId));
}

async function remove(site: string, operation: ShownOperation): Promise<void> {
  const [{ vm_id: id = "", name } = { name: "" }] = operation.items;
  const deleted = await api.post<ShownOperation>(`/v1/vms/${site}/${id}/delete`, { confirm: name });
  assert.equal((await ended(api, deleted)).state, "done");
}

const wish = {
  name: "new-1",
  cpus: 1,
  memory_bytes: 128 * MiB,
  disks: [{ size_bytes: 16 * MiB }],
  tags: { env: "test" },
};

test("a VM is made by the same request at a host, in a folder and in a cloud, and deleted again without a rest", async () => {
  const censusBefore = await censuses();
  for (const [site, state] of [
    [host, "running"],
    [vault, "stopped"],
    [cloud, "running"],
  ] as const) {
    const body = { ...wish, site, ...(site === cloud ? { image: "debian-12", disks: [{ size_bytes: GiB }] } : {}) };
    const made = await ended(api, await api.post<ShownOperation>("/v1/vms", body));
    assert.equal(made.state, "done", JSON.stringify(made));
    const vm = (await vmsAt(site)).find(({ vmId }) => vmId === made.items[0]?.vm_id);
    assert.deepEqual([vm?.name, vm?.state, vm?.tags.env], ["new-1", state, "test"]);
    assert.equal(vm?.disks.length, site === cloud ? 2 : 1);
    await remove(site, made);
  }
  assert.deepEqual(await censuses(), censusBefore);
});

test("without a site it goes to the cheapest whose price is known, and the plan says why not elsewhere", async () => {
  const ask = (more: object) => api.post<ShownPlan>("/v1/vms", { ...wish, ...more, dry_run: true });
  const site = ({ choices }: ShownPlan) => choices.find(({ what }) => what === "site");
  const anywhere = await ask({});
  const why = site(anywhere)?.why ?? "";
  assert.match(why, /USD a month; next .*onprem-a \(price not known\), onprem-b \(price not known\)/);
  const monthly = ({ estimates }: ShownPlan) => estimates.monthly?.total?.micros ?? Number.POSITIVE_INFINITY;
  const inCloud = await ask({ site: cloud });
  assert.ok(monthly(inCloud) > 0 && monthly(inCloud) < Number.POSITIVE_INFINITY);
  assert.ok(monthly(anywhere) <= monthly(inCloud), why);
  assert.equal(monthly(await ask({ site: site(anywhere)?.chosen })), monthly(anywhere));
  const withStart = await ask({ start: true, regions: ["eu-*"] });
  assert.equal(withStart.executable, false);
  assert.match(withStart.checks[0]?.detail ?? "", /aws-us-east-1 lies in us-east-1, not in eu-\*/);
  await assert.rejects(
    api.post("/v1/operations", { plan_id: withStart.plan_id, plan_hash: withStart.hash }),
    /409 .*No site will do/,
  );
});

test("what fails half-way leaves nothing, and says why", async () => {
  const censusBefore = await censuses();
  await lab.sandbox("POST", "/aws/settings", { noCapacity: ["*/*"] });
  const body = { ...wish, site: cloud, disks: [{ size_bytes: GiB }, { size_bytes: GiB }] };
  const failed = await ended(api, await api.post<ShownOperation>("/v1/vms", body));
  await lab.sandbox("POST", "/aws/settings", { noCapacity: [] });
  assert.equal(failed.state, "failed");
  const [item] = failed.items;
  assert.equal(item?.problem?.code, "InsufficientCapacity");
  assert.equal(item?.problem?.left_behind, undefined);
  assert.match(item?.step ?? "", /No capacity for .* is tried next/);
  assert.deepEqual(await censuses(), censusBefore);
});

test("a worker killed in the middle of a create makes no second VM", async () => {
  const censusBefore = await censuses();
  // The cloud makes it and never answers: the worker dies not knowing.
  await lab.sandbox("POST", "/aws/faults", { fault: "timeout-after-act", operation: "RunInstances", times: 1 });
  const started = await api.post<ShownOperation>("/v1/vms", { ...wish, site: cloud, disks: [{ size_bytes: GiB }] });
  while ((await instancesOf(started.operation_id)).length === 0) await sleep(20);
  await worker.kill();
  await worker.start();
  const made = await ended(api, started);
  assert.equal(made.state, "done", JSON.stringify(made));
  assert.equal((await instancesOf(started.operation_id)).length, 1);
  assert.equal((await vmsAt(cloud)).filter(({ name }) => name === "new-1").length, 1);
  await remove(cloud, made);
  assert.deepEqual(await censuses(), censusBefore);
});
