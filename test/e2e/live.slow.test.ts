import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { processesWith } from "../../bench/lib/parts.ts";
import { continues, type JournalEntry, readJournal } from "../../src/cli/demo/journal.ts";
import type { LiveStanding } from "../../src/domain/live.ts";
import type { MigrationRequest, MigrationView } from "../../src/domain/migration.ts";
import { endProcess, signalProcess } from "../../src/host/process-identity.ts";
import { pauseSignal, resumeSignal, rollbackUpdate, undoUpdate } from "../../src/workflows/migrate-vm/messages.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";
import { Prober } from "./support/prober.ts";

const MiB = 2 ** 20;
const a = "onprem-a";
const b = "onprem-b";
type End = typeof a | typeof b;
const signal = () => AbortSignal.timeout(60_000);
/** Mirrors go in steps of 16 MiB. */
const disk = { sizeBytes: 48 * MiB, dataBytes: 48 * MiB };
const rest = { stopGraceMs: 100, verify: { bootProof: false } };
/** Slow enough to be caught at it. */
const slowly = { bandwidthBytesPerSecond: 6 * MiB };

let lab: Lab;
let endWorker: () => Promise<void>;

before(async () => {
  lab = await startLab();
  endWorker = await lab.startWorker();
});

after(() => lab?.close());

const order = (id: string) => lab.client.workflow.getHandle(`migration/${id}`);

/** A machine without a guest in it: it runs, and what it "writes" comes from its hypervisor's monitor. */
async function machine(name: string): Promise<string> {
  const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", { site: a, name, disks: [disk] });
  await (await lab.deps.registry.provider(a)).compute.startVm(vmId, signal());
  return vmId;
}

function live(vm: string, more: Partial<MigrationRequest> = {}): Promise<string> {
  return lab.migrate({ vm, from: a, to: b, mode: "live", ...more });
}

async function standings(vmId: string): Promise<(LiveStanding | undefined)[]> {
  const at = async (site: End) => (await lab.deps.registry.provider(site)).live?.standing(vmId, signal());
  return Promise.all([at(a), at(b)]);
}

function censuses(): Promise<string[][]> {
  return Promise.all([lab.census(a), lab.census(b)]);
}

/** The one QEMU of that VM at that host. */
function qemuAt(site: End, vmId: string) {
  return processesWith("qemu-system", vmId, `${lab.dir}/sites/${site}/`);
}

async function write(site: End, vmId: string, pattern: number, offsetMib: number, mebibytes: number): Promise<void> {
  const device = "/machine/peripheral/virtio-disk0/virtio-backend";
  const command = `qemu-io -d ${device} "write -P ${pattern} ${offsetMib}M ${mebibytes}M"`;
  assert.equal((await lab.virsh(site, "qemu-monitor-command", "--hmp", vmId, command)).trim(), "");
}

async function moves(id: string): Promise<void> {
  await lab.untilView(id, ({ live: seen }) => (seen?.diskBytesDone ?? 0) > 0);
}

/** Taken over, compared, and nothing of it runs at the source. Where a daemon died at the switch itself, the bitmap may not
 *  have come along, and the certificate says less. */
async function landed(id: string, vmId: string, levels = ["compared-after-switch"]): Promise<MigrationView> {
  const view = await lab.until(id, "awaiting-finalize");
  assert.deepEqual(await standings(vmId), ["off", "runs"]);
  const certificate = await lab.store.certificates.get(view.certificateId ?? "");
  assert.equal(certificate?.identical, true);
  assert.equal(certificate?.live?.memory, "moved-not-compared");
  for (const proof of certificate?.disks ?? []) {
    assert.ok(levels.includes(proof.level), `its proof is ${proof.level}`);
    assert.ok(proof.level === "sent-only" || proof.bytesReread > 0, "nothing was read back at the target");
  }
  return view;
}

describe("a live migration", () => {
  test("of a guest that writes keeps its boot and its journal; its way back moves differences only", async (context) => {
    const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/guests", { site: a, name: "app", memoryMib: 256 });
    await (await lab.deps.registry.provider(a)).compute.startVm(vmId, signal());
    const lines = await journal(a, vmId);
    const boot = await bootId(a, vmId);
    const busy = writing(vmId);
    const places = ([a, b] as const).map((site) => () => addressOf(site, vmId));
    const prober = new Prober(places, 10);
    await sleep(2_000);
    const id = await live(vmId);
    const view = await landed(id, vmId);
    const gap = await prober.end();
    await busy.end();
    context.diagnostic(`stood still for ${view.live?.pauseMs} ms; no answer for ${gap.longestMs} ms at the most,`);
    context.diagnostic(`of ${gap.answers} answers; before the move it was ${gap.usualMs} ms`);
    assert.ok(view.live?.pauseMs !== undefined && view.downtimeSeconds !== undefined);
    assert.equal(await bootId(b, vmId), boot);
    assert.ok(continues(lines, await journal(b, vmId)), "the journal at the target is not the source's, continued");

    const refused = order(id).executeUpdate(rollbackUpdate);
    await assert.rejects(refused, /WorkflowUpdateFailedError|would lose|Update failed/i);
    const back = await lab.plan({ vm: vmId, from: b, to: a });
    const [copy] = back.actions.filter(({ action }) => action === "copy-disk");
    assert.equal(copy?.parameters.tracking, "dirty-bitmap");
    await lab.finalize(id);
    assert.deepEqual(await standings(vmId), ["absent", "runs"]);
    assert.equal(await bootId(b, vmId), boot);
  });

  test("comes home by undo, with what it wrote at the target", async () => {
    const vmId = await machine("homesick");
    const id = await live(vmId, { ...rest, undo: { windowSeconds: 600, roundPauseSeconds: 0.5 } });
    await landed(id, vmId);
    await write(b, vmId, 9, 5, 2);
    await lab.untilView(id, ({ undo }) => undo?.migrationId !== undefined);
    await order(id).executeUpdate(undoUpdate);
    const view = await lab.until(id, "awaiting-finalize");
    const home = await lab.store.migrations.get(view.undo?.migrationId ?? "");
    assert.ok(
      home?.disks.every(({ tracking }) => tracking === "dirty-bitmap"),
      "the way home moved everything",
    );
    const homeId = home?.vm.targetVmId ?? "";
    await (await lab.deps.registry.provider(a)).compute.stopVm(homeId, { graceMs: 0 }, signal());
    assert.ok(await lab.sameDisks({ site: b, vmId }, { site: a, vmId: homeId }), "qemu-img finds a difference");
  });

  test("stays at the target when it answers nobody there, and can be made final", async () => {
    const vmId = await machine("silent");
    const verify = { bootProof: false, tcpProbes: [{ port: 80 }], probeTimeoutMs: 500 };
    const id = await live(vmId, { ...rest, verify });
    const view = await lab.until(id, "awaiting-finalize");
    assert.equal(view.problem?.step, "verify");
    assert.equal(view.certificateId, undefined);
    for (const site of await censuses())
      assert.deepEqual(
        site.filter((line) => line.includes("source-point")),
        [],
      );
    await lab.finalize(id);
    assert.deepEqual(await standings(vmId), ["absent", "runs"]);
  });

  test("leaves the source running and the target empty when it is paused or cancelled, and when its guest dies", async () => {
    const vmId = await machine("halted");
    const before = await censuses();
    const id = await live(vmId, slowly);
    await moves(id);
    await order(id).signal(pauseSignal);
    await lab.until(id, "paused");
    assert.deepEqual(await standings(vmId), ["runs", "absent"]);
    await order(id).signal(resumeSignal);
    await lab.until(id, "running");
    await order(id).cancel();
    await lab.until(id, "cancelled");
    assert.deepEqual(await standings(vmId), ["runs", "absent"]);
    assert.deepEqual(await censuses(), before);
    const vm = await (await lab.deps.registry.provider(a)).compute.getVm(vmId, signal());
    assert.equal(vm.tags["novacron:fenced-by"], undefined);

    const second = await live(vmId, slowly);
    await moves(second);
    for (const process of qemuAt(a, vmId)) signalProcess(process, "SIGKILL");
    const view = await lab.until(second, "rolled-back");
    assert.match(view.problem?.message ?? "", /ended at the source/);
    assert.deepEqual(await standings(vmId), ["runs", "absent"]);
    assert.deepEqual(await censuses(), before);
  });

  test("survives the death of the target's hypervisor process, and of either daemon, in its middle", async () => {
    const vmId = await machine("mortal");
    const id = await live(vmId, slowly);
    await moves(id);
    await write(a, vmId, 7, 3, 2);
    for (const process of qemuAt(b, vmId)) signalProcess(process, "SIGKILL");
    await goneAt(b, vmId);
    await movesAgain(id, vmId);
    await killDaemon(a);
    await goneAt(b, vmId);
    await movesAgain(id, vmId);
    await killDaemon(b);
    await landed(id, vmId, ["compared-after-switch", "sent-only"]);
    await identicalDisks(vmId);
  });

  test("goes on when its worker is killed: in the middle, and at the switch", async () => {
    await endWorker();
    const worker = await lab.startWorkerProcess();
    const vmId = await machine("worker-killed");
    const id = await live(vmId, slowly);
    await moves(id);
    await worker.kill();
    await worker.start();
    await lab.untilView(id, ({ live: seen }) => seen?.phase === "memory", 10);
    await worker.kill();
    const ends = await standings(vmId);
    assert.ok(ends.filter((standing) => standing === "runs").length <= 1, `it runs at both ends: ${ends.join()}`);
    await worker.start();
    await landed(id, vmId);
    await identicalDisks(vmId);
  });
});

/** What arrived there is gone, and the source has not begun anew. */
async function goneAt(site: typeof b, vmId: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; qemuAt(site, vmId).length > 0; await sleep(20)) {
    assert.ok(Date.now() < deadline, `${vmId} is still at ${site}`);
  }
}

/** Another attempt is under way. */
async function movesAgain(id: string, vmId: string): Promise<void> {
  await lab.untilView(id, () => qemuAt(b, vmId).length > 0, 100);
  await moves(id);
  await sleep(500);
}

/** After both are stopped: as the hypervisor's own tool sees them. */
async function identicalDisks(vmId: string): Promise<void> {
  await (await lab.deps.registry.provider(b)).compute.stopVm(vmId, { graceMs: 0 }, signal());
  assert.ok(await lab.sameDisks({ site: a, vmId }, { site: b, vmId }), "qemu-img finds a difference");
}

/** The sandbox starts it again. */
async function killDaemon(site: End): Promise<void> {
  const sites = JSON.parse(readFileSync(`${lab.dir}/sites.json`, "utf8")) as {
    providers: { name: string; uri: string }[];
  };
  const { uri = "" } = sites.providers.find(({ name }) => name === site) ?? {};
  const runtime = /socket=(.*)\/libvirt\/libvirt-sock/.exec(uri)?.[1] ?? "";
  const daemons = processesWith("libvirtd", "--pid-file", `${runtime}/`);
  assert.ok(daemons.length > 0, `no daemon of ${site}`);
  for (const daemon of daemons) await endProcess(daemon, { signal: "SIGKILL" });
}

async function addressOf(site: End, vmId: string): Promise<string | undefined> {
  const { compute } = await lab.deps.registry.provider(site);
  const [endpoint] = (await compute.getVm(vmId, signal()).catch(() => undefined))?.endpoints ?? [];
  return endpoint && `http://${endpoint.host}:${endpoint.port}`;
}

/** Where it may be answering now. */
async function addresses(vmId: string): Promise<string[]> {
  const found = await Promise.all(([a, b] as const).map((site) => addressOf(site, vmId)));
  return found.filter((address) => address !== undefined);
}

/** A guest that is emulated beside other work takes a minute to boot. */
async function ask(site: End, vmId: string, page: string): Promise<string> {
  for (const deadline = Date.now() + 180_000; ; await sleep(250)) {
    try {
      const answer = await fetch(`${await addressOf(site, vmId)}/cgi-bin/${page}`, {
        signal: AbortSignal.timeout(10_000),
      });
      if (answer.ok) return await answer.text();
      throw new Error(`${page} answers ${answer.status}`);
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

/** The application's journal, its chain followed. */
async function journal(site: End, vmId: string): Promise<JournalEntry[]> {
  return readJournal(await ask(site, vmId, "journal"));
}

async function bootId(site: End, vmId: string): Promise<string> {
  return (JSON.parse(await ask(site, vmId, "state")) as { boot_id: string }).boot_id;
}

/** Lets the guest rewrite a file again and again, wherever it is. */
function writing(vmId: string): { end(): Promise<void> } {
  let ended = false;
  const run = async (): Promise<void> => {
    for (; !ended; await sleep(20)) {
      for (const address of await addresses(vmId)) {
        await fetch(`${address}/cgi-bin/dirty?1`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
      }
    }
  };
  const running = run();
  return {
    async end() {
      ended = true;
      await running;
    },
  };
}
