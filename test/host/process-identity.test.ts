import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { endProcess, identify, isAlive } from "../../src/host/process-identity.ts";
import { identifyProcess } from "../../src/providers/processes.ts";

/** Ends its main thread, and goes on in another one. */
const program = [
  "import ctypes, threading, time",
  "threading.Thread(target=time.sleep, args=(60,)).start()",
  "print('ready', flush=True)",
  "ctypes.CDLL(None).syscall(60 if __import__('platform').machine() == 'x86_64' else 93, 0)",
].join("\n");

test("a process whose main thread is a zombie is there until its last thread has ended", {
  skip: spawnSync("python3", ["-c", "import ctypes"]).status === 0 ? false : "no python3 to make such a process with",
}, async () => {
  const child = spawn("python3", ["-c", program], { stdio: ["ignore", "pipe", "inherit"] });
  const pid = child.pid as number;
  const ended = once(child, "exit");
  try {
    await once(child.stdout, "data");
    await sleep(50);
    const process = identify(pid);
    assert.ok(process && isAlive(process), "its second thread still runs");
    assert.equal(identifyProcess(pid)?.startTicks, String(process.startTicks));
    await endProcess(process, { graceMs: 0 });
    await ended;
    assert.equal(identify(pid), undefined);
  } finally {
    child.kill("SIGKILL");
  }
});
