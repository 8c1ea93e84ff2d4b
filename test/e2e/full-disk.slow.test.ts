import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { whyNoQemu } from "../support/needs-qemu.ts";

const privately = ["--mount", "--propagation", "private"];

/** Why a file system of the test's own can't be had here, if so. */
function withoutMounts(): string | undefined {
  const tried = spawnSync("unshare", [...privately, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], { encoding: "utf8" });
  return tried.status === 0 ? undefined : "only an account that may mount can fill a storage of its own";
}

test("a move to a storage that is full waits, and goes on when there is room", {
  skip: whyNoQemu() ?? withoutMounts(),
}, () => {
  const program = fileURLToPath(new URL("stand-ins/full-disk.ts", import.meta.url));
  const done = spawnSync("unshare", [...privately, process.execPath, program], { encoding: "utf8", timeout: 240_000 });
  assert.equal(done.status, 0, `${done.stdout}\n${done.stderr}`);
});
