// Long because the groups share one lab.
import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Plan } from "../../src/domain/plan.ts";
import type { ProtectionGroup } from "../../src/domain/protection.ts";
import type { ProtectionOutline, ProtectVmParameters } from "../../src/domain/protection-plan.ts";
import { type PolicyRequest, resolvePolicy } from "../../src/domain/protection-policy.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import {
  deleteProtectionSignal,
  groupChangedSignal,
  makePointSignal,
  reprotectSignal,
} from "../../src/workflows/protect-group/messages.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";

const MiB = 2 ** 20;
const a = "onprem-a";
const b = "onprem-b";
const signal = () => AbortSignal.timeout(60_000);
const stuckMs = 120_000;

let lab: Lab;
let made = 0;

before(async () => {
  lab = await startLab();
  await lab.startWorker();
});
after(() => lab?.close());

async function dataVm(name: string, runs: boolean): Promise<string> {
  const disks = [{ sizeBytes: 16 * MiB, dataBytes: 4 * MiB }];
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", { site: a, name, disks });
  if (runs) await (await lab.deps.registry.provider(a)).compute.startVm(vmId, signal());
  return vmId;
}

async function plan(vms: readonly string[], asked: PolicyRequest): Promise<Plan> {
  const policy = resolvePolicy({ primarySite: a, recoverySite: b, ...asked }, {});
  assert.ok(policy);
  const planId = `pp${(made += 1)}-${Date.now()}`;
  const outline: ProtectionOutline = { name: planId, policy, vms };
  return lab.client.workflow.execute("planProtection", {
    taskQueue,
    workflowId: `plan/${planId}`,
    args: [{ planId, outline }],
  });
}

async function protect(vms: readonly string[], asked: PolicyRequest = {}): Promise<string> {
  const { planId, executable, checks, inputs, actions } = await plan(vms, asked);
  assert.equal(executable, true, JSON.stringify(checks.filter(({ result }) => result === "fail")));
  const groupId = `group-${planId}`;
  const workflowId = `protection/${groupId}`;
  const { name, policy } = inputs as unknown as Pick<ProtectionGroup, "name" | "policy">;
  const members = actions.map(({ resource, parameters }) => {
    const { position, name: vmName, planId: of, planVersion } = parameters as unknown as ProtectVmParameters;
    return { position, name: vmName, vmId: resource.id, tags: {}, planId: of, planVersion };
  });
  await lab.store.protection.create({ groupId, name, workflowId, policy, members, createdBy: "user/test" });
  await lab.client.workflow.start("protectGroup", { taskQueue, workflowId, args: [{ groupId }] });
  return groupId;
}

function run(groupId: string) {
  return lab.client.workflow.getHandle(`protection/${groupId}`);
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + stuckMs; ; await sleep(100)) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(Date.now() < deadline, `${what} did not come`);
  }
}

async function complete(groupId: string, count: number) {
  return until(`point ${count} of ${groupId}`, async () => {
    const { items } = await lab.store.groupPoints.list(groupId, { limit: 50, state: "complete" });
    return items.length >= count ? items : undefined;
  });
}

async function write(vmId: string, pattern: number, offsetMib: number): Promise<void> {
  const device = "/machine/peripheral/virtio-disk0/virtio-backend";
  const command = `qemu-io -d ${device} "write -P ${pattern} ${offsetMib}M 1M"`;
  assert.equal((await lab.virsh(a, "qemu-monitor-command", "--hmp", vmId, command)).trim(), "");
}

async function end(groupId: string): Promise<void> {
  await run(groupId).signal(deleteProtectionSignal);
  await run(groupId).result();
}

describe("a group of a running VM and one that is off", () => {
  let running: string;
  let off: string;
  let groupId: string;
  let censusBefore: string[][];

  before(async () => {
    running = await dataVm("running", true);
    off = await dataVm("off", false);
    censusBefore = await Promise.all([lab.census(a), lab.census(b)]);
    groupId = await protect([running, off], { rpoSeconds: 3_600, replicationIntervalSeconds: 1_800 });
  });

  test("gets a first point of all their disks, and is protected then", async () => {
    const [point] = await complete(groupId, 1);
    assert.ok(point);
    const whole = await lab.store.groupPoints.get(point.pointId);
    assert.deepEqual(
      whole?.vms.map(({ disks }) => disks.map(({ tracking }) => tracking)),
      [["full"], ["full"]],
    );
    assert.ok(whole?.vms.every(({ disks }) => disks.every(({ rootHash, bytesReread }) => rootHash && bytesReread > 0)));
    const group = await until("the state", async () => {
      const now = await lab.store.protection.get(groupId);
      return now?.state === "protected" ? now : undefined;
    });
    assert.equal(group.replicatesTo, b);
  });

  test("moves only what changed in the next one, which holds all of it", async () => {
    await write(running, 7, 2);
    await run(groupId).signal(makePointSignal);
    const [second] = await complete(groupId, 2);
    assert.ok(second);
    assert.equal(second.kind, "manual");
    assert.equal(second.bytesCopied, MiB);
    const whole = await lab.store.groupPoints.get(second.pointId);
    const [first] = await complete(groupId, 1).then((points) => points.slice(-1));
    const before = await lab.store.groupPoints.get(first?.pointId ?? "");
    const generations = [before, whole].map((point) => point?.vms.map(({ disks }) => disks[0]?.generationId));
    assert.notEqual(generations[1]?.[0], generations[0]?.[0]);
    assert.equal(generations[1]?.[1], generations[0]?.[1], "nothing was written to the VM that is off");
    const generationId = whole?.vms[0]?.disks[0]?.generationId ?? "";
    const { disks } = await lab.deps.registry.provider(b);
    const source = await disks.openPoint(generationId, signal());
    const bytes = new Uint8Array(3 * MiB);
    await source.read(0, bytes);
    await source.close();
    assert.ok(
      bytes.subarray(2 * MiB).every((byte) => byte === 7),
      "the change is not in the point",
    );
    await run(groupId).signal(makePointSignal);
    const [third] = await complete(groupId, 3);
    const same = await lab.store.groupPoints.get(third?.pointId ?? "");
    assert.deepEqual(
      same?.vms.map((vm) => vm.disks[0]?.generationId),
      generations[1],
      "nothing was written at all",
    );
    await until("the end of what a round holds at the protected site", async () => {
      const now = await lab.census(a);
      return now.join() === censusBefore[0]?.join() ? now : undefined;
    });
  });

  test("is left alone while a failover holds it, and followed again when that comes to nothing", async () => {
    await lab.store.takeovers.claim({ groupId, failoverId: "f", epoch: 0, message: "a test" });
    await run(groupId).signal(groupChangedSignal);
    await run(groupId).signal(makePointSignal);
    const before = (await lab.store.groupPoints.list(groupId, { limit: 50 })).items.length;
    await lab.store.takeovers.abandon({ groupId, failoverId: "f", message: "a test" });
    await run(groupId).signal(groupChangedSignal);
    await run(groupId).signal(makePointSignal);
    await until("another point", async () => {
      const { items } = await lab.store.groupPoints.list(groupId, { limit: 50 });
      return items.length > before && items[0]?.state === "complete" ? items : undefined;
    });
  });

  test("that is deleted leaves nothing at either site", async () => {
    await end(groupId);
    assert.equal((await lab.store.protection.get(groupId))?.state, "deleted");
    assert.deepEqual(await Promise.all([lab.census(a), lab.census(b)]), censusBefore);
  });
});

test("a VM that is followed continuously gets point after point, and what it writes is soon in one", async () => {
  const vmId = await dataVm("followed", true);
  const groupId = await protect([vmId], { rpoSeconds: 600, replication: "continuous" });
  const [first] = await complete(groupId, 1);
  await write(vmId, 5, 1);
  const points = await until("the change", async () => {
    const { items } = await lab.store.groupPoints.list(groupId, { limit: 50, state: "complete" });
    const later = items.filter(({ sequence }) => sequence > (first?.sequence ?? 0));
    return later.reduce((sum, { bytesCopied }) => sum + bytesCopied, 0) >= MiB ? items.length : undefined;
  });
  await complete(groupId, points + 1);
  await end(groupId);
});

/** Changes one byte of a generation's first cluster behind everybody's back, as failing storage would. */
function spoil(generationId: string): void {
  const path = join(lab.dir, "sites/onprem-b/storage/layers", `${generationId}.qcow2`);
  const bytes = readFileSync(path);
  // qcow2: the first L1 entry names the L2 table, whose first entry names the cluster.
  const entry = (at: number): number => Number(bytes.readBigUInt64BE(at) & 0x00fffffffffffe00n);
  const cluster = entry(entry(Number(bytes.readBigUInt64BE(40))));
  bytes.writeUInt8(bytes.readUInt8(cluster) ^ 1, cluster);
  chmodSync(path, 0o640);
  writeFileSync(path, bytes);
  chmodSync(path, 0o440);
}

test("a point whose bytes were spoilt at the recovery site is found when it is read again, and offered no more", async () => {
  const vmId = await dataVm("spoilt", false);
  const groupId = await protect([vmId], {
    rpoSeconds: 3_600,
    replicationIntervalSeconds: 1_800,
    verifyIntervalSeconds: 1,
  });
  const [first] = await complete(groupId, 1);
  const whole = await lab.store.groupPoints.get(first?.pointId ?? "");
  spoil(whole?.vms[0]?.disks[0]?.generationId ?? "");
  await until("its end", async () => {
    await run(groupId).signal(makePointSignal);
    const { items } = await lab.store.groupPoints.list(groupId, { limit: 50, state: "corrupt" });
    // Points on top of it show the same bytes.
    return items.some(({ pointId }) => pointId === first?.pointId) ? items : undefined;
  });
  const { items } = await lab.store.protection.events(groupId, { limit: 50, type: "corrupt" });
  assert.match(items[0]?.message ?? "", /is corrupt: .*differ/);
  const fresh = await until("a whole point", () => lab.store.groupPoints.choose({ groupId }));
  assert.equal(fresh.vms[0]?.disks[0]?.tracking, "full", "it was built on what is spoilt");
  await end(groupId);
});

describe("a group that was failed over while its site was lost", () => {
  let old: string;
  let successor: string;
  let groupId: string;

  before(async () => {
    old = await dataVm("returning", true);
    groupId = await protect([old], { rpoSeconds: 3_600, replicationIntervalSeconds: 1_800 });
  });

  test("is followed back when that is there again: fenced first, and only what differs is moved", async () => {
    await complete(groupId, 1);
    const point = await lab.store.groupPoints.choose({ groupId });
    const generationId = point?.vms[0]?.disks[0]?.generationId ?? "";
    await lab.store.takeovers.claim({ groupId, failoverId: "f", epoch: 0, message: "a test" });
    // Written after the point, and lost with the site.
    await write(old, 9, 3);
    const { compute, disks } = await lab.deps.registry.provider(b);
    const { volumeId } = await disks.materialise({ pointId: generationId, key: `${groupId}-v`, tags: {} }, signal());
    ({ vmId: successor } = await compute.createVm(
      {
        ...{ name: "returning", cpus: 1, memoryBytes: 128 * MiB, firmware: "bios", architecture: "x86_64" },
        ...{ disks: [{ volumeId, bus: "virtio-blk", boot: true }], nics: [], publishPorts: [], tags: {} },
      },
      `${groupId}-vm`,
      signal(),
    ));
    const members = [{ position: 0, vmId: successor }];
    await lab.store.takeovers.finish({ groupId, failoverId: "f", site: b, members, message: "a test" });
    await run(groupId).signal(reprotectSignal, { to: a });
    const group = await until("its protection", async () => {
      const now = await lab.store.protection.get(groupId);
      return now?.state === "protected" ? now : undefined;
    });
    assert.deepEqual([group.replicatesTo, group.currentSite, group.epoch], [a, b, 1]);
    assert.equal(group.unprotectedSince, undefined);
    const left = await (await lab.deps.registry.provider(a)).compute.getVm(old, signal());
    assert.equal(left.state, "stopped");
    assert.ok(left.tags["novacron:fenced-by"]);
    const [back] = await lab.store.groupPoints.newest(groupId, a, 1);
    assert.ok(back);
    assert.equal(back.vms[0]?.disks[0]?.tracking, "hash-compare");
    assert.ok(back.bytesCopied <= MiB, `more was moved than the old one wrote last: ${back.bytesCopied} bytes`);
    const [there, here] = await Promise.all([
      contentOf(b, generationId),
      contentOf(a, back.vms[0]?.disks[0]?.generationId ?? ""),
    ]);
    assert.ok(Buffer.compare(there, here) === 0, "the point there is not what serves");
  });

  test("leaves nothing of its points when it is deleted, and its VMs as they are", async () => {
    await end(groupId);
    const { compute, disks } = await lab.deps.registry.provider(b);
    const { disks: own } = await compute.getVm(successor, signal());
    await compute.deleteVm(successor, signal());
    for (const { volumeId } of own) await disks.deleteVolume(volumeId, signal());
    for (const site of [a, b] as const) {
      const kinds = (await lab.census(site)).map((line) => line.split(" ")[0]);
      assert.ok(!kinds.includes("recovery-point") && !kinds.includes("source-point"), `${site}: ${kinds.join(", ")}`);
    }
  });
});

async function contentOf(site: string, pointId: string): Promise<Buffer> {
  const { disks } = await lab.deps.registry.provider(site);
  const source = await disks.openPoint(pointId, signal());
  const bytes = Buffer.alloc(source.sizeBytes);
  await source.read(0, bytes);
  await source.close();
  return bytes;
}
