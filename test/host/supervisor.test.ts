import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { downStack, stackStatus } from "../../src/cli/stack/index.ts";
import { processesOf } from "../../src/cli/stack/orphans.ts";
import type { StackState } from "../../src/cli/stack/state.ts";
import { readStackState } from "../../src/cli/stack/state.ts";

const supervise = fileURLToPath(new URL("./stand-ins/supervise.ts", import.meta.url));

interface Instance {
  readonly dir: string;
  start(...names: string[]): ChildProcess;
  until(what: string, holds: (state: StackState) => boolean): Promise<StackState>;
}

/** An instance of its own state folder; everything of it is gone when the test ends. */
function instance(context: TestContext): Instance {
  const home = mkdtempSync(join(tmpdir(), "nvc-s-"));
  const before = process.env.NOVACRON_HOME;
  process.env.NOVACRON_HOME = home;
  const dir = join(home, "instances/t");
  mkdirSync(dir, { recursive: true });
  context.after(async () => {
    await downStack({ instance: "t" });
    process.env.NOVACRON_HOME = before ?? "";
    rmSync(home, { recursive: true, force: true });
  });
  return {
    dir,
    start: (...names) => spawn(process.execPath, [supervise, dir, ...names], { stdio: "ignore" }),
    until: async (what, holds) => {
      for (let tries = 0; tries < 600; tries++) {
        const state = readStackState(dir);
        if (state && holds(state)) {
          return state;
        }
        await sleep(50);
      }
      assert.fail(`${what}: ${JSON.stringify(readStackState(dir), undefined, 1)}`);
    },
  };
}

const isUp = (state: StackState) => state.state === "up" && state.components.every((part) => part.state === "ready");
const pidOf = (state: StackState, name: string) => {
  const pid = state.components.find((part) => part.name === name)?.process?.pid;
  assert.ok(pid);
  return pid;
};

test("starts the parts in order and stops them in reverse", async (context) => {
  const { dir, start, until } = instance(context);
  const supervisor = start("a", "b", "c");
  await until("up", isUp);
  assert.equal(stackStatus({ instance: "t" }).state, "up");
  supervisor.kill("SIGTERM");
  await once(supervisor, "exit");
  const order = readFileSync(join(dir, "order"), "utf8").trim().split("\n");
  assert.deepEqual(order, ["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
  assert.equal(stackStatus({ instance: "t" }).state, "down");
});

test("starts a killed part again and leaves the others alone", async (context) => {
  const { start, until } = instance(context);
  start("a", "b");
  const before = await until("up", isUp);
  process.kill(pidOf(before, "b"), "SIGKILL");
  const after = await until("b again", (state) => isUp(state) && pidOf(state, "b") !== pidOf(before, "b"));
  assert.equal(pidOf(after, "a"), pidOf(before, "a"));
  const [a, b] = after.components;
  assert.equal(a?.restarts, 0);
  assert.equal(b?.restarts, 1);
  assert.equal(b?.lastEnd, "it was ended by SIGKILL");
});

test("a second supervisor adopts the parts of one that was killed, and still restarts them", async (context) => {
  const { start, until } = instance(context);
  const first = start("a", "b");
  const before = await until("up", isUp);
  first.kill("SIGKILL");
  await once(first, "exit");
  assert.equal(stackStatus({ instance: "t" }).state, "orphaned");
  start("a", "b");
  const adopted = await until("adopted", (state) => isUp(state) && state.supervisor.pid !== before.supervisor.pid);
  assert.equal(pidOf(adopted, "a"), pidOf(before, "a"));
  assert.equal(pidOf(adopted, "b"), pidOf(before, "b"));
  process.kill(pidOf(adopted, "a"), "SIGKILL");
  await until("a again", (state) => isUp(state) && pidOf(state, "a") !== pidOf(before, "a"));
});

test("down after a killed supervisor ends the parts, the last started first", async (context) => {
  const { dir, start, until } = instance(context);
  const supervisor = start("a", "b");
  await until("up", isUp);
  supervisor.kill("SIGKILL");
  await once(supervisor, "exit");
  await downStack({ instance: "t" });
  const order = readFileSync(join(dir, "order"), "utf8").trim().split("\n");
  assert.deepEqual(order.slice(2), ["stop b", "stop a"]);
  assert.deepEqual(processesOf(dir), []);
  assert.equal(stackStatus({ instance: "t" }).state, "down");
});

test("finds a part that nothing recorded", async (context) => {
  const { dir, start, until } = instance(context);
  const supervisor = start("a");
  await until("up", isUp);
  supervisor.kill("SIGKILL");
  await once(supervisor, "exit");
  rmSync(join(dir, "stack.json"));
  assert.equal(processesOf(dir).length, 1);
  await downStack({ instance: "t" });
  assert.deepEqual(processesOf(dir), []);
});

test("down ends tools that work in the instance's folder, and nothing else that mentions it", async (context) => {
  const { dir } = instance(context);
  const tool = join(dir, "qemu-nbd");
  copyFileSync("/bin/sleep", tool);
  const leftover = spawn(tool, ["600"], { stdio: "ignore" });
  writeFileSync(join(dir, "a.log"), "");
  const reader = spawn("tail", ["-f", join(dir, "a.log")], { stdio: "ignore" });
  context.after(() => reader.kill());
  const ended = once(leftover, "exit");
  await downStack({ instance: "t" });
  await ended;
  assert.equal(reader.exitCode ?? reader.signalCode, null);
});

test("a part that never serves fails the stack with the end of its log, and nothing is left running", async (context) => {
  const { dir, start, until } = instance(context);
  const supervisor = start("a", "b!", "c");
  const exited = once(supervisor, "exit");
  const failed = await until("failed", (state) => state.state === "failed");
  await exited;
  assert.match(failed.error ?? "", /Could not start b .*ended with code 3: .*this part has no luck/);
  assert.deepEqual(processesOf(dir), []);
  assert.equal(existsSync(join(dir, "c.ready")), false);
});
