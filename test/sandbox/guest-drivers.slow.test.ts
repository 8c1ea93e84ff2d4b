import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type GuestHardware, guestChecks } from "../../src/domain/guest-checks.ts";
import { planPreparation } from "../../src/domain/guest-preparation.ts";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { makeToolDir, toolsManifestPath } from "../../src/host/paths.ts";
import type { HostTools } from "../../src/host/tools.ts";
import { demoGuest, type GuestRecipe, guestImage } from "../../src/sandbox/guest/image.ts";
import { bootMarker } from "../../src/sandbox/guest/scripts.ts";
import { harness } from "../providers/support/libvirt.ts";
import { inspectFile } from "../transfer/lib/guest-disk.ts";
import { prepareFile } from "../transfer/lib/prepare-file.ts";

const kvm: GuestHardware = { diskBus: "virtio-blk", firmware: "bios" };
const cloud: GuestHardware = { diskBus: "nvme", firmware: "bios" };
const skip = harness.unavailable() ?? false;
const failed = "NOVACRON-GUEST-FAILED";
const dir = makeToolDir(mkdtempSync(join(tmpdir(), "nvc-d-")), 0o755);
after(() => rmSync(dir, { recursive: true, force: true }));

const without: GuestRecipe = { ...demoGuest, drivers: ["virtio_pci", "virtio_blk", "virtio_net"] };
for (const [what, recipe, verdict, outcome] of [
  ["with all drivers", demoGuest, "pass", bootMarker],
  ["without NVMe", without, "fail", failed],
] as const) {
  test(`a guest ${what} does from NVMe what its disk said it would`, { skip, timeout: 90_000 }, async () => {
    const tools = loadHostTools(toolsManifestPath());
    const image = await guestImage(tools, dir, recipe);
    const rows = guestChecks(await inspectFile(image), cloud, kvm);
    assert.equal(rows.find(({ check }) => check === "guest-disk-driver")?.result, verdict);

    const said = await start(tools, image, ["-device", "nvme,drive=d,serial=1"]);
    assert.ok(said.includes(outcome), said.slice(-2000));
  });
}

for (const [what, recipe, before, after, device] of [
  ["with NVMe switched off starts from NVMe", without, kvm, cloud, ["-device", "nvme,drive=d,serial=1"]],
  [
    "whose initramfs has no virtio starts from virtio-blk",
    { ...demoGuest, drivers: ["nvme", "evdev", "button"], modules: ["virtio_pci", "virtio_blk"] },
    cloud,
    kvm,
    ["-device", "virtio-blk-pci,drive=d"],
  ],
] as const) {
  test(`a guest ${what} once it is prepared`, { skip, timeout: 120_000 }, async () => {
    const tools = loadHostTools(toolsManifestPath());
    const image = await guestImage(tools, dir, recipe);
    const seen = await inspectFile(image);
    const wish = { source: before, target: after, readsConsole: true, isFirstDisk: true, nics: 0 };
    assert.equal(driverRow(guestChecks(seen, after, before)), "fail");
    const { changes, guest } = planPreparation(seen, wish);
    assert.equal(driverRow(guestChecks(guest, after, before)), "pass");
    const prepared = await prepareFile(image, changes);
    assert.equal(driverRow(guestChecks(await inspectFile(prepared), after, before)), "pass");
    const said = await start(tools, prepared, device);
    assert.ok(said.includes(bootMarker), said.slice(-2000));
    // What a plan waits for where the guest has no marker of its own.
    assert.match(said, / login:/);
  });
}

function driverRow(rows: ReturnType<typeof guestChecks>): string | undefined {
  return rows.find(({ check }) => check === "guest-disk-driver")?.result;
}

/** What the guest says on its console until it is up, or has failed. */
async function start(tools: HostTools, image: string, device: readonly string[]): Promise<string> {
  const console = `${image}.console`;
  rmSync(console, { force: true });
  const disk = ["-drive", `file=${image},format=raw,if=none,id=d,snapshot=on`, ...device];
  const machine = ["-machine", "q35,accel=tcg", "-cpu", "max", "-m", "256", "-display", "none", "-nic", "none"];
  const args = [...machine, ...disk, "-serial", `file:${console}`];
  const guest = tools.start("qemu-system-x86_64", args, { logFile: join(dir, "qemu.log") });
  const ended = new Promise((resolve) => guest.once("exit", resolve));
  try {
    let said = "";
    while (guest.exitCode === null && !said.includes(bootMarker) && !said.includes(failed)) {
      await sleep(100);
      said = existsSync(console) ? readFileSync(console, "utf8") : "";
    }
    return said;
  } finally {
    guest.kill("SIGKILL");
    await ended;
  }
}
