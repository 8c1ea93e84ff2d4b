import assert from "node:assert/strict";
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
    // Nothing at the protected site is held for longer than a round needs.
    const atSource = await lab.census(a);
    assert.deepEqual(atSource, censusBefore[0]);
  });

  test("whose bytes at the recovery site are spoilt has no such point offered", async () => {
    const chosen = await lab.store.groupPoints.choose({ groupId });
    assert.ok(chosen);
    await lab.store.groupPoints.end(chosen.pointId, "corrupt", "bytes differ", ["complete"]);
    const other = await lab.store.groupPoints.choose({ groupId });
    assert.notEqual(other?.pointId, chosen.pointId);
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
