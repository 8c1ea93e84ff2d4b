import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { guestChecks } from "../../src/domain/guest-checks.ts";
import type { Firmware } from "../../src/domain/vm.ts";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { makeToolDir, toolsManifestPath } from "../../src/host/paths.ts";
import { whyNoUefi } from "../../src/sandbox/guest/boot-loader.ts";
import { demoGuest, guestImage } from "../../src/sandbox/guest/image.ts";
import { harness } from "../providers/support/libvirt.ts";
import { inspectFile } from "../transfer/lib/guest-disk.ts";

const skip = harness.unavailable() ?? whyNoUefi(loadHostTools(toolsManifestPath())) ?? false;
const dir = makeToolDir(mkdtempSync(join(tmpdir(), "nvc-f-")), 0o755);
after(() => rmSync(dir, { recursive: true, force: true }));

for (const [firmware, other] of [
  ["bios", "uefi"],
  ["uefi", "bios"],
] as const) {
  test(`the disk of a guest that starts by ${firmware} says so, and that it does not by ${other}`, {
    skip,
  }, async () => {
    const image = await guestImage(loadHostTools(toolsManifestPath()), dir, { ...demoGuest, firmware });
    const guest = await inspectFile(image);
    assert.deepEqual(guest.firmware, { known: true, value: [firmware] });
    const verdict = (wanted: Firmware) =>
      guestChecks(guest, { diskBus: "nvme", firmware: wanted }, { diskBus: "nvme", firmware })
        .filter(({ check }) => check === "guest-boot-loader")
        .map(({ result }) => result);
    assert.deepEqual([verdict(firmware), verdict(other)], [[], ["fail"]]);
  });
}
