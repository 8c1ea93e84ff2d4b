import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { DemoReport } from "../../src/cli/demo/report.ts";
import { requireTemporal } from "../../src/host/bring-in/temporal.ts";
import { cacheDir } from "../../src/host/paths.ts";
import { freshHome, notHere, writeEmptyManifest } from "../support/without-qemu.ts";

const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
/** Where the machine's own unpacked tools are, when they are unpacked. */
const unpacked = join(cacheDir(), "tools/root");
/** In it no user namespace can be made, and we are nobody special. */
const denied = [
  "unshare",
  ["--user", "--map-root-user", "--", "sh", "-c"],
  'echo 1 >/proc/sys/user/max_user_namespaces && exec unshare --user --map-user=1000 --map-group=1000 -- "$@"',
] as const;

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function demo(home: string, options: readonly string[], path: string, under?: typeof denied): Ran {
  const command = [process.execPath, cli, "demo", ...options];
  const [program, args] = under
    ? [under[0], [...under[1], under[2], "sh", ...command]]
    : [command[0] as string, command.slice(1)];
  const PATH = [path, dirname(requireTemporal(cacheDir())), process.env.PATH].join(":");
  const env = { ...process.env, NOVACRON_HOME: home, NOVACRON_TOOLS: "", PATH };
  return spawnSync(program, args, { env, encoding: "utf8", timeout: 180_000 });
}

/** Moved there and, by differences alone, back; read back both times; never booted. */
function isWithoutBoot(report: DemoReport, reason: RegExp): void {
  assert.equal(report.ok, true);
  assert.equal(report.orphans, 0);
  assert.match(report.without_boot_proof ?? "", reason);
  assert.deepEqual(
    report.moves.map(({ from, identical, booted, application_intact: intact }) => [from, identical, booted, intact]),
    [
      ["onprem-a", true, false, true],
      ["onprem-b", true, false, true],
    ],
  );
  const [there, back] = report.moves;
  assert.equal(there?.bytes_copied, there?.bytes_allocated);
  // What was written in between, to the byte.
  assert.equal(back?.bytes_copied, 6 * 65_536);
}

test("where QEMU can't be had the demo moves disks, and says that no boot was proven", (context) => {
  const { home, cache } = freshHome(context);
  writeEmptyManifest(join(cache, "tools.json"), home);
  const json = demo(home, ["--json"], "");
  assert.equal(json.status, 0, json.stdout + json.stderr);
  isWithoutBoot(JSON.parse(json.stdout) as DemoReport, new RegExp(notHere));
  assert.equal(json.stdout.trim().split("\n").length, 1);

  const words = demo(home, [], "");
  assert.equal(words.status, 0, words.stdout + words.stderr);
  assert.equal(words.stdout.match(/no boot is proven: qemu-system-x86_64 is not installed/g)?.length, 1);
});

function whyNotDenied(): string | undefined {
  const tried = spawnSync(denied[0], [...denied[1], denied[2], "sh", "true"], { encoding: "utf8" });
  if (tried.status !== 0) return `user namespaces can't be limited here: ${tried.stderr.trim()}`;
  const found = spawnSync("test", ["-x", join(unpacked, "usr/sbin/libvirtd")]);
  return found.status === 0 ? undefined : "libvirt is installed on this machine, so it needs no namespaces";
}

test("also where it was unpacked and user namespaces are denied", { skip: whyNotDenied() ?? false }, (context) => {
  const { home, cache } = freshHome(context);
  mkdirSync(join(cache, "tools"));
  symlinkSync(unpacked, join(cache, "tools/root"));
  // The packages are there already, and installing libvirt on the machine is not wanted.
  const bin = join(home, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "apt-get"), '#!/bin/sh\necho "E: not in this test" >&2\nexit 100\n', { mode: 0o755 });
  const { status, stdout, stderr } = demo(home, ["--json"], bin, denied);
  assert.equal(status, 0, stdout + stderr);
  isWithoutBoot(JSON.parse(stdout) as DemoReport, /libvirtd was unpacked but does not run here: .*unshare/);
  const { tools } = JSON.parse(readFileSync(join(cache, "tools.json"), "utf8")) as { tools: Record<string, object> };
  assert.deepEqual(Object.keys(tools["qemu-img"] ?? {}), ["path"]);
});
