import assert from "node:assert/strict";
import { quickClouds } from "../../bench/lib/quick-clouds.ts";
import { planWave, startWave, untilWave } from "../../bench/lib/wave-lab.ts";
import { rollbackUpdate } from "../../src/workflows/migrate-vm/messages.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";
import { arrives, census, clouds, finalizeAll } from "./support/clouds.ts";

const MiB = 2 ** 20;
const home = "onprem-a";
const disk = { sizeBytes: 16 * MiB, dataBytes: 3 * MiB };
const verify = { bootProof: false };
const [aws, azure, gcp, oci] = clouds;
/** Along each of the twelve ways between two clouds, once. */
const round = [aws, azure, gcp, oci, aws, gcp, aws, oci, azure, oci, gcp, azure, aws] as const;

let lab: Lab;

before(async () => {
  lab = await startLab();
  await quickClouds(lab, 20);
  // There is nobody in these VMs who would hear that they are to power off.
  await lab.sandbox("POST", "/gcp/settings", { stopGraceMs: 100 });
  await lab.startWorker();
});
after(() => lab?.close());

async function makeVm(name: string, disks: number): Promise<string> {
  const body = { site: home, name, disks: Array.from({ length: disks }, () => disk) };
  return (await lab.sandbox<{ vmId: string }>("POST", "/data-vms", body)).vmId;
}

function censuses(): Promise<string[][]> {
  return Promise.all(clouds.map((cloud) => census(lab, cloud)));
}

describe("VMs of clouds", () => {
  test("two disks go along every way from cloud to cloud and come home, identical at every end, and leave nothing", async () => {
    assert.equal(new Set(round.slice(1).map((to, index) => `${round[index]} ${to}`)).size, 12);
    const before = await censuses();
    const vmId = await makeVm("traveller", 2);
    const moves: string[] = [];
    let at: { site: typeof home | (typeof clouds)[number]; vmId: string } = { site: home, vmId };
    for (const to of [...round, home] as const) {
      const id = await lab.migrate({ vm: at.vmId, from: at.site, to, verify });
      moves.push(id);
      const { disks, vm } = await arrives(lab, id);
      assert.equal(disks.length, 2, `${at.site} → ${to}`);
      at = { site: to, vmId: vm.targetVmId ?? "" };
    }
    assert.ok(await lab.sameDisks({ site: home, vmId }, at), "qemu-img finds a difference");
    await finalizeAll(lab, moves);
    assert.deepEqual(await censuses(), before);
  });
});

describe("a wave to all clouds", () => {
  test("moves a VM to each and leaves nothing once it is undone", async () => {
    const before = await censuses();
    const vms = [];
    for (const to of clouds) vms.push({ vm: await makeVm(`wave-${to}`, 1), to });
    const plan = await planWave(lab, { name: "everywhere", defaults: { from: home, to: aws, verify }, vms });
    assert.equal(plan.executable, true, JSON.stringify(plan.checks));
    const wave = await untilWave(lab, await startWave(lab, plan), ({ endedAt }) => endedAt !== undefined);
    assert.deepEqual(
      wave.members.map(({ state }) => state),
      clouds.map(() => "moved"),
    );
    for (const { migrationId } of wave.members)
      await lab.client.workflow.getHandle(`migration/${migrationId}`).executeUpdate(rollbackUpdate);
    assert.deepEqual(await censuses(), before);
  });
});
