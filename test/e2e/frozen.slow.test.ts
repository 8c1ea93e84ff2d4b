import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { MigrationRequest, MigrationView } from "../../src/domain/migration.ts";
import { bootMarker } from "../../src/sandbox/guest/scripts.ts";
import { rollbackUpdate } from "../../src/workflows/migrate-vm/messages.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, test } from "../support/needs-qemu.ts";

const MiB = 2 ** 20;
const KiB = 2 ** 10;
const a = "onprem-a";
const b = "onprem-b";
const vault = "vault";
const sites = [a, b, vault] as const;
const signal = (): AbortSignal => AbortSignal.timeout(60_000);

let lab: Lab;

before(async () => {
  lab = await startLab({ vault: true });
  await lab.startWorker();
});
after(() => lab?.close());

const censuses = (): Promise<string[][]> => Promise.all(sites.map((site) => lab.census(site)));

async function made(path: string, body: object): Promise<string> {
  return (await lab.sandbox<{ vmId: string }>("POST", path, { site: a, ...body })).vmId;
}

/** Arrives proven; the one disk's figures with it. */
async function moves(request: MigrationRequest) {
  const view = await lab.until(await lab.migrate(request), "awaiting-finalize");
  const certificate = await lab.store.certificates.get(view.certificateId ?? "");
  assert.equal(certificate?.identical, true);
  const [{ tracking, bytesCopied } = { tracking: "full", bytesCopied: Number.NaN }] = view.disks;
  return { view, moved: { tracking, bytesCopied } };
}

async function rollBack({ migrationId }: MigrationView): Promise<void> {
  await lab.client.workflow.getHandle(`migration/${migrationId}`).executeUpdate(rollbackUpdate);
  await lab.until(migrationId, "rolled-back");
}

test("a running VM that was copied before moves only what changed since that target's copy", async () => {
  const censusBefore = await censuses();
  const vm = await made("/data-vms", { name: "data", disks: [{ sizeBytes: 96 * MiB, dataBytes: 48 * MiB }] });
  const { compute } = await lab.deps.registry.provider(a);
  await compute.startVm(vm, signal());
  const write = async (offset: number, length: number): Promise<void> => {
    const command = `qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend "write -P 7 ${offset} ${length}"`;
    assert.equal((await lab.virsh(a, "qemu-monitor-command", "--hmp", vm, command)).trim(), "");
  };
  const copyTo = (to: typeof b | typeof vault) => moves({ vm, from: a, to, point: "freeze" });

  const firstAtB = await copyTo(b);
  assert.deepEqual(firstAtB.moved, { tracking: "full", bytesCopied: 48 * MiB });
  await write(20 * MiB, MiB);
  const firstInVault = await copyTo(vault);
  assert.deepEqual(firstInVault.moved, { tracking: "full", bytesCopied: 49 * MiB });
  await write(24 * MiB, 64 * KiB);
  // Not the source's newest point, but the one that this target holds.
  const secondAtB = await copyTo(b);
  assert.deepEqual(secondAtB.moved, { tracking: "dirty-bitmap", bytesCopied: MiB + 64 * KiB });
  const secondInVault = await copyTo(vault);
  assert.deepEqual(secondInVault.moved, { tracking: "dirty-bitmap", bytesCopied: 64 * KiB });

  await write(28 * MiB, 64 * KiB);
  const moved = await moves({ vm, from: a, to: b, stopGraceMs: 100, verify: { bootProof: false } });
  assert.deepEqual(moved.moved, { tracking: "dirty-bitmap", bytesCopied: 64 * KiB });
  const target = moved.view.vm.targetVmId ?? "";
  await (await lab.deps.registry.provider(b)).compute.stopVm(target, { graceMs: 0 }, signal());
  assert.ok(await lab.sameDisks({ site: a, vmId: vm }, { site: b, vmId: target }));

  for (const { view } of [moved, secondInVault, secondAtB, firstInVault, firstAtB]) await rollBack(view);
  await compute.stopVm(vm, { graceMs: 0 }, signal());
  await lab.sandbox("DELETE", `/guests/${a}/${vm}`);
  assert.deepEqual(await censuses(), censusBefore);
});

test("a guest goes into a folder, comes back by what changed there, and boots", async () => {
  const censusBefore = await censuses();
  const vm = await made("/guests", { name: "app", start: false });
  const there = await moves({ vm, from: a, to: vault });
  const stored = there.view.vm.targetVmId ?? "";
  assert.equal(there.view.bootProof, "not-asked");
  const plan = await lab.plan({ vm: stored, from: vault, to: a });
  const back = await moves({ vm: stored, from: vault, to: a });
  assert.deepEqual(back.moved, { tracking: "changed-blocks", bytesCopied: 0 });
  assert.equal(plan.estimates.bytesToMove, 0);
  const returned = back.view.vm.targetVmId ?? "";
  const { compute } = await lab.deps.registry.provider(a);
  await compute.startVm(returned, signal());
  for (const until = signal(); ; await sleep(200, undefined, { signal: until })) {
    if (new RegExp(bootMarker).test(await compute.consoleOutput(returned, 64 * KiB, until))) break;
  }
  await compute.stopVm(returned, { graceMs: 0 }, signal());
  await rollBack(back.view);
  await rollBack(there.view);
  await lab.sandbox("DELETE", `/guests/${a}/${vm}`);
  assert.deepEqual(await censuses(), censusBefore);
});
