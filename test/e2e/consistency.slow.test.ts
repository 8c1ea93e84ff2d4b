import assert from "node:assert/strict";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { toolsManifestPath } from "../../src/host/paths.ts";
import { bootMarker } from "../../src/sandbox/guest/scripts.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";

const MiB = 2 ** 20;
const a = "onprem-a";
const b = "onprem-b";
const longestFreezeMs = 10_000;

let lab: Lab;
let guest: string;

before(async () => {
  lab = await startLab();
  guest = (await lab.sandbox<{ vmId: string }>("POST", "/guests", { site: a, name: "quiesced", agent: true })).vmId;
  await untilAgentAnswers();
});
after(() => lab?.close());

const signal = (): AbortSignal => AbortSignal.timeout(60_000);
const freeze = { from: a, to: b, point: "freeze" } as const;

async function untilAgentAnswers(): Promise<void> {
  const { disks, compute } = await lab.deps.registry.provider(a);
  for (const until = signal(); ; await sleep(200, undefined, { signal: until })) {
    const expected = await disks.expectConsistency?.(guest, until);
    const booted = new RegExp(bootMarker).test(await compute.consoleOutput(guest, MiB, until));
    if (booted && expected?.level === "application") return;
  }
}

async function isFrozen(): Promise<boolean> {
  const answer = await lab.virsh(a, "qemu-agent-command", guest, '{"execute":"guest-fsfreeze-status"}');
  return (JSON.parse(answer) as { return: string }).return === "frozen";
}

async function untilThawed(withinMs: number): Promise<void> {
  for (const deadline = Date.now() + withinMs; await isFrozen(); await sleep(100)) {
    assert.ok(Date.now() < deadline, "the guest stays frozen");
  }
}

/** The machine's tools, with a virsh whose backups don't begin while the file `gate` is there, and fail then: the guest is
 *  frozen for as long. */
function slowTools(gate: string): string {
  const manifest = JSON.parse(readFileSync(toolsManifestPath(), "utf8")) as { tools: Record<string, { path: string }> };
  const virsh = join(lab.dir, "slow-virsh");
  const wait = `while [ -e ${gate} ]; do sleep 0.2; done; exit 1`;
  const slow = `case " $* " in *" backup-begin "*) ${wait} ;; esac`;
  writeFileSync(virsh, `#!/bin/sh\n${slow}\nexec ${manifest.tools.virsh?.path} "$@"\n`);
  chmodSync(virsh, 0o755);
  writeFileSync(gate, "");
  const file = join(lab.dir, "slow-tools.json");
  writeFileSync(file, JSON.stringify({ ...manifest, tools: { ...manifest.tools, virsh: { path: virsh } } }));
  return file;
}

describe("a point of a running guest", () => {
  test("with an agent is application-consistent, and the certificate, the rounds and the plan say so", async () => {
    const end = await lab.startWorker();
    const plan = await lab.plan({ vm: guest, ...freeze });
    assert.match(JSON.stringify(plan.choices), /application-consistent/);
    const view = await lab.until(await lab.execute(plan), "awaiting-finalize");
    const certificate = await lab.store.certificates.get(view.certificateId ?? "");
    assert.equal(certificate?.consistency?.level, "application");
    assert.match(certificate?.consistency?.why ?? "", /frozen 1 file system/);
    assert.ok((certificate?.consistency?.frozenMs ?? 0) > 0);
    assert.equal(await isFrozen(), false);
    const events = await lab.store.migrations.events(view.migrationId, 0, 200);
    assert.ok(events.some(({ message }) => /point of the running source is application-consistent/.test(message)));

    const warm = { cutover: "manual", roundPauseSeconds: 0.2 } as const;
    const id = await lab.migrate({ vm: guest, from: a, to: b, mode: "warm", warm });
    await lab.untilView(id, ({ warm: seen }) => seen?.consistency?.level === "application");
    await lab.client.workflow.getHandle(`migration/${id}`).cancel();
    await lab.until(id, "cancelled");
    assert.equal(await isFrozen(), false);
    await end();
  });

  test("without one is crash-consistent, and says why", async () => {
    const end = await lab.startWorker();
    const disk = { sizeBytes: 16 * MiB, dataBytes: MiB };
    const { vmId } = await lab.sandbox<{ vmId: string }>("POST", "/data-vms", {
      site: a,
      name: "plain",
      disks: [disk],
    });
    await (await lab.deps.registry.provider(a)).compute.startVm(vmId, signal());
    const plan = await lab.plan({ vm: vmId, ...freeze });
    assert.deepEqual(
      plan.checks.filter(({ check }) => check === "consistency").map(({ result }) => result),
      ["warn"],
    );
    const view = await lab.until(await lab.execute(plan), "awaiting-finalize");
    const certificate = await lab.store.certificates.get(view.certificateId ?? "");
    assert.deepEqual(certificate?.consistency, { level: "crash", why: "the VM has no channel for a guest agent" });
    await end();
  });

  test("never leaves it frozen: a worker killed in between is thawed for, also when none comes after it", async () => {
    const gate = join(lab.dir, "gate");
    const worker = await lab.startWorkerProcess({ NOVACRON_TOOLS: slowTools(gate) });
    const id = await lab.migrate({ vm: guest, ...freeze });
    for (const until = signal(); !(await isFrozen().catch(() => false)); ) await sleep(1, undefined, { signal: until });
    worker.signal("SIGKILL");
    await untilThawed(longestFreezeMs + 5_000);
    rmSync(gate);
    await lab.startWorkerProcess();
    await lab.until(id, "awaiting-finalize");
    await untilThawed(0);
  });
});
