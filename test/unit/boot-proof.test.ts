import assert from "node:assert/strict";
import { test } from "node:test";
import { asyncLocalStorage, type Context } from "@temporalio/activity";
import type { SiteDeps } from "../../src/activities/deps.ts";
import { verifyActivities } from "../../src/activities/verify.ts";
import { ProviderError } from "../../src/domain/errors.ts";

const context = { cancellationSignal: new AbortController().signal } as unknown as Context;

/** Starts a VM whose console shows these lines, a further one at each look. */
function boot(...lines: readonly string[]) {
  let looks = 0;
  const compute = {
    startVm: () => Promise.resolve(),
    getVm: () => Promise.resolve({ state: "running" }),
    consoleOutput: () => Promise.resolve(lines.slice(0, (looks += 1)).join("\r\n")),
  };
  const { verifyVm } = verifyActivities({ registry: { provider: async () => ({ compute }) } } as unknown as SiteDeps);
  const verify = {
    start: true,
    bootMarker: "login:",
    bootTimeoutMs: 60_000,
    probeTimeoutMs: 0,
    tcpPorts: [],
    httpProbes: [],
  };
  return asyncLocalStorage.run(context, () => verifyVm({ site: "home", vmId: "db-1", verify }));
}

test("the line that was asked for proves a boot", async () => {
  const { boot: proof } = await boot("Loading Linux", "\u001b[2Jdb-1 login: ");
  assert.deepEqual(proof, { proven: true, evidence: "db-1 login:" });
});

for (const end of [
  "[    1.9] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
  "ALERT!  UUID=5f6c does not exist.  Dropping to a shell!",
  'You are in emergency mode. After logging in, type "journalctl -xb" to view',
  "No bootable device.",
  "grub rescue> ",
]) {
  test(`a guest that says '${end.slice(0, 40)}…' is not waited for`, async () => {
    await assert.rejects(boot("Loading Linux", end), (error) => {
      assert.ok(error instanceof ProviderError);
      assert.equal(error.code, "Conflict");
      assert.ok(error.message.includes(`the guest gave up: ${end.trim()}; its console ended with:\nLoading Linux`));
      return true;
    });
  });
}
