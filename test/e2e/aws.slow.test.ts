import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { continues, type JournalEntry, readJournal } from "../../src/cli/demo/journal.ts";
import { ProviderError } from "../../src/domain/errors.ts";
import type { MigrationView } from "../../src/domain/migration.ts";
import type { CopyDiskParameters } from "../../src/domain/migration-parts.ts";
import type { ChangedFile } from "../../src/domain/preparation.ts";
import { taskQueue } from "../../src/temporal/connection.ts";
import type { VerifyCertificateResult } from "../../src/workflows/verify-certificate/types.ts";
import { type Lab, startLab } from "../support/lab.ts";
import { after, before, describe, test } from "../support/needs-qemu.ts";
import { startTest, untilState } from "./support/migration-tests.ts";

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
});

// At the same time: what fails takes its time to.
describe("a guest without a driver for AWS's disks", { concurrency: true }, () => {
  let end: () => Promise<void>;
  before(async () => {
    end = await lab.startWorker();
  });
  after(() => end?.());

  test("is not sent there when its disk may not be changed", async () => {
    const vmId = await makeGuest({ name: "old", drivers: withoutNvme });
    await journal(home, vmId);
    const plan = await lab.plan({ vm: vmId, from: home, to: cloud, prepare: { mode: "off" } });
    assert.equal(plan.executable, false);
    const failed = plan.checks.filter(({ result }) => result === "fail");
    assert.deepEqual(
      failed.map(({ check }) => check),
      ["guest-disk-driver"],
    );
    assert.match(failed[0]?.remedy ?? "", /nvme/);

    // Of a guest whose disk can't be read the plan only warns; then the boot tells.
    const { compute, disks } = await lab.deps.registry.provider(home);
    const peek = disks.peek?.bind(disks);
    assert.ok(peek);
    const cannot: typeof peek = (id, ...rest) => (id === vmId ? Promise.reject(unreadable) : peek(id, ...rest));
    Object.assign(disks, { peek: cannot });
    // It isn't waited for: the guest says itself that it gave up.
    const bootTimeoutMs = 600_000;
    const id = await lab.migrate({ vm: vmId, from: home, to: cloud, verify: { ...verify, bootTimeoutMs } });
    const view = await lab.untilView(id, ({ state }) => state === "rolled-back", 200);
    assert.equal(view.problem?.step, "verify", view.problem?.message);
    assert.match(view.problem?.message ?? "", /gave up: NOVACRON-GUEST-FAILED no root disk[\s\S]*console ended with:/);
    assert.equal((await compute.getVm(vmId, signal())).state, "running");
  });

  test("is sent there when a clone of its disk may be prepared", async () => {
    const vmId = await makeGuest({ name: "prepared", drivers: withoutNvme });
    const atHome = await journal(home, vmId);
    const plan = await lab.plan({ vm: vmId, from: home, to: cloud, verify });
    assert.ok(plan.executable);
    const planned = plan.actions.find(({ action }) => action === "prepare-disk");
    assert.match(planned?.detail ?? "", /let nvme start/);

    const testId = await startTest(lab, { vm: vmId, from: home, to: cloud });
    const tested = await untilState(lab, testId, "passed");
    assert.ok(tested.boot?.proven);

    const id = await lab.migrate({ vm: vmId, from: home, to: cloud, verify });
    const view = await arrives(id, cloud, atHome);
    const [disk] = view.disks;
    assert.ok(disk?.preparedPointId !== undefined && disk.preparedPointId !== disk.pointId);
    const certificate = await lab.store.certificates.get(view.certificateId ?? "");
    assert.ok(certificate);
    const [prepared] = certificate.prepared ?? [];
    const files = prepared?.changes.map(({ file }) => file) ?? [];
    assert.ok(files.includes("boot/grub/grub.cfg"), files.join());
    // What the certificate is about is the point below, which nothing of this has touched.
    const verified: VerifyCertificateResult = await lab.client.workflow.execute("verifyCertificate", {
      taskQueue,
      workflowId: `verify/${id}`,
      args: [{ certificate }],
    });
    assert.equal(verified.identical, true);
    await differOnlyWhereItSays(disk.pointId, disk.preparedPointId, prepared?.changes ?? []);

    // The source holds all of it but for what was prepared, and what was written since.
    const instance = view.vm.targetVmId ?? "";
    const atAws = await journal(cloud, instance);
    const wayBack = await lab.plan({ vm: instance, from: cloud, to: home, verify });
    const copy = wayBack.actions.find(({ action }) => action === "copy-disk")?.parameters as
      | CopyDiskParameters
      | undefined;
    assert.ok((copy?.base?.also?.length ?? 0) > 0, JSON.stringify(copy));
    const back = await lab.execute(wayBack);
    const returned = await arrives(back, home, atAws);
    assert.ok(returned.bytesCopied < view.bytesCopied / 2, `${returned.bytesCopied} of ${view.bytesCopied} bytes`);

    await lab.finalize(back);
    await lab.finalize(id);
  });
});

test("nothing is left of what came and went, was tested, or failed", async () => {
  assert.deepEqual(await lab.census(cloud), []);
});

/** Byte for byte, with no regard to what the site tells of changes. */
async function differOnlyWhereItSays(
  certified: string,
  prepared: string,
  changes: readonly ChangedFile[],
): Promise<void> {
  const { disks } = await lab.deps.registry.provider(cloud);
  const before = await disks.openPoint(certified, signal());
  const after = await disks.openPoint(prepared, signal());
  try {
    const ranges = changes.flatMap((change) => change.ranges);
    const isListed = (at: number) => ranges.some(([offset, length]) => at >= offset && at < offset + length);
    let differing = 0;
    for await (const { offset, length, kind } of after.extents({})) {
      for (let at = offset; kind === "data" && at < offset + length; at += MiB) {
        const pieces = [before, after].map(() => Buffer.alloc(Math.min(MiB, offset + length - at))) as [Buffer, Buffer];
        await Promise.all([before.read(at, pieces[0]), after.read(at, pieces[1])]);
        if (pieces[0].equals(pieces[1])) continue;
        for (let index = 0; index < pieces[0].length; index++) {
          if (pieces[0][index] === pieces[1][index]) continue;
          differing++;
          assert.ok(isListed(at + index), `byte ${at + index} is not in the certificate`);
        }
      }
    }
    assert.ok(differing > 0);
  } finally {
    await before.close();
    await after.close();
  }
}

const withoutNvme = ["virtio_pci", "virtio_blk", "virtio_net", "ena", "evdev", "button"];

const unreadable = new ProviderError("UnsupportedCapability", {
  operation: "look into a guest",
  resource: "its boot disk",
  reason: "it is encrypted",
  action: "None.",
});
