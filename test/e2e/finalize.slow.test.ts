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
    await assert.rejects(lab.finalize(two.id, plan), says(/no longer fenced/));
    assert.equal((await lab.planFinalize(two.id)).executable, false);
    assert.equal((await lab.store.migrations.get(two.id))?.state, "awaiting-finalize");
    await compute.setTags(two.vmId, { "novacron:fenced-by": two.id }, signal());
    await lab.finalize(two.id, plan);
    await lab.finalize(one.id);
  });
});
