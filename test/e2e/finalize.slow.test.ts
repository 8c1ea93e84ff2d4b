import assert from "node:assert/strict";
import { join } from "node:path";
import type { Plan } from "../../src/domain/plan.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";

const MiB = 2 ** 20;
const a = "onprem-a";
const b = "onprem-b";
const disk = { sizeBytes: 16 * MiB, dataBytes: MiB };

let lab: Lab;

before(async () => {
  lab = await startLab();
  await lab.startWorker();
});

after(() => lab?.close());

const signal = () => AbortSignal.timeout(30_000);

async function moved(name: string): Promise<{ id: string; vmId: string; targetVmId: string }> {
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", { site: a, name, disks: [disk, disk] });
  const id = await lab.migrate({ vm: vmId, from: a, to: b });
  const { vm } = await lab.until(id, "awaiting-finalize");
  return { id, vmId, targetVmId: vm.targetVmId ?? "" };
}

/** A volume of somebody's own at the source's site. */
async function newVolume(key: string): Promise<string> {
  const { disks } = await lab.deps.registry.provider(a);
  return (await disks.createVolume({ sizeBytes: MiB, key, tags: {} }, signal())).volumeId;
}

async function attach(vmId: string, volumeId: string, device: string): Promise<void> {
  const file = join(lab.dir, "sites", a, "storage/layers", `${volumeId}.qcow2`);
  await lab.virsh(a, "attach-disk", vmId, file, device, "--config", "--driver", "qemu", "--subdriver", "qcow2");
}

async function volumesAt(site: typeof a | typeof b): Promise<string[]> {
  return (await lab.census(site)).filter((line) => line.startsWith("volume "));
}

function idsOf(plan: Plan, action: string): string[] {
  return plan.actions.flatMap((each) => (each.action === action ? [each.resource.id] : []));
}

/** What a refused update says, wherever in the run it was refused. */
const says = (words: RegExp) => (error: Error) => {
  const { cause } = error as { cause?: Error };
  return words.test(`${String(cause)} ${String(cause?.cause)}`);
};

describe("a finalize", () => {
  test("deletes what its plan names, and leaves alone and lists what appeared since", async () => {
    const { id, vmId, targetVmId } = await moved("grows");
    const early = await newVolume("early");
    await attach(vmId, early, "vdx");
    const plan = await lab.planFinalize(id);
    assert.deepEqual(idsOf(plan, "delete-vm"), [vmId]);
    assert.equal(idsOf(plan, "delete-volume").length, 2);
    // The certified points at the target, and the source's disks as points for a way back.
    assert.equal(idsOf(plan, "delete-point").length, 4);
    const stays = plan.choices.filter(({ chosen }) => chosen === "stays");
    assert.match(stays.map(({ what }) => what).join(), new RegExp(early));

    const late = await newVolume("late");
    await attach(vmId, late, "vdy");
    await lab.finalize(id, plan);
    const view = await lab.store.migrations.get(id);
    assert.equal(view?.state, "finalized");
    assert.deepEqual(
      view.leftAlone?.map(({ site, kind, id: left }) => `${site}/${kind}/${left}`),
      [`${a}/volume/${late}`],
    );
    const left = await volumesAt(a);
    assert.deepEqual(left, [`volume ${early}`, `volume ${late}`].sort());
    assert.ok((await lab.census(b)).includes(`vm ${targetVmId}`));
    const { disks } = await lab.deps.registry.provider(a);
    for (const volumeId of [early, late]) await disks.deleteVolume(volumeId, signal());
  });

  test("is refused without a plan, by another migration's plan, and when the source was taken into use again", async () => {
    const one = await moved("one");
    const two = await moved("two");
    const run = lab.client.workflow.getHandle(`migration/${one.id}`);
    await assert.rejects(run.executeUpdate("finalize"), says(/none was given/));
    const plan = await lab.planFinalize(two.id);
    await assert.rejects(lab.finalize(one.id, plan), says(/not a plan of/));
    const { compute } = await lab.deps.registry.provider(a);
    await compute.setTags(two.vmId, { "novacron:fenced-by": undefined }, signal());
    const before = await Promise.all([lab.census(a), lab.census(b)]);
    await assert.rejects(lab.finalize(two.id, plan), says(/no longer fenced/));
    assert.deepEqual(await Promise.all([lab.census(a), lab.census(b)]), before);
    assert.equal((await lab.planFinalize(two.id)).executable, false);
    assert.equal((await lab.store.migrations.get(two.id))?.state, "awaiting-finalize");
    await compute.setTags(two.vmId, { "novacron:fenced-by": two.id }, signal());
    await lab.finalize(two.id, plan);
    await lab.finalize(one.id);
  });

  test("is refused while what the VM became is gone", async () => {
    const lost = await moved("lost");
    const plan = await lab.planFinalize(lost.id);
    const target = await lab.deps.registry.provider(b);
    await target.compute.deleteVm(lost.targetVmId, signal());
    const before = await Promise.all([lab.census(a), lab.census(b)]);
    await assert.rejects(lab.finalize(lost.id, plan), says(/is gone, and nothing is known/));
    assert.deepEqual(await Promise.all([lab.census(a), lab.census(b)]), before);
    assert.equal((await lab.planFinalize(lost.id)).executable, false);
  });

  test("knows a VM that was moved on, and has the disks of a source that was deleted by hand", async () => {
    const first = await moved("onward");
    const onward = await lab.migrate({ vm: first.targetVmId, from: b, to: a });
    await lab.until(onward, "awaiting-finalize");
    assert.ok((await lab.planFinalize(first.id)).executable);
    await (await lab.deps.registry.provider(b)).compute.deleteVm(first.targetVmId, signal());
    const left = await lab.planFinalize(onward);
    assert.deepEqual([idsOf(left, "delete-vm").length, idsOf(left, "delete-volume").length], [0, 2]);
    const before = (await volumesAt(b)).length;
    await lab.finalize(onward, left);
    assert.equal((await volumesAt(b)).length, before - 2);
    const plan = await lab.planFinalize(first.id);
    assert.ok(plan.executable, JSON.stringify(plan.checks));
    await lab.finalize(first.id, plan);
  });
});
