import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { lookIntoGuest } from "../../src/activities/look-into-guest.ts";
import type { Fact, Guest } from "../../src/domain/guest.ts";
import { bootMarker } from "../../src/sandbox/guest/scripts.ts";
import { type Lab, startLab } from "../support/lab.ts";

const a = "onprem-a";
let lab: Lab;
let vmId: string;

before(async () => {
  lab = await startLab();
  await lab.startWorker();
  const made = await lab.sandbox<{ vmId: string }>("POST", "/guests", { site: a, name: "app" });
  vmId = made.vmId;
  const console = join(lab.dir, "sites", a, "guests", `${vmId}.console`);
  while (!readFileSync(console, "utf8").includes(bootMarker)) await sleep(100);
});

after(() => lab?.close());

async function look(): Promise<Fact<Guest>> {
  const provider = await lab.deps.registry.provider(a);
  const signal = AbortSignal.timeout(30_000);
  const vm = await provider.compute.getVm(vmId, signal);
  return lookIntoGuest(provider, vm, lab.deps.transfer.inspectGuest, { drivers: true }, signal);
}

test("the plan of a running guest's move says what system is in it, and leaves nothing open", async () => {
  const plan = await lab.plan({ vm: vmId, from: a, to: "onprem-b" });
  const rows = plan.checks.filter(({ check }) => check.startsWith("guest-"));
  assert.deepEqual(
    rows.map(({ check, result }) => [check, result]),
    [
      ["guest-system", "pass"],
      ["guest-disk-driver", "pass"],
    ],
  );
  assert.match(rows[0]?.detail ?? "", /^NovaCron demo guest \(busybox\), kernel [\w.-]+, starts with bios$/);
  assert.ok(plan.executable);
  const provider = await lab.deps.registry.provider(a);
  const entries = await Array.fromAsync(provider.census(AbortSignal.timeout(30_000)));
  assert.deepEqual(
    entries.filter(({ kind }) => kind === "export"),
    [],
  );
});

test("a guest that writes while it is looked into is told right, or not at all", async () => {
  const first = await look();
  assert.ok(first.known && first.value.kernels.known);
  const right = first.value.kernels.value[0];
  assert.ok(right?.initramfs.known && right.initramfs.value.drivers.includes("virtio_blk"));
  const provider = await lab.deps.registry.provider(a);
  const [endpoint] = (await provider.compute.getVm(vmId, AbortSignal.timeout(30_000))).endpoints;
  assert.ok(endpoint);
  let writing = true;
  const writer = (async () => {
    while (writing) await fetch(`http://${endpoint.host}:${endpoint.port}/cgi-bin/dirty?8`).then((r) => r.text());
  })();
  try {
    for (let round = 0; round < 12; round++) {
      const torn = await look();
      assert.ok(torn.known);
      if (!torn.value.kernels.known) continue;
      const [kernel] = torn.value.kernels.value;
      if (kernel?.initramfs.known) assert.deepEqual(kernel.initramfs, right.initramfs);
      assert.ok(torn.value.notes.includes("partition 1 was in use"));
    }
  } finally {
    writing = false;
    await writer;
  }
});
