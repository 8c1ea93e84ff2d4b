import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const launcher = fileURLToPath(new URL("../../novacron", import.meta.url));
const lock = JSON.stringify({ lockfileVersion: 3, packages: { "": {}, "node_modules/a": { version: "1.0.0" } } });

/** A checkout with the launcher and a CLI that shows its arguments; node_modules is as npm would leave it. */
function checkout(context: TestContext): { dir: string; home: string } {
  const base = mkdtempSync(join(tmpdir(), "nvc-l-"));
  context.after(() => rmSync(base, { recursive: true, force: true }));
  const dir = join(base, "a checkout");
  mkdirSync(join(dir, "src/cli"), { recursive: true });
  mkdirSync(join(dir, "src/host/bring-in"), { recursive: true });
  mkdirSync(join(dir, "node_modules"));
  copyFileSync(launcher, join(dir, "novacron"));
  copyFileSync(
    fileURLToPath(new URL("../../src/host/bring-in/node-modules.ts", import.meta.url)),
    join(dir, "src/host/bring-in/node-modules.ts"),
  );
  writeFileSync(join(dir, "package.json"), '{"type":"module"}');
  writeFileSync(join(dir, "package-lock.json"), lock);
  writeFileSync(join(dir, "node_modules/.package-lock.json"), lock);
  writeFileSync(
    join(dir, "src/cli/main.ts"),
    "console.log(JSON.stringify(process.argv.slice(2) as string[])); process.exitCode = 7;",
  );
  return { dir, home: join(base, "state home") };
}

function run(program: string, args: readonly string[], env: Record<string, string>, cwd = "/") {
  return spawnSync(program, [...args], { cwd, env: { PATH: process.env.PATH, ...env }, encoding: "utf8" });
}

test("passes arguments and the exit code through, from anywhere and through a link", (context) => {
  const { dir, home } = checkout(context);
  const link = join(dir, "..", "nvc");
  symlinkSync("a checkout/novacron", link);
  for (const program of [join(dir, "novacron"), link]) {
    const done = run(program, ["vms", "list", "a b", ""], { NOVACRON_HOME: home });
    assert.deepEqual(JSON.parse(done.stdout), ["vms", "list", "a b", ""]);
    assert.equal(done.status, 7);
    assert.equal(done.stderr, "");
  }
  assert.ok(existsSync(join(dir, "node_modules/.novacron-lock")));
});

test("runs npm ci when package-lock.json asks for something else than node_modules holds", (context) => {
  const { dir, home } = checkout(context);
  const bin = join(dir, "../bin");
  mkdirSync(bin);
  // The npm beside the Node that is used comes first.
  symlinkSync(process.execPath, join(bin, "node"));
  // Stands in for npm: what it installs is not the point here, that it is asked to is.
  writeFileSync(join(bin, "npm"), '#!/bin/sh\necho "$@" >>npm-calls\n', { mode: 0o755 });
  const env = { NOVACRON_HOME: home, PATH: `${bin}:${process.env.PATH}` };
  writeFileSync(join(dir, "package-lock.json"), lock.replace("1.0.0", "1.0.1"));
  const first = run(join(dir, "novacron"), [], env);
  assert.match(first.stderr, /^Installing the packages of package-lock.json\n$/);
  assert.equal(first.status, 7);
  assert.ok(existsSync(join(dir, "npm-calls")));
  rmSync(join(dir, "npm-calls"));
  assert.equal(run(join(dir, "novacron"), [], env).stderr, "");
  assert.equal(existsSync(join(dir, "npm-calls")), false);
});

test("says in one sentence what is wrong", (context) => {
  const { dir, home } = checkout(context);
  const program = join(dir, "novacron");
  const noTest = run(program, ["test", "nowhere.test.ts", "--fast"], { NOVACRON_HOME: home });
  assert.equal(noTest.status, 1);
  assert.equal(noTest.stderr, "novacron: test knows --all and file names, not --fast.\n");
  rmSync(join(dir, "package-lock.json"));
  const broken = run(program, [], { NOVACRON_HOME: home });
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /^novacron: .*package-lock.json is missing; is this checkout complete\?\n$/);
});
