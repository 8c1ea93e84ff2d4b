import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodePart } from "../../bench/lib/parts.ts";
import { signalProcess } from "../../src/host/process-identity.ts";
import { pauseSignal, resumeSignal, rollbackUpdate } from "../../src/workflows/migrate-vm/messages.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, beforeEach, describe, test } from "../support/needs-qemu.ts";

const MiB = 2 ** 20;
const diskBytes = 256 * MiB;
const dataBytes = 160 * MiB;
/** Slow enough that something can happen in mid-copy, quick enough to be worth waiting for. */
const bandwidthBytesPerSecond = 50 * 10 ** 6;
const resentAtMost = Math.max(0.05 * diskBytes, 64 * MiB);
const a = "onprem-a";
const b = "onprem-b";

let lab: Lab;
let vmId: string;
let worker: NodePart;

before(async () => {
  lab = await startLab();
  ({ vmId } = await dataVm("steady", [{ sizeBytes: diskBytes, dataBytes }]));
  worker = await lab.startWorkerProcess();
});

after(() => lab?.close());

function dataVm(name: string, disks: { sizeBytes: number; dataBytes: number }[]): Promise<{ vmId: string }> {
  return lab.sandbox("POST", "/data-vms", { site: a, name, disks });
}

function censuses(): Promise<string[][]> {
  return Promise.all([lab.census(a), lab.census(b)]);
}

/** Starts a slow move and returns once a good part, but far from all of it, has been copied. */
async function inMidCopy(): Promise<string> {
  const id = await lab.migrate({ vm: vmId, from: a, to: b, bandwidthBytesPerSecond });
  await lab.untilView(id, ({ step, bytesCopied }) => step === "copy" && bytesCopied > 32 * MiB);
  const view = await lab.store.migrations.get(id);
  assert.ok((view?.bytesCopied ?? dataBytes) < 0.8 * dataBytes, "the copy was over before anything could happen");
  assert.equal(lab.servers("generation").length, 1);
  return id;
}

/** The move arrives with identical bytes, having sent few of them twice; undone, nothing is left of it. */
async function arrivesProven(id: string, censusBefore: string[][]): Promise<void> {
  const view = await lab.until(id, "awaiting-finalize");
  const certificate = await lab.store.certificates.get(view.certificateId ?? "");
  assert.equal(certificate?.identical, true);
  assert.deepEqual(
    certificate?.disks.map(({ level }) => level),
    ["target-reread"],
  );
  const target = { site: b, vmId: view.vm.targetVmId ?? "" } as const;
  assert.ok(await lab.sameDisks({ site: a, vmId }, target), "qemu-img finds a difference");
  assert.ok(view.bytesResent < resentAtMost, `${view.bytesResent} bytes were sent twice`);
  await rollBack(id);
  assert.deepEqual(await censuses(), censusBefore);
}

async function rollBack(id: string): Promise<void> {
  await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate(rollbackUpdate);
  await lab.until(id, "rolled-back");
}

describe("a move goes on where it was", () => {
  let censusBefore: string[][];
  beforeEach(async () => {
    censusBefore = await censuses();
  });

  test("after the worker was killed in mid-copy", async () => {
    const id = await inMidCopy();
    await worker.kill();
    await worker.start();
    await arrivesProven(id, censusBefore);
  });

  test("after Temporal was killed in mid-copy", async () => {
    const id = await inMidCopy();
    await lab.temporal.kill();
    await sleep(2000);
    await lab.temporal.start();
    await arrivesProven(id, censusBefore);
  });

  test("after PostgreSQL was killed in mid-copy", async () => {
    const id = await inMidCopy();
    await lab.postgres.kill();
    await sleep(2000);
    await lab.postgres.start();
    await arrivesProven(id, censusBefore);
  });

  test("after the store did not answer for a while in mid-copy", async () => {
    const id = await inMidCopy();
    lab.postgres.freeze(true);
    await sleep(12_000);
    lab.postgres.freeze(false);
    await arrivesProven(id, censusBefore);
  });

  for (const [end, kind] of [
    ["target", "generation"],
    ["source", "source"],
  ] as const) {
    test(`after the ${end}'s NBD server was killed in mid-copy`, async () => {
      const id = await inMidCopy();
      const servers = lab.servers(kind);
      assert.equal(servers.length, 1);
      for (const server of servers) signalProcess(server, "SIGKILL");
      await arrivesProven(id, censusBefore);
    });
  }

  test("with another worker while the first hangs; when that goes on it changes no byte", async () => {
    const id = await inMidCopy();
    worker.signal("SIGSTOP");
    const second = await lab.startWorkerProcess();
    try {
      await lab.untilView(id, ({ step }) => step !== "copy");
      worker.signal("SIGCONT");
      await sleep(3000);
      assert.deepEqual(lab.servers("generation"), []);
      await arrivesProven(id, censusBefore);
    } finally {
      worker.signal("SIGCONT");
      await second.stop();
    }
  });

  test("with another worker, when the first goes on while the other still copies", async () => {
    const id = await inMidCopy();
    worker.signal("SIGSTOP");
    const [own] = lab.servers("generation");
    const second = await lab.startWorkerProcess();
    try {
      for (let now = own; now?.pid === own?.pid; [now] = lab.servers("generation")) await sleep(50);
      worker.signal("SIGCONT");
      await arrivesProven(id, censusBefore);
    } finally {
      worker.signal("SIGCONT");
      await second.stop();
    }
  });

  test("when it is resumed after a pause in mid-copy", async () => {
    const id = await inMidCopy();
    const handle = lab.client.workflow.getHandle(`migration/${id}`);
    await handle.signal(pauseSignal);
    const paused = await lab.until(id, "paused");
    assert.equal(paused.step, "copy");
    await sleep(1500);
    const later = await lab.store.migrations.get(id);
    assert.equal(later?.state, "paused");
    assert.deepEqual(lab.servers("generation"), []);
    assert.ok((later?.bytesCopied ?? dataBytes) < dataBytes);
    await handle.signal(resumeSignal);
    await arrivesProven(id, censusBefore);
  });

  test("and cancelled in mid-copy it leaves the target empty and the source as it was", async () => {
    const id = await inMidCopy();
    await lab.client.workflow.getHandle(`migration/${id}`).cancel();
    await lab.until(id, "cancelled");
    assert.deepEqual(await censuses(), censusBefore);
    assert.deepEqual([...lab.servers("generation"), ...lab.servers("source")], []);
  });
});

test("a VM that changed after the plan was made is refused, with what changed", async () => {
  const plan = await lab.plan({ vm: vmId, from: a, to: b });
  const { compute } = await lab.deps.registry.provider(a);
  await compute.startVm(vmId, AbortSignal.timeout(30_000));
  try {
    const id = await lab.execute(plan);
    const view = await lab.until(id, "rolled-back");
    assert.equal(view.problem?.code, "Conflict");
    assert.match(view.problem?.message ?? "", new RegExp(`drifted: ${a}/vm/${vmId}: .*running`));
    assert.deepEqual((view.problem?.facts?.drift as { resource: { id: string } }[])?.[0]?.resource.id, vmId);
  } finally {
    await compute.stopVm(vmId, { graceMs: 0 }, AbortSignal.timeout(30_000));
  }
});

test("disks of odd sizes arrive, and the way back moves only what differs", async () => {
  const odd = await dataVm("odd", [
    { sizeBytes: 24 * MiB + 512, dataBytes: 12 * MiB + 7 },
    { sizeBytes: 33 * MiB + 1536, dataBytes: 5 * MiB },
  ]);
  const there = await lab.until(await lab.migrate({ vm: odd.vmId, from: a, to: b }), "awaiting-finalize");
  const moved = there.vm.targetVmId ?? "";
  assert.ok(await lab.sameDisks({ site: a, vmId: odd.vmId }, { site: b, vmId: moved }));
  assert.deepEqual(
    there.disks.map(({ sizeBytes, tracking }) => [sizeBytes, tracking]),
    [
      [24 * MiB + 512, "full"],
      [33 * MiB + 1536, "full"],
    ],
  );

  const back = await lab.until(await lab.migrate({ vm: moved, from: b, to: a }), "awaiting-finalize");
  assert.ok(await lab.sameDisks({ site: b, vmId: moved }, { site: a, vmId: back.vm.targetVmId ?? "" }));
  for (const disk of back.disks) {
    assert.notEqual(disk.tracking, "full");
    assert.ok(disk.bytesCopied < 0.05 * disk.allocatedBytes, `${disk.bytesCopied} of ${disk.allocatedBytes} bytes`);
  }
});

test("a disk of 2 TiB costs what is in it", async () => {
  const vast = await dataVm("vast", [{ sizeBytes: 2 ** 41, dataBytes: 50 * MiB }]);
  const view = await lab.until(await lab.migrate({ vm: vast.vmId, from: a, to: b }), "awaiting-finalize");
  assert.ok((view.disks[0]?.bytesCopied ?? 2 ** 41) < 60 * MiB);
  const certificate = await lab.store.certificates.get(view.certificateId ?? "");
  assert.equal(certificate?.identical, true);
  assert.ok((certificate?.disks[0]?.bytesReread ?? 2 ** 41) < 60 * MiB);
  await rollBack(view.migrationId);
});
