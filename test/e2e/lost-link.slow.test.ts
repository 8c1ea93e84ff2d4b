import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodePart } from "../../bench/lib/parts.ts";
import { rollbackUpdate } from "../../src/workflows/migrate-vm/messages.ts";
import { type Lab, startLab } from "../support/lab.ts";
import type { Loss } from "../support/link.ts";
import { after, before, test } from "../support/needs-qemu.ts";
import { WorkerLinks } from "../support/worker-links.ts";

const MiB = 2 ** 20;
const diskBytes = 256 * MiB;
const dataBytes = 160 * MiB;
const bandwidthBytesPerSecond = 40 * 10 ** 6;
const resentAtMost = Math.max(0.05 * diskBytes, 64 * MiB);
/** The promise is ten minutes (`NOVACRON_LOST_LINK_SECONDS=600`). By default it is long enough that every retry has come
 *  to its longest pause and every time-out of a connection has run out, but for NBD's two minutes. */
const asked = Number(process.env.NOVACRON_LOST_LINK_SECONDS ?? 0);
const losses: readonly (readonly [Loss, number])[] = [
  ["silent", asked || 60],
  ["refused", asked || 20],
];
const a = "onprem-a";
const b = "onprem-b";

let lab: Lab;
let links: WorkerLinks;
let worker: NodePart;
let vmId: string;

before(async () => {
  lab = await startLab();
  links = await WorkerLinks.open(lab);
  const disks = [{ sizeBytes: diskBytes, dataBytes }];
  ({ vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", { site: a, name: "steady", disks }));
  worker = await lab.startWorkerProcess(links.env);
});

after(async () => {
  links?.mend();
  await lab?.close();
  links?.close();
});

for (const [how, seconds] of losses) {
  test(`a link to Temporal, store and target that is lost for ${seconds} s (${how}) costs time only`, async () => {
    const censusBefore = await Promise.all([lab.census(a), lab.census(b)]);
    const { pid } = worker;
    const id = await lab.migrate({ vm: vmId, from: a, to: b, bandwidthBytesPerSecond });
    await lab.untilView(id, ({ step, bytesCopied }) => step === "copy" && bytesCopied > 32 * MiB);
    links.cut(how);
    // What was under way in the relay itself.
    await sleep(1000);
    const atTarget = links.bytesAtTarget;
    const copied = (await lab.store.migrations.get(id))?.bytesCopied ?? 0;
    assert.ok(copied < 0.8 * dataBytes, "the copy was over before the link was cut");
    await sleep(seconds * 1000);
    const during = await lab.store.migrations.get(id);
    assert.equal(links.bytesAtTarget, atTarget, "the link was not dead");
    assert.deepEqual([during?.state, during?.bytesCopied], ["running", copied]);

    links.mend();
    const view = await lab.until(id, "awaiting-finalize");
    const certificate = await lab.store.certificates.get(view.certificateId ?? "");
    assert.equal(certificate?.identical, true);
    assert.ok(await lab.sameDisks({ site: a, vmId }, { site: b, vmId: view.vm.targetVmId ?? "" }));
    assert.ok(view.bytesResent < resentAtMost, `${view.bytesResent} bytes were sent twice`);
    assert.equal(worker.pid, pid, "the worker gave up");
    await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate(rollbackUpdate);
    await lab.until(id, "rolled-back");
    assert.deepEqual(await Promise.all([lab.census(a), lab.census(b)]), censusBefore);
  });
}
