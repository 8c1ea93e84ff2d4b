import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { makeToolDir, socketDirPath, toolsManifestPath } from "../../src/host/paths.ts";
import { toolFailure } from "../../src/providers/libvirt/errors.ts";
import { VirshSession } from "../../src/providers/libvirt/virsh-session.ts";
import { lineOf, VirshSessions } from "../../src/providers/libvirt/virsh-sessions.ts";
import { processes } from "../../src/providers/processes.ts";
import { LibvirtHost } from "../../src/sandbox/libvirt-host.ts";
import { harness } from "./support/libvirt.ts";

/** libvirt's own hypervisor that is none: a domain called `test` runs in it. */
const pretended = "test:///default";

describe("asking a host over a connection that stays", { skip: harness.unavailable() ?? false }, () => {
  const signal = AbortSignal.timeout(120_000);
  const patient = { signal, timeoutMs: 60_000 };
  let session: VirshSession;
  const open = () => new VirshSession(loadHostTools(toolsManifestPath()), pretended);
  before(() => {
    session = open();
  });
  after(() => session.end());

  test("gives each question its own answer, and failures as results", async () => {
    const listed = await session.ask("list --all --name", patient);
    assert.deepEqual(listed, { exitCode: 0, stdout: "test\n", stderr: "" });
    const failed = await session.ask("dominfo nobody", patient);
    assert.deepEqual([failed.exitCode, failed.stdout], [1, ""]);
    assert.match(failed.stderr, /^error: failed to get domain 'nobody'/);
    assert.equal((await session.ask("domstate test", patient)).stdout.trim(), "running");
    const unread = await session.ask("dominfo --no-such-option test", patient);
    assert.equal(unread.exitCode, 1);
    assert.match(unread.stderr, /doesn't support option/);
    assert.equal((await session.ask("no-such-command", patient)).exitCode, 1);
    assert.equal((await session.ask("domstate test", patient)).stdout.trim(), "running");
    assert.ok(session.usable);
  });

  test("says any printable words just as they are", async () => {
    const word = fc.string({
      unit: fc.constantFrom(...Array.from(" abcXYZ019'\"\\;#!$&|<>(){}[]*?~^`%@,.:/=+-_")),
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 4 }), async (words) => {
        // virsh leaves out what would look like an option of its own.
        const said = words.map((each) => each.replace(/^-+/, "_"));
        const { stdout } = await session.ask(`echo ${lineOf(said)}`, patient);
        assert.equal(stdout, said.join(" "));
      }),
      { numRuns: 200 },
    );
    assert.equal(lineOf(["two\nlines"]), undefined);
    assert.equal(lineOf(["Grüße"]), undefined);
    assert.equal(lineOf(["a\ttab"]), undefined);
  });

  test("ends with the question that is given up or takes too long", async () => {
    const hasty = open();
    const asking = hasty.ask("event --all --loop", { signal: AbortSignal.timeout(200), timeoutMs: 60_000 });
    await assert.rejects(asking, { name: "TimeoutError" });
    assert.equal(hasty.usable, false);
    const slow = open();
    await assert.rejects(slow.ask("event --all --loop", { signal, timeoutMs: 200 }), { code: "Timeout" });
    assert.equal(slow.usable, false);
  });

  test("says why when there is no host to ask", async () => {
    const nowhere = new VirshSession(
      loadHostTools(toolsManifestPath()),
      "qemu:///session?socket=/nowhere/libvirt-sock",
    );
    const { exitCode, stderr } = await nowhere.ask("list", patient);
    assert.equal(exitCode, 1);
    assert.match(stderr, /Failed to connect socket/);
    await nowhere.end();
  });

  test("asks several at once, each over its own, and keeps them for the next", async () => {
    const sessions = new VirshSessions(loadHostTools(toolsManifestPath()), pretended);
    const names = Array.from({ length: 9 }, (_, index) => `n${index}`);
    const answers = await Promise.all(names.map((name) => sessions.ask(`echo ${name}`, signal)));
    assert.deepEqual(
      answers.map(({ stdout }) => stdout),
      names,
    );
    assert.equal((await sessions.ask("domstate test", signal)).stdout.trim(), "running");
    await sessions.close();
  });

  test("goes on when the host's daemon was killed and is back", async () => {
    const tools = loadHostTools(toolsManifestPath());
    const dir = makeToolDir(mkdtempSync(join(tmpdir(), "nvc-v-")), 0o755);
    const host = new LibvirtHost(tools, dir, "killed", 0);
    const sessions = new VirshSessions(tools, host.uri);
    try {
      await host.start(0);
      assert.equal((await sessions.ask("list --all --uuid", signal)).exitCode, 0);
      const places = [dir, socketDirPath(dir)];
      const daemons = [...processes()].filter(
        ({ args }) => args[0]?.endsWith("libvirtd") && args.some((arg) => places.some((place) => arg.includes(place))),
      );
      assert.ok(daemons.length > 0, "the host's daemon was not found");
      for (const { id } of daemons) process.kill(id.pid, "SIGKILL");
      for (;;) {
        const { exitCode, stderr } = await sessions.ask("list --all --uuid", signal);
        if (exitCode === 0) break;
        const { code } = toolFailure("virsh", stderr, { operation: "list", resource: "host" });
        assert.equal(code, "Unavailable", stderr);
        await sleep(50);
      }
    } finally {
      await sessions.close();
      await host.stop();
      rmSync(dir, { recursive: true, force: true });
      rmSync(socketDirPath(dir), { recursive: true, force: true });
    }
  });
});
