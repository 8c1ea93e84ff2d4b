import assert from "node:assert/strict";
import type { MigrationView } from "../../src/domain/migration.ts";
import { cutoverUpdate, rollbackUpdate, undoUpdate } from "../../src/workflows/migrate-vm/messages.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";

const MiB = 2 ** 20;
const a = "onprem-a";
const b = "onprem-b";
const disk = { sizeBytes: 128 * MiB, dataBytes: 16 * MiB };
const undo = { windowSeconds: 600, roundPauseSeconds: 0.5 };
const rest = { stopGraceMs: 100, verify: { bootProof: false } };

let lab: Lab;

before(async () => {
  lab = await startLab();
  await lab.startWorker();
});

after(() => lab?.close());

const signal = () => AbortSignal.timeout(30_000);
const order = (id: string) => lab.client.workflow.getHandle(`migration/${id}`);

async function makeVm(name: string, running: boolean): Promise<string> {
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", { site: a, name, disks: [disk] });
  if (running) await (await lab.deps.registry.provider(a)).compute.startVm(vmId, signal());
  return vmId;
}

function censuses(): Promise<string[][]> {
  return Promise.all([lab.census(a), lab.census(b)]);
}

async function vmsAt(site: "onprem-a" | "onprem-b"): Promise<string[]> {
  const { compute } = await lab.deps.registry.provider(site);
  return (await Array.fromAsync(compute.listVms(signal()))).map(({ vmId }) => vmId);
}

/** What the machine itself would write: it has no guest. */
async function write(vmId: string, pattern: number, offsetMib: number, mebibytes: number): Promise<void> {
  const device = "/machine/peripheral/virtio-disk0/virtio-backend";
  const command = `qemu-io -d ${device} "write -P ${pattern} ${offsetMib}M ${mebibytes}M"`;
  assert.equal((await lab.virsh(b, "qemu-monitor-command", "--hmp", vmId, command)).trim(), "");
}

async function homeward(id: string): Promise<MigrationView> {
  const view = await lab.store.migrations.get(id);
  const home = await lab.store.migrations.get(view?.undo?.migrationId ?? "");
  assert.ok(home, `no migration carries ${id} home: ${JSON.stringify(view?.undo)}`);
  return home;
}

/** The VM at home holds what the one at the target held when it stopped. */
async function isHome(id: string): Promise<MigrationView> {
  const view = await lab.until(id, "awaiting-finalize");
  assert.equal(view.undo?.state, "undone");
  const home = await homeward(id);
  assert.equal(home.state, "awaiting-finalize");
  const left = { site: b, vmId: view.vm.targetVmId ?? "" } as const;
  const back = { site: a, vmId: home.vm.targetVmId ?? "" } as const;
  const { compute } = await lab.deps.registry.provider(a);
  if ((await compute.getVm(back.vmId, signal())).state === "running") {
    await compute.stopVm(back.vmId, { graceMs: 0 }, signal());
  }
  assert.ok(await lab.sameDisks(left, back), "qemu-img finds a difference");
  return home;
}

describe("the undo window", () => {
  test("brings 50 MiB home that the target wrote while it ran; finalize removes what is left of both moves", async () => {
    const vmId = await makeVm("runs", true);
    const id = await lab.migrate({ vm: vmId, from: a, to: b, undo, ...rest });
    const view = await lab.until(id, "awaiting-finalize");
    await lab.untilView(id, (seen) => seen.undo?.migrationId !== undefined);
    const way = await homeward(id);
    await lab.until(way.migrationId, "awaiting-cutover");
    await write(view.vm.targetVmId ?? "", 7, 64, 50);
    await lab.untilView(way.migrationId, ({ warm }) => (warm?.lastRoundBytes ?? 0) >= 25 * MiB);
    await write(view.vm.targetVmId ?? "", 8, 100, 2);
    await order(id).executeUpdate(undoUpdate);
    const home = await isHome(id);
    assert.ok(home.bytesCopied < 16 * MiB, `${home.bytesCopied} bytes had to move at the end`);
    await lab.finalize(id);
    assert.equal((await lab.store.migrations.get(id))?.state, "undone");
    assert.equal((await lab.store.migrations.get(home.migrationId))?.state, "finalized");
    assert.deepEqual(await vmsAt(a), [home.vm.targetVmId]);
    assert.deepEqual(await vmsAt(b), []);
    await (await lab.deps.registry.provider(a)).compute.deleteVm(home.vm.targetVmId ?? "", signal());
  });

  test("of a VM that is off moves what was written when it is asked for; taken back, the VM serves where it did", async () => {
    const vmId = await makeVm("off", false);
    await lab.store.maps.set({ name: "away", from: a, to: b, addresses: "keep", createdBy: "user/test" });
    await lab.store.maps.set({ name: "home", from: b, to: a, addresses: "keep", createdBy: "user/test" });
    const wanted = (map: string) => ({ vm: vmId, from: a, to: b, undo: { ...undo, map }, ...rest });
    const refused = (reason: RegExp) => (error: Error) => reason.test(JSON.stringify(error.cause ?? error));
    await assert.rejects(lab.plan(wanted("away")), refused(/it maps onprem-a to onprem-b/));
    await assert.rejects(lab.plan(wanted("none")), refused(/no map of that name/));
    const id = await lab.migrate(wanted("home"));
    const { vm } = await lab.until(id, "awaiting-finalize");
    const before = await censuses();
    const writes = [{ disk: 0, offset: 60 * MiB, length: 50 * MiB }];
    await lab.sandbox("POST", "/writes", { site: b, vmId: vm.targetVmId, writes });
    await order(id).executeUpdate(undoUpdate);
    const home = await isHome(id);
    const { inputs } = (await lab.store.plans.get(home.planId)) ?? {};
    assert.deepEqual([inputs?.map, inputs?.addresses], ["home", "keep"]);
    assert.ok(home.bytesCopied >= 50 * MiB && home.bytesCopied < 60 * MiB, `${home.bytesCopied} bytes came home`);
    await order(home.migrationId).executeUpdate(rollbackUpdate);
    await lab.untilView(id, (seen) => seen.undo?.state === "closed");
    assert.deepEqual(await censuses(), before);
    await order(id).executeUpdate(rollbackUpdate);
  });

  test("leaves nothing when it ends, by itself or with a rollback, and undo is refused from then on", async () => {
    const vmId = await makeVm("ends", true);
    const before = await censuses();
    const short = await lab.migrate({ vm: vmId, from: a, to: b, undo: { ...undo, windowSeconds: 4 }, ...rest });
    await lab.untilView(short, (seen) => seen.undo?.state === "closed");
    const view = await lab.until(short, "awaiting-finalize");
    assert.equal((await lab.store.migrations.get(`${short}-undo`))?.state, "cancelled");
    await assert.rejects(order(short).executeUpdate(undoUpdate), (error: Error) =>
      /has ended/.test(String(error.cause)),
    );
    assert.equal(view.vm.targetVmId === undefined, false);
    await order(short).executeUpdate(rollbackUpdate);
    assert.deepEqual(await censuses(), before);

    const long = await lab.migrate({ vm: vmId, from: a, to: b, undo, ...rest });
    await lab.untilView(long, (seen) => seen.undo?.migrationId !== undefined);
    await lab.until(`${long}-undo`, "awaiting-cutover");
    await order(long).executeUpdate(rollbackUpdate);
    assert.equal((await lab.store.migrations.get(`${long}-undo`))?.state, "cancelled");
    assert.deepEqual(await censuses(), before);

    const none = await lab.migrate({ vm: vmId, from: a, to: b, ...rest });
    await lab.until(none, "awaiting-finalize");
    await assert.rejects(order(none).executeUpdate(undoUpdate), (error: Error) =>
      /no undo window/.test(String(error.cause)),
    );
    await order(none).executeUpdate(rollbackUpdate);
  });

  test("stays open when the VM did not come home", async () => {
    const vmId = await makeVm("stays", true);
    const id = await lab.migrate({ vm: vmId, from: a, to: b, undo, ...rest });
    await lab.untilView(id, (seen) => seen.undo?.migrationId !== undefined);
    const way = await homeward(id);
    await lab.until(way.migrationId, "awaiting-cutover");
    await order(way.migrationId).cancel();
    await lab.until(way.migrationId, "cancelled");
    // Nothing carries changes home any more: they move when they are asked for.
    await order(id).executeUpdate(undoUpdate);
    const home = await isHome(id);
    assert.equal(home.migrationId, `${id}-undo-2`);
    await lab.finalize(id);
    await assert.rejects(order(way.migrationId).executeUpdate(cutoverUpdate));
    assert.deepEqual(await vmsAt(b), []);
  });
});
