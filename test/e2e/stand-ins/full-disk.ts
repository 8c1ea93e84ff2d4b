/** A move to a site whose storage fills up and gets room again; to be run in a mount namespace of its own. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { rollbackUpdate } from "../../../src/workflows/migrate-vm/messages.ts";
import { startLab } from "../../support/lab.ts";

const MiB = 2 ** 20;
const from = "onprem-a";
const to = "onprem-b";

const lab = await startLab();
try {
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", {
    site: from,
    name: "large",
    disks: [{ sizeBytes: 128 * MiB, dataBytes: 96 * MiB }],
  });
  const sites = JSON.parse(readFileSync(join(lab.dir, "sites.json"), "utf8")) as {
    providers: { name: string; storage_path: string }[];
  };
  const storage = sites.providers.find(({ name }) => name === to)?.storage_path ?? "";
  const { uid, gid } = lab.tools.account ?? { uid: 0, gid: 0 };
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=160m,mode=755,uid=${uid},gid=${gid}`, "tmpfs", storage]);
  await lab.startWorkerProcess();
  const plan = await lab.plan({ vm: vmId, from, to });
  assert.ok(plan.executable);
  const censusBefore = await lab.census(to);
  const filler = join(storage, "filler");
  writeFileSync(filler, Buffer.alloc(110 * MiB, 1));

  const id = await lab.execute(plan);
  const handle = lab.client.workflow.getHandle(`migration/${id}`);
  let attempts = 0;
  for (let message = ""; attempts < 10 || !/full/.test(message); await sleep(200)) {
    const view = await lab.store.migrations.get(id);
    assert.equal(view?.state, "running", message);
    const [pending] = (await handle.describe()).raw.pendingActivities ?? [];
    message = pending?.lastFailure?.message ?? "";
    attempts = pending?.attempt ?? 0;
  }

  rmSync(filler);
  const view = await lab.until(id, "awaiting-finalize");
  const certificate = await lab.store.certificates.get(view.certificateId ?? "");
  assert.equal(certificate?.identical, true);
  assert.ok(await lab.sameDisks({ site: from, vmId }, { site: to, vmId: view.vm.targetVmId ?? "" }));
  await handle.executeUpdate(rollbackUpdate);
  assert.deepEqual(await lab.census(to), censusBefore);
} finally {
  // Lazily: what still serves from it ends with the lab. Of no mount there is nothing to undo.
  spawnSync("umount", ["--lazy", join(lab.dir, "sites", to, "storage")]);
  await lab.close();
}
