// Long because the restores share one lab and one group.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Plan } from "../../src/domain/plan.ts";
import type { ProtectionGroup } from "../../src/domain/protection.ts";
import type { ProtectVmParameters } from "../../src/domain/protection-plan.ts";
import { resolvePolicy } from "../../src/domain/protection-policy.ts";
import { isRestoreEnded, type RestoreRequest, type RestoreView, restoreWorkflowId } from "../../src/domain/restore.ts";
import { socketDirPath } from "../../src/host/paths.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import { makePointSignal } from "../../src/workflows/protect-group/messages.ts";
import { writeImage } from "../providers/support/write-image.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";
import { GuestDisks } from "../transfer/lib/guest-disk.ts";

const MiB = 2 ** 20;
const a = "onprem-a";
const b = "onprem-b";
const third = "vault";
const sites = [a, b, third] as const;
const signal = () => AbortSignal.timeout(60_000);
const stuckMs = 120_000;
const large = Buffer.alloc(3 * MiB + 17, "novacron ");
const guestDisks = await GuestDisks.open();

let lab: Lab;
let groupId: string;
let generationId: string;
let made = 0;
/** With the group's point at its recovery site, and nothing restored. */
let atRest: string[][];

before(async () => {
  lab = await startLab({ vault: true });
  await lab.startWorker();
  const disks = [{ sizeBytes: 16 * MiB, dataBytes: 4 * MiB }];
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", { site: a, name: "kept", disks });
  if (typeof guestDisks !== "string") await fillWithFiles(vmId, guestDisks);
  groupId = await protect(vmId);
  const point = await until("the first point", () => lab.store.groupPoints.choose({ groupId }));
  generationId = point.vms[0]?.disks[0]?.generationId ?? "";
  await until("the end of its round", async () => {
    const { status } = await lab.client.workflow.getHandle(`protection/${groupId}`).describe();
    const group = await lab.store.protection.get(groupId);
    return status.name === "RUNNING" && group?.state === "protected" ? group : undefined;
  });
  atRest = await until("that its source point is let go of", async () => {
    const all = await census();
    return all[0]?.some((line) => line.startsWith("source-point")) ? undefined : all;
  });
});
after(async () => {
  await lab?.close();
  if (typeof guestDisks !== "string") guestDisks.close();
});

/** In place of the data: a partition with a file system, made by the tools that make real ones. */
async function fillWithFiles(vmId: string, make: GuestDisks): Promise<void> {
  const files = {
    "etc/motd": "hello\n",
    "srv/data/large.bin": large,
    "srv/data/sub/deep.txt": "deep",
    "srv/data/outwards": { link: "../../etc/motd" },
  };
  const image = await make.disk("gpt", [{ image: await make.ext(files, 10), sizeMiB: 10 }], 16);
  const { compute } = await lab.deps.registry.provider(a);
  const volumeId = (await compute.getVm(vmId, signal())).disks[0]?.volumeId ?? "";
  const path = volumeId.startsWith("/") ? volumeId : layerOf(a, volumeId);
  await writeImage(lab.tools, socketDirPath(lab.dir), { path, offset: 0, bytes: readFileSync(image) });
}

function layerOf(site: string, id: string): string {
  return join(lab.dir, "sites", site, "storage/layers", `${id}.qcow2`);
}

function census(): Promise<string[][]> {
  return Promise.all(sites.map((site) => lab.census(site)));
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + stuckMs; ; await sleep(100)) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(Date.now() < deadline, `${what} did not come`);
  }
}

async function protect(vmId: string): Promise<string> {
  const policy = resolvePolicy({ primarySite: a, recoverySite: b, rpoSeconds: 36_000 }, {});
  assert.ok(policy);
  const outline = { name: "restores", policy, vms: [vmId] };
  const args = [{ planId: "protects", outline }];
  const plan: Plan = await lab.client.workflow.execute("planProtection", { taskQueue, workflowId: "plan/p", args });
  const members = plan.actions.map(({ resource, parameters }) => {
    const { position, name, planId, planVersion } = parameters as unknown as ProtectVmParameters;
    return { position, name, vmId: resource.id, tags: {}, planId, planVersion };
  });
  const group: Pick<ProtectionGroup, "groupId" | "name" | "workflowId"> = {
    ...{ groupId: "restored-group", name: "restored-group", workflowId: "protection/restored-group" },
  };
  await lab.store.protection.create({ ...group, policy, members, createdBy: "user/test" });
  const started = { taskQueue, workflowId: group.workflowId, args: [{ groupId: group.groupId }] };
  await lab.client.workflow.start("protectGroup", started);
  return group.groupId;
}

async function planned(request: Omit<RestoreRequest, "groupId" | "vm">): Promise<Plan> {
  const planId = `r${(made += 1)}-${Date.now()}`;
  const args = [{ planId, restore: { groupId, vm: "kept", ...request } }];
  return lab.client.workflow.execute("planOperation", { taskQueue, workflowId: `plan/${planId}`, args });
}

async function begin(plan: Plan): Promise<string> {
  const failed = plan.checks.filter(({ result }) => result === "fail");
  assert.equal(plan.executable, true, JSON.stringify(failed));
  const restoreId = `restore-${plan.planId}`;
  const { pointId, vmName, from, to } = plan.inputs as Record<"pointId" | "vmName" | "from" | "to", string>;
  const workflowId = restoreWorkflowId(restoreId);
  const { planId, hash: planHash } = plan;
  const row = { restoreId, planId, workflowId, groupId, pointId, vmName, from, to };
  await lab.store.restores.create({ ...row, tags: {}, createdBy: "user/test" });
  const args = [{ restoreId, planId, planHash }];
  await lab.client.workflow.start("restoreVm", { taskQueue, workflowId, args });
  return restoreId;
}

async function viewOf(restoreId: string): Promise<RestoreView> {
  const found = await lab.store.restores.getScoped(restoreId);
  assert.ok(found);
  return found.restore;
}

async function ended(restoreId: string): Promise<RestoreView> {
  return until(`the end of ${restoreId}`, async () => {
    const view = await viewOf(restoreId);
    return isRestoreEnded(view.state) ? view : undefined;
  });
}

async function contentOf(site: string, open: "openPoint" | "openVolume", id: string): Promise<Buffer> {
  const { disks } = await lab.deps.registry.provider(site);
  const source = await disks[open](id, signal());
  const bytes = Buffer.alloc(source.sizeBytes);
  await source.read(0, bytes);
  await source.close();
  return bytes;
}

async function remove(site: string, vmId: string): Promise<void> {
  const { compute, disks } = await lab.deps.registry.provider(site);
  const { disks: own } = await compute.getVm(vmId, signal());
  await compute.deleteVm(vmId, signal());
  for (const { volumeId } of own) await disks.deleteVolume(volumeId, signal());
}

describe("a VM of a recovery point", () => {
  for (const [what, to] of [
    ["where the point lies", b],
    ["at the site that it came from", a],
    ["at a third site", third],
  ] as const) {
    test(`is restored ${what}, as it was, and leaves nothing else`, async () => {
      const plan = await planned({ to, start: false });
      assert.equal(plan.estimates.bytesToMove > 0, to !== b);
      const { state, vmId = "", bytesReread = 0, problem } = await ended(await begin(plan));
      assert.equal(state, "done", JSON.stringify(problem));
      assert.ok(bytesReread > 0, "it was not read again");
      const { compute } = await lab.deps.registry.provider(to);
      const vm = await compute.getVm(vmId, signal());
      assert.equal(vm.name, "kept-restored");
      assert.equal(vm.state, "stopped");
      const [own, point] = await Promise.all([
        contentOf(to, "openVolume", vm.disks[0]?.volumeId ?? ""),
        contentOf(b, "openPoint", generationId),
      ]);
      assert.ok(own.equals(point), "it does not hold what the point holds");
      await remove(to, vmId);
      assert.deepEqual(await census(), atRest);
    });
  }

  test("stays off by itself where its group serves, and says why", async () => {
    const plan = await planned({ to: a });
    const power = plan.choices.find(({ what }) => what === "power");
    assert.equal(power?.chosen, "off");
    assert.match(power?.why ?? "", /may run there/);
  });

  test("that does not answer as it should is removed again, without a trace", async () => {
    const verify = { bootProof: false, tcpProbes: [{ port: 9 }], probeTimeoutMs: 500 };
    const { state, problem } = await ended(await begin(await planned({ to: b, start: true, verify })));
    assert.equal(state, "failed");
    assert.equal(problem?.step, "verify");
    assert.equal(problem.leftBehind, undefined, JSON.stringify(problem));
    assert.deepEqual(await census(), atRest);
  });

  test("is given up while its disk is copied, without a trace", async () => {
    const restoreId = await begin(await planned({ to: a, bandwidthBytesPerSecond: 65_536 }));
    await until("the copy", async () => {
      const run = lab.client.workflow.getHandle(restoreWorkflowId(restoreId));
      const { raw } = await run.describe();
      const [pending] = raw.pendingActivities ?? [];
      return pending?.activityType?.name === "copyPoint" && pending.lastHeartbeatTime ? pending : undefined;
    });
    await lab.client.workflow.getHandle(restoreWorkflowId(restoreId)).cancel();
    assert.equal((await ended(restoreId)).state, "cancelled");
    assert.deepEqual(await census(), atRest);
  });

  test("is not restored by a plan whose point is gone meanwhile", async () => {
    const plan = await planned({ to: b, start: false });
    await lab.store.groupPoints.end(String(plan.inputs.pointId), "corrupt", "a test", ["complete"]);
    const { state, problem } = await ended(await begin(plan));
    assert.equal(state, "failed");
    assert.match(problem?.message ?? "", /its point is corrupt/);
  });
});

describe("files of a recovery point", { skip: typeof guestDisks === "string" ? guestDisks : false }, () => {
  let url: string;
  let token: string;

  before(async () => {
    ({ url, token } = await lab.startApi());
    await lab.client.workflow.getHandle(`protection/${groupId}`).signal(makePointSignal);
    await until("a whole point", () => lab.store.groupPoints.choose({ groupId }));
    await rested();
  });

  function ask(path: string): Promise<Response> {
    return fetch(`${url}/v1/restores/files`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ group_id: groupId, vm: "kept", path }),
    });
  }

  test("come through the API as a worker reads them off the point, and nothing is left on the way", async () => {
    const before = await census();
    const answer = await ask("/srv/data/large.bin");
    assert.equal(answer.status, 200, answer.ok ? "" : await answer.text());
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(large));
    assert.deepEqual(await census(), before);
    const client = new pg.Client({ connectionString: lab.postgres.databaseUrl });
    await client.connect();
    const { rowCount } = await client.query("select from file_pipe");
    await client.end();
    assert.equal(rowCount, 0, "bytes are left in the pipe");
  });

  test("come as an archive where it is a folder, which anybody may unpack", async () => {
    const answer = await ask("/srv/data");
    assert.equal(answer.status, 200);
    const folder = join(lab.dir, "unpacked");
    mkdirSync(folder);
    execFileSync("tar", ["-x", "-C", folder], { input: Buffer.from(await answer.arrayBuffer()) });
    assert.ok(readFileSync(join(folder, "data/large.bin")).equals(large));
    assert.equal(readFileSync(join(folder, "data/sub/deep.txt"), "utf8"), "deep");
    assert.match(readFileSync(join(folder, "data.left-out.txt"), "utf8"), /^1 of what is in it/);
  });

  test("that are not there are told as such", async () => {
    const answer = await ask("/srv/nothing");
    assert.equal(answer.status, 404);
    assert.match(((await answer.json()) as { detail: string }).detail, /it is not there/);
  });
});

describe("a point whose bytes were spoilt", () => {
  for (const [what, to] of [
    ["where it lies", b],
    ["at another site", third],
  ] as const) {
    test(`is found by a restore ${what}: it is offered no more, and nothing of the restore is left`, async () => {
      const point = await until("a whole point", () => lab.store.groupPoints.choose({ groupId }));
      await rested();
      const before = await census();
      const plan = await planned({ to, start: false, pointId: point.pointId });
      spoil(point.vms[0]?.disks[0]?.generationId ?? "");
      const { state, problem } = await ended(await begin(plan));
      assert.equal(state, "failed");
      assert.match(problem?.message ?? "", /differ/);
      assert.equal(problem?.leftBehind, undefined, JSON.stringify(problem));
      const marked = await lab.store.groupPoints.get(point.pointId);
      assert.equal(marked?.state, "corrupt");
      assert.match(marked.reason ?? "", /^a restore found: /);
      const { items } = await lab.store.protection.events(groupId, { limit: 5, type: "corrupt" });
      assert.ok(items.some(({ data }) => (data as { pointId?: string }).pointId === point.pointId));
      assert.deepEqual((await census())[2], before[2], "something is left at the third site");
      await lab.client.workflow.getHandle(`protection/${groupId}`).signal(makePointSignal);
    });
  }
});

/** Until no round is under way. */
async function rested(): Promise<void> {
  await until("the end of the round", async () => {
    const all = await census();
    return all[0]?.some((line) => line.startsWith("source-point")) ? undefined : true;
  });
}

/** Changes one byte of a generation's first cluster behind everybody's back, as failing storage would. */
function spoil(id: string): void {
  const path = layerOf(b, id);
  const bytes = readFileSync(path);
  // qcow2: the first L1 entry names the L2 table, whose first entry names the cluster.
  const entry = (at: number): number => Number(bytes.readBigUInt64BE(at) & 0x00fffffffffffe00n);
  const cluster = entry(entry(Number(bytes.readBigUInt64BE(40))));
  bytes.writeUInt8(bytes.readUInt8(cluster) ^ 1, cluster);
  chmodSync(path, 0o640);
  writeFileSync(path, bytes);
  chmodSync(path, 0o440);
}
