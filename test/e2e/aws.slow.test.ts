import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { continues, type JournalEntry, readJournal } from "../../src/cli/demo/journal.ts";
import { ProviderError } from "../../src/domain/errors.ts";
import type { MigrationView } from "../../src/domain/migration.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";

const MiB = 2 ** 20;
const home = "onprem-a";
const cloud = "aws-us-east-1";
type Place = typeof home | typeof cloud;
/** So slow that a kill lands in mid-copy. */
const slowly = { there: 12 * MiB, back: 2 * MiB };
const verify = { httpProbes: [{ port: 8080, path: "/cgi-bin/state" }] };
const signal = () => AbortSignal.timeout(30_000);

let lab: Lab;

before(async () => {
  lab = await startLab();
});

after(() => lab?.close());

async function makeGuest(input: { name: string; drivers?: readonly string[] }): Promise<string> {
  return (await lab.sandbox<{ vmId: string }>("POST", "/guests", { site: home, ...input })).vmId;
}

async function addressOf(site: Place, vmId: string): Promise<string> {
  const { compute } = await lab.deps.registry.provider(site);
  const [endpoint] = (await compute.getVm(vmId, signal())).endpoints;
  assert.ok(endpoint, `${vmId} at ${site} publishes a port`);
  return `http://${endpoint.host}:${endpoint.port}`;
}

async function journal(site: Place, vmId: string): Promise<JournalEntry[]> {
  for (const deadline = Date.now() + 90_000; ; await sleep(200)) {
    try {
      const answer = await fetch(`${await addressOf(site, vmId)}/cgi-bin/journal`, {
        signal: AbortSignal.timeout(5_000),
      });
      const entries = readJournal(await answer.text());
      if (entries.length > 0) return entries;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

function inMidCopy(id: string): Promise<MigrationView> {
  return lab.untilView(
    id,
    ({ step, bytesCopied, bytesToMove }) => step === "copy" && bytesCopied > bytesToMove / 8,
    10,
  );
}

/** Its disk is proven, it came up, and its application went on where it was. */
async function arrives(id: string, to: Place, before: readonly JournalEntry[]): Promise<MigrationView> {
  const view = await lab.until(id, "awaiting-finalize");
  assert.equal(view.bootProof, "proven");
  const certificate = await lab.store.certificates.get(view.certificateId ?? "");
  assert.equal(certificate?.identical, true);
  assert.ok(view.bytesResent <= 64 * MiB, `${view.bytesResent} bytes were sent again`);
  const after = await journal(to, view.vm.targetVmId ?? "");
  assert.ok(continues(before, after), "the journal goes on unbroken");
  return view;
}

describe("a guest of a KVM host and AWS", () => {
  test("goes there and, by what changed, back, with a worker and then all of AWS killed in mid-copy", async () => {
    const worker = await lab.startWorkerProcess();
    const vmId = await makeGuest({ name: "traveller" });
    const atHome = await journal(home, vmId);

    const there = await lab.migrate({ vm: vmId, from: home, to: cloud, verify, bandwidthBytesPerSecond: slowly.there });
    await inMidCopy(there);
    await worker.kill();
    await worker.start();
    const arrived = await arrives(there, cloud, atHome);
    const instance = arrived.vm.targetVmId ?? "";

    await (await fetch(`${await addressOf(cloud, instance)}/cgi-bin/dirty?6`)).text();
    const atAws = await journal(cloud, instance);
    const back = await lab.migrate({
      vm: instance,
      from: cloud,
      to: home,
      verify,
      bandwidthBytesPerSecond: slowly.back,
    });
    await inMidCopy(back);
    await lab.sandboxPart.kill();
    await lab.sandboxPart.start();
    const returned = await arrives(back, home, atAws);
    assert.equal(returned.disks[0]?.tracking, "changed-blocks");
    assert.ok(
      returned.bytesCopied >= 6 * MiB && returned.bytesCopied < 24 * MiB,
      `${returned.bytesCopied} bytes came back`,
    );

    await lab.finalize(back);
    await lab.finalize(there);
    assert.deepEqual(await lab.census(cloud), []);
    await worker.stop();
  });

  test("is not sent there when its initramfs has no driver for AWS's disks", async () => {
    const end = await lab.startWorker();
    const vmId = await makeGuest({
      name: "old",
      drivers: ["virtio_pci", "virtio_blk", "virtio_net", "ena", "evdev", "button"],
    });
    await journal(home, vmId);
    const plan = await lab.plan({ vm: vmId, from: home, to: cloud });
    assert.equal(plan.executable, false);
    const failed = plan.checks.filter(({ result }) => result === "fail");
    assert.deepEqual(
      failed.map(({ check }) => check),
      ["guest-disk-driver"],
    );
    assert.match(failed[0]?.remedy ?? "", /nvme/);

    // Of a guest whose disk can't be read the plan only warns; then the boot tells.
    const { transfer } = lab.deps;
    const { inspectGuest } = transfer;
    Object.assign(transfer, { inspectGuest: async () => Promise.reject(unreadable) });
    try {
      const bootTimeoutMs = 40_000;
      const id = await lab.migrate({ vm: vmId, from: home, to: cloud, verify: { ...verify, bootTimeoutMs } });
      const view = await lab.untilView(id, ({ state }) => state === "rolled-back", 200);
      assert.equal(view.problem?.step, "verify", view.problem?.message);
      assert.match(view.problem?.message ?? "", /console .*ended with:[\s\S]*NOVACRON-GUEST-FAILED no root disk/);
      assert.deepEqual(await lab.census(cloud), []);
      const { compute } = await lab.deps.registry.provider(home);
      assert.equal((await compute.getVm(vmId, signal())).state, "running");
    } finally {
      Object.assign(transfer, { inspectGuest });
      await end();
    }
  });
});

const unreadable = new ProviderError("UnsupportedCapability", {
  operation: "look into a guest",
  resource: "its boot disk",
  reason: "it is encrypted",
  action: "None.",
});
