import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { whyNoPackages } from "../../src/host/bring-in/packages.ts";
import { bringInTools } from "../../src/host/bring-in/system-tools.ts";
import { loadHostTools } from "../../src/host/host-tools.ts";

const skip = whyNoPackages() ?? false;

test("an empty cache ends up with tools that run, and what they were brought from is gone", {
  skip,
}, async (context) => {
  // Not below /tmp, which may be a small memory disk.
  const cache = mkdtempSync("/var/tmp/nvc-b-");
  context.after(() => rmSync(cache, { recursive: true, force: true }));
  chmodSync(cache, 0o755);
  const before = statSync("/var/lib/dpkg/status").mtimeMs;
  const manifest = await bringInTools(cache, join(cache, "tools.json"), () => {});
  assert.deepEqual(manifest.guests, { possible: true });
  const tools = loadHostTools(join(cache, "tools.json"));
  const image = await tools.run("qemu-img", ["create", "-q", "-f", "qcow2", "image", "1M"], { cwd: manifest.toolHome });
  assert.deepEqual(image, { exitCode: 0, stdout: "", stderr: "" });
  const daemon = await tools.run("libvirtd", ["--version"]);
  assert.match(daemon.stdout, /libvirt/);
  assert.equal(statSync("/var/lib/dpkg/status").mtimeMs, before);
  assert.throws(() => statSync(join(cache, "tools/apt")));
});
