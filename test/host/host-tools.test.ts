import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { toolAccount } from "../../src/host/account.ts";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { makeToolDir, toolsManifestPath } from "../../src/host/paths.ts";
import { endProcess, identify } from "../../src/host/process-identity.ts";
import type { HostTools, ToolName } from "../../src/host/tools.ts";
import type { ToolEntry } from "../../src/host/tools-manifest.ts";
import { readToolsManifest, toolNames, writeToolsManifest } from "../../src/host/tools-manifest.ts";

/** Tools of a manifest in which `busybox` is a shell script; all others are missing, but for the given ones. */
function scripted(
  context: TestContext,
  script: string,
  others: Partial<Record<ToolName, ToolEntry>> = {},
): { tools: HostTools; dir: string } {
  const dir = makeToolDir(mkdtempSync(join(tmpdir(), "nvc-h-")), 0o755);
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, "busybox");
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const entries = toolNames.map((name): [ToolName, ToolEntry] => [name, { missing: `${name} is not installed.` }]);
  writeToolsManifest(join(dir, "tools.json"), {
    version: 2,
    toolHome: dir,
    tools: { ...(Object.fromEntries(entries) as Record<ToolName, ToolEntry>), busybox: { path }, ...others },
    guests: { possible: false, reason: "none" },
    surveyedAt: new Date().toISOString(),
  });
  return { tools: loadHostTools(join(dir, "tools.json")), dir };
}

test("a tool gets its input as a file it can open by name, and its exit code is a result", async (context) => {
  const { tools } = scripted(context, "cat /dev/stdin; echo complaint >&2; exit 4");
  const result = await tools.run("busybox", [], { input: "some xml" });
  assert.deepEqual(result, { exitCode: 4, stdout: "some xml", stderr: "complaint\n" });
});

test("a tool sees none of our environment and runs as the unprivileged account", async (context) => {
  const { tools } = scripted(context, "id -u; env");
  process.env.NOVACRON_CANARY = "canary";
  context.after(() => delete process.env.NOVACRON_CANARY);
  const { stdout } = await tools.run("busybox", [], { env: { GIVEN: "yes" } });
  assert.match(stdout, /^GIVEN=yes$/m);
  assert.doesNotMatch(stdout, /canary/);
  assert.equal(stdout.split("\n")[0], String(toolAccount()?.uid ?? process.getuid?.()));
});

test("a tool that takes too long is ended and reported as Timeout", async (context) => {
  const { tools } = scripted(context, "exec sleep 600");
  await assert.rejects(tools.run("busybox", [], { timeoutMs: 100 }), { code: "Timeout" });
});

test("an aborted tool is ended and the reason of the abort is thrown", async (context) => {
  const { tools, dir } = scripted(context, 'echo $$ >"$HOME/pid"; exec sleep 600');
  const abort = new AbortController();
  const running = tools.run("busybox", [], { signal: abort.signal });
  const pid = await pidFrom(join(dir, "pid"));
  abort.abort(new Error("no longer wanted"));
  await assert.rejects(running, { message: "no longer wanted" });
  assert.equal(identify(pid), undefined);
});

test("a daemon that a tool leaves behind does not hold up its result", async (context) => {
  const { tools, dir } = scripted(context, 'sleep 600 & echo $! >"$HOME/pid"; echo done');
  assert.equal((await tools.run("busybox", [])).stdout, "done\n");
  const left = identify(await pidFrom(join(dir, "pid")));
  assert.ok(left);
  await endProcess(left);
});

test("a started tool outlives the call and writes to its log", async (context) => {
  const { tools, dir } = scripted(context, 'echo "started $1"; exec sleep 600');
  const child = tools.start("busybox", ["now"], { logFile: join(dir, "log") });
  const identity = identify(child.pid ?? 0);
  assert.ok(identity);
  context.after(() => endProcess(identity));
  for (let tries = 0; tries < 200 && readFileSync(join(dir, "log"), "utf8") === ""; tries++) {
    await sleep(20);
  }
  assert.equal(readFileSync(join(dir, "log"), "utf8"), "started now\n");
});

test("a missing tool is told apart before it is run", async (context) => {
  const { tools } = scripted(context, "true");
  assert.equal(tools.missing("virsh"), "virsh is not installed.");
  assert.equal(tools.missing("busybox"), undefined);
  await assert.rejects(tools.run("virsh", []), { code: "Unavailable", message: /virsh is not installed\. / });
  assert.equal(tools.file("/etc/passwd"), "/etc/passwd");
  assert.equal(tools.file("/no/such/file"), undefined);
});

async function pidFrom(file: string): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      const pid = Number(readFileSync(file, "utf8"));
      if (pid > 0) {
        return pid;
      }
    } catch {
      // Not written yet.
    }
    await sleep(20);
  }
  assert.fail(`no pid in ${file}`);
}

test("what a tool leaves behind becomes the child of a tini that buries it", async (context) => {
  const path = tini();
  if (path === undefined) return context.skip("there is no tini");
  const { tools, dir } = scripted(context, "sh -c 'sleep 600 & echo $! >\"$HOME/pid\"'; exec sleep 600", {
    tini: { path },
  });
  const child = tools.start("busybox", [], { logFile: join(dir, "log"), reaped: true });
  const started = identify(child.pid ?? 0);
  assert.ok(started);
  const orphan = identify(await pidFrom(join(dir, "pid")));
  assert.ok(orphan);
  context.after(() => endProcess(orphan, { graceMs: 0 }));
  await untilParent(orphan.pid, started.pid);
  await endProcess(started);
});

test("a list of tools from a release that did not know one says that it is to be looked for", (context) => {
  const { dir } = scripted(context, "");
  const file = join(dir, "tools.json");
  const { tools, ...rest } = JSON.parse(readFileSync(file, "utf8"));
  delete tools.tini;
  writeFileSync(file, JSON.stringify({ ...rest, tools }));
  const entry = readToolsManifest(file)?.tools.tini;
  assert.ok(entry && "missing" in entry && entry.unsought);
  assert.match(loadHostTools(file).missing("tini") ?? "", /novacron up/);
});

function tini(): string | undefined {
  const entry = readToolsManifest(toolsManifestPath())?.tools.tini;
  return entry && "path" in entry ? entry.path : undefined;
}

/** Its first parent ends a moment after it has told its own number. */
async function untilParent(pid: number, parent: number): Promise<void> {
  const seen = () => Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  for (let left = 200; seen() !== parent; left--) {
    if (left === 0) assert.equal(seen(), parent);
    await sleep(20);
  }
}
