import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { ApplicationFailure } from "@temporalio/common";
import type { Activities } from "../../src/activities/index.ts";
import { continues, type JournalEntry, readJournal } from "../../src/cli/demo/journal.ts";
import type { MigrationView } from "../../src/domain/migration.ts";
import type { WarmOptions } from "../../src/domain/warm.ts";
import { cutoverUpdate, rollbackUpdate } from "../../src/workflows/migrate-vm/messages.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";

const MiB = 2 ** 20;
const a = "onprem-a";
const b = "onprem-b";
const signal = () => AbortSignal.timeout(30_000);
/** The data VM's disk: what a later round moves is far less. */
const disk = { sizeBytes: 96 * MiB, dataBytes: 48 * MiB };

let lab: Lab;
/** A machine without a guest in it: it runs, and what it "writes" comes from its hypervisor's monitor. */
let dataVm: string;
let app: string;
let endWorker: () => Promise<void>;
/** How many of the next boot proofs fail though the guest is fine. */
let failedProofs = 0;

before(async () => {
  lab = await startLab();
  endWorker = await lab.startWorker((activities) => ({
    ...activities,
    async verifyVm(...args: Parameters<Activities["verifyVm"]>) {
      if (failedProofs > 0) {
        failedProofs -= 1;
        throw ApplicationFailure.nonRetryable("the guest does not come up", "Conflict");
      }
      return activities.verifyVm(...args);
    },
  }));
  const made = (path: string, body: object) => lab.sandbox<{ vmId: string }>("POST", path, { site: a, ...body });
  ({ vmId: dataVm } = await made("/data-vms", { name: "data", disks: [disk] }));
  await (await source()).compute.startVm(dataVm, signal());
  ({ vmId: app } = await made("/guests", { name: "app", memoryMib: 256 }));
});

after(() => lab?.close());

function source() {
  return lab.deps.registry.provider(a);
}

async function write(pattern: number, offsetMib: number, mebibytes: number): Promise<void> {
  const device = "/machine/peripheral/virtio-disk0/virtio-backend";
  const command = `qemu-io -d ${device} "write -P ${pattern} ${offsetMib}M ${mebibytes}M"`;
  // What is wrong with the command is all that comes back.
  assert.equal((await lab.virsh(a, "qemu-monitor-command", "--hmp", dataVm, command)).trim(), "");
}

function startData(warm: WarmOptions): Promise<string> {
  const rest = { stopGraceMs: 100, verify: { bootProof: false } };
  return lab.migrate({ vm: dataVm, from: a, to: b, mode: "warm", warm: { roundPauseSeconds: 0.2, ...warm }, ...rest });
}

function cutOver(id: string): Promise<void> {
  return lab.client.workflow.getHandle(`migration/${id}`).executeUpdate(cutoverUpdate);
}

async function stateOf(vmId: string): Promise<string> {
  return (await (await source()).compute.getVm(vmId, signal())).state;
}

/** All of the source's changes are at the target; undone, nothing is left, and the source runs. */
async function arrives(id: string, vmId: string, censusBefore: readonly string[][]): Promise<MigrationView> {
  const view = await lab.until(id, "awaiting-finalize");
  const certificate = await lab.store.certificates.get(view.certificateId ?? "");
  assert.equal(certificate?.identical, true);
  assert.equal(certificate?.disks[0]?.method, "dirty-bitmap");
  assert.ok((certificate?.disks[0]?.bytesReread ?? 0) > 30 * MiB, "the whole point was not read back");
  assert.ok(view.bytesCopied < 16 * MiB, `the last difference was ${view.bytesCopied} bytes`);
  await undo(id, vmId, censusBefore);
  return view;
}

async function undo(id: string, vmId: string, censusBefore: readonly string[][]): Promise<void> {
  await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate(rollbackUpdate);
  assert.deepEqual(await censuses(), censusBefore);
  assert.equal(await stateOf(vmId), "running");
}

function censuses(): Promise<string[][]> {
  return Promise.all([lab.census(a), lab.census(b)]);
}

describe("a warm migration", () => {
  test("cuts over by itself once the predicted downtime is short enough; a cutover that fails costs no recopy", async () => {
    const before = await censuses();
    failedProofs = 1;
    await write(1, 0, 1);
    const id = await startData({ cutover: "when-ready", targetDowntimeSeconds: 600 });
    await lab.untilView(id, ({ state, warm }) => state === "awaiting-cutover" && warm !== undefined);
    assert.equal(failedProofs, 0);
    assert.equal(await stateOf(dataVm), "running");
    await write(2, 4, 2);
    const rounds = (await lab.store.rounds.proven(id)).length;
    await lab.untilView(id, ({ warm }) => (warm?.rounds ?? 0) > rounds);
    for (const moved of (await lab.store.rounds.proven(id)).slice(1).flatMap(({ disks }) => disks)) {
      assert.equal(moved.tracking, "dirty-bitmap");
      assert.ok(moved.bytesCopied < 16 * MiB, `a later round moved ${moved.bytesCopied} bytes`);
    }
    await cutOver(id);
    const view = await arrives(id, dataVm, before);
    assert.ok(view.warm?.changeBytesPerSecond !== undefined);
  });

  test("moves every byte that was written before the cutover", async () => {
    const id = await startData({ cutover: "manual" });
    await lab.until(id, "awaiting-cutover");
    await write(3, 20, 3);
    await lab.untilView(id, ({ warm }) => (warm?.rounds ?? 0) >= 3);
    await write(4, 21, 1);
    await cutOver(id);
    const view = await lab.until(id, "awaiting-finalize");
    const target = { site: b, vmId: view.vm.targetVmId ?? "" } as const;
    await (await lab.deps.registry.provider(b)).compute.stopVm(target.vmId, { graceMs: 0 }, signal());
    assert.ok(await lab.sameDisks({ site: a, vmId: dataVm }, target), "qemu-img finds a difference");
    await lab.client.workflow.getHandle(`migration/${id}`).executeUpdate(rollbackUpdate);
  });

  test("cuts over at its time", async () => {
    const before = await censuses();
    const cutoverAt = new Date(Date.now() + 6_000).toISOString();
    const id = await startData({ cutover: "at-time", cutoverAt });
    const view = await arrives(id, dataVm, before);
    const stop = view.steps.find(({ step }) => step === "stop");
    assert.ok((stop?.startedAt ?? "") >= cutoverAt, `stopped at ${stop?.startedAt}, before ${cutoverAt}`);
  });

  test("that is cancelled while it replicates leaves nothing, and the source never noticed", async () => {
    const before = await censuses();
    const id = await startData({ cutover: "manual" });
    await lab.until(id, "awaiting-cutover");
    await lab.client.workflow.getHandle(`migration/${id}`).cancel();
    await lab.until(id, "cancelled");
    assert.deepEqual(await censuses(), before);
    assert.equal(await stateOf(dataVm), "running");
  });

  test("of a running application loses not a line of it", async () => {
    const before = await censuses();
    await journal(a, app);
    const warm: WarmOptions = { cutover: "manual", roundPauseSeconds: 0.5 };
    const id = await lab.migrate({ vm: app, from: a, to: b, mode: "warm", warm });
    await lab.until(id, "awaiting-cutover");
    assert.ok((await fetch(`${await addressOf(a, app)}/cgi-bin/dirty?4`)).ok);
    const lines = await journal(a, app);
    await cutOver(id);
    const view = await lab.until(id, "awaiting-finalize");
    assert.equal(view.bootProof, "proven");
    const moved = await journal(b, view.vm.targetVmId ?? "");
    assert.ok(continues(lines, moved), "the journal at the target is not the source's, continued");
    await arrives(id, app, before);
  });

  test("goes on after its worker is killed in mid-round", async () => {
    const before = await censuses();
    await endWorker();
    const worker = await lab.startWorkerProcess();
    const id = await startData({ cutover: "manual" });
    await lab.until(id, "awaiting-cutover");
    for (const pattern of [5, 6]) {
      await write(pattern, 8, 24);
      const { warm } = await lab.untilView(id, () => true);
      await worker.kill();
      await worker.start();
      await lab.untilView(id, (view) => (view.warm?.rounds ?? 0) > (warm?.rounds ?? 0));
    }
    await cutOver(id);
    await arrives(id, dataVm, before);
  });
});

async function addressOf(site: "onprem-a" | "onprem-b", id: string): Promise<string> {
  const provider = await lab.deps.registry.provider(site);
  const [endpoint] = (await provider.compute.getVm(id, signal())).endpoints;
  assert.ok(endpoint, `${id} at ${site} publishes nothing`);
  return `http://${endpoint.host}:${endpoint.port}`;
}

/** The application's journal, its chain followed; waits for the guest to answer. */
async function journal(site: "onprem-a" | "onprem-b", id: string): Promise<JournalEntry[]> {
  for (const deadline = Date.now() + 90_000; ; ) {
    try {
      const answer = await fetch(`${await addressOf(site, id)}/cgi-bin/journal`, {
        signal: AbortSignal.timeout(5_000),
      });
      const entries = answer.ok ? readJournal(await answer.text()) : [];
      if (entries.length > 0) return entries;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(250);
  }
}
